import { fromDer } from '../../bitcoin/der.ts';
import { p2wsh } from '../../bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../../bitcoin/sighash.ts';
import { type Tx, decodeTx, sameOutPoint, txid } from '../../bitcoin/transaction.ts';
import { revealedSecret, secretIndexOf } from '../../crypto/commitment-secrets.ts';
import { publicKey, verify } from '../../crypto/secp256k1.ts';
import { must } from '../../lib/result.ts';
import { type Commitment, type CommitmentParams, buildCommitment, commitmentNumberOf } from '../../tx/commitment.ts';
import { commitmentKeys } from '../../tx/keys.ts';
import { toLocalScript } from '../../tx/scripts.ts';
import { type ChannelKeys, pointAt } from '../keys.ts';
import { channelObscuringFactor, commitmentParams, fundingScriptOf } from '../sign.ts';
import { type Spec, VIEW, specOf } from '../spec.ts';
import { type FundedChannel, type FundingSpend, type SpendClass, isRestored } from '../types.ts';
import { paysPeerAsRemote, paysUsAsRemote, pays } from './scripts.ts';

/** A commitment rebuilt from our own state: what its outputs are and whose. */
export interface KnownCommitment {
  readonly owner: 'local' | 'remote';
  readonly number: number;
  readonly spec: Spec;
  readonly params: CommitmentParams;
  readonly commitment: Commitment;
}

type Which = 'localCurrent' | 'remoteCurrent' | 'remoteNext';

/** One of the three commitments that may confirm without a breach; undefined while the peer's next point is unknown, and of a restored channel. */
export function knownCommitment(channel: FundedChannel, keys: ChannelKeys, which: Which): KnownCommitment | undefined {
  if (isRestored(channel)) return undefined;
  const { commitments, config } = channel;
  const spec = specOf(commitments, VIEW[which], config.isOpener);
  const at = {
    localCurrent: { number: commitments.localNumber, point: pointAt(keys, commitments.localNumber) },
    remoteCurrent: { number: commitments.remoteNumber, point: commitments.remoteCurrentPoint },
    remoteNext: { number: commitments.remoteNumber + 1, point: commitments.awaitingRevocation ? commitments.remoteNextPoint : undefined },
  }[which];
  if (!at.point) return undefined;
  const owner = which === 'localCurrent' ? 'local' : 'remote';
  const params = commitmentParams(channel, owner, { number: at.number, point: at.point, spec });
  return { owner, number: at.number, spec, params, commitment: buildCommitment(params) };
}

/** The commitment that a confirmed spend is; undefined for a mutual close, a breach, and what we cannot rebuild. */
export function confirmedCommitment(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): KnownCommitment | undefined {
  const which = ({ local: 'localCurrent', remote: 'remoteCurrent', next_remote: 'remoteNext' } as const)[spend.spendClass as 'local'];
  return which && knownCommitment(channel, keys, which);
}

export interface Classified {
  readonly spendClass: SpendClass;
  /** Of a commitment; undefined for a closing transaction and for the unknown. */
  readonly commitmentNumber: number | undefined;
}

/** Which transaction took the funding output (I-26): nothing is ever ignored, what fits nowhere is `unknown`. */
export function classifySpend(channel: FundedChannel, keys: ChannelKeys, tx: Tx): Classified {
  const id = txid(tx);
  if (channel.closingTxids.includes(id)) return { spendClass: 'mutual', commitmentNumber: undefined };
  const number = commitmentNumberOf(tx, channelObscuringFactor(channel.config));
  // A closing transaction that was signed before the data was lost has no number; that we signed it tells it from an invention.
  if (number === undefined) return { spendClass: isRestored(channel) && isSignedByUs(channel, tx) ? 'mutual' : 'unknown', commitmentNumber: undefined };
  const { commitments } = channel;
  const isIt = (which: Which): boolean => knownCommitment(channel, keys, which)?.commitment.txid === id;
  const spendClass: SpendClass =
    isIt('localCurrent') ? 'local'
    : isIt('remoteCurrent') ? 'remote'
    : isIt('remoteNext') ? 'next_remote'
    : number < commitments.remoteNumber && isRevoked(channel, tx, number) ? 'revoked'
    : lostStateOf(channel, keys, tx, number); // prettier-ignore
  return { spendClass, commitmentNumber: number };
}

/** A commitment of a state that is not in this database: newer than what we know, or any at all of a restored channel. */
function lostStateOf(channel: FundedChannel, keys: ChannelKeys, tx: Tx, number: number): SpendClass {
  const { commitments, config } = channel;
  const isUnknownTo = (newest: number): boolean => isRestored(channel) || number > newest;
  if (isUnknownTo(commitments.remoteNumber) && paysUsAsRemote(config, tx) && isSignedByUs(channel, tx)) return 'future';
  if (isUnknownTo(commitments.localNumber) && pays(tx, p2wsh(ownDelayedScript(channel, keys, number))) && isSignedByUs(channel, tx)) return 'lost_local';
  if (!isRestored(channel) || !isSignedByUs(channel, tx)) return 'unknown';
  // Nothing of it is ours but, of our own, HTLCs whose second stage went out before: whom it pays as remote did not publish it.
  return paysPeerAsRemote(config, tx) ? 'lost_local' : 'future';
}

/** What our own commitment of this number pays us after the delay: it follows from the seed and the number. */
export function ownDelayedScript({ config }: FundedChannel, keys: ChannelKeys, number: number): Uint8Array {
  const keysOfNumber = commitmentKeys(config.local.basepoints, config.remote.basepoints, pointAt(keys, number));
  return toLocalScript(keysOfNumber, config.remote.toSelfDelay);
}

/** The per-commitment secret of a revoked commitment of the peer. */
export const secretOfRevoked = (channel: FundedChannel, number: number): Uint8Array | undefined =>
  revealedSecret(channel.commitments.revealedSecrets, secretIndexOf(number));

/** A revoked commitment of the peer holds what belongs to its number: the revocable script, or our fixed one. */
function isRevoked(channel: FundedChannel, tx: Tx, number: number): boolean {
  const secret = secretOfRevoked(channel, number);
  if (!secret) return false;
  const { local, remote } = channel.config;
  const keysOfNumber = commitmentKeys(remote.basepoints, local.basepoints, publicKey(secret));
  return pays(tx, p2wsh(toLocalScript(keysOfNumber, local.toSelfDelay))) || paysUsAsRemote(channel.config, tx);
}

/** Whether our signature is on it: then it is no invention of a chain source that shows it in its mempool. */
function isSignedByUs({ config, fundingOutPoint }: FundedChannel, tx: Tx): boolean {
  const index = tx.inputs.findIndex((input) => sameOutPoint(input, fundingOutPoint));
  const input = tx.inputs[index];
  if (!input) return false;
  const hash = sighashV0(tx, index, fundingScriptOf(config), config.fundingSatoshis, SIGHASH_ALL);
  return input.witness.some((item) => {
    const parsed = fromDer(item);
    return parsed?.sighashType === SIGHASH_ALL && verify(parsed.signature, hash, config.local.basepoints.fundingPubkey);
  });
}

/** A close by a state that is not known here: of its HTLCs nothing can be told. */
export const endsUnknown = ({ spendClass }: FundingSpend): boolean => spendClass === 'future' || spendClass === 'lost_local' || spendClass === 'unknown';
export const spendTx = (spend: FundingSpend): Tx => decodeTx(spend.rawTx);
export const heightOf = (spend: FundingSpend): number => must(spend.height, 'the height of the spend');
