import { p2wsh } from '../../bitcoin/script.ts';
import { type Tx, txid } from '../../bitcoin/transaction.ts';
import { commitmentSecret, revealedSecret, secretIndexOf } from '../../crypto/commitment-secrets.ts';
import { publicKey } from '../../crypto/secp256k1.ts';
import { equal } from '../../lib/bytes.ts';
import { buildCommitment, commitmentNumberOf } from '../../tx/commitment.ts';
import { commitmentKeys } from '../../tx/keys.ts';
import { toLocalScript } from '../../tx/scripts.ts';
import { type ChannelKeys, pointAt } from '../keys.ts';
import { channelObscuringFactor, commitmentParams } from '../sign.ts';
import { VIEW, specOf } from '../spec.ts';
import type { FundedChannel, SpendClass } from '../types.ts';
import { toRemoteScript } from './outputs.ts';

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
  if (number === undefined) return { spendClass: 'unknown', commitmentNumber: undefined };
  const classified = (spendClass: SpendClass): Classified => ({ spendClass, commitmentNumber: number });
  const { commitments } = channel;
  if (number === commitments.localNumber && id === ourCommitmentTxid(channel, keys)) return classified('local');
  if (number === commitments.remoteNumber && id === theirCommitmentTxid(channel, 'remoteCurrent')) return classified('remote');
  const next = commitments.remoteNumber + 1;
  if (commitments.awaitingRevocation && number === next && id === theirCommitmentTxid(channel, 'remoteNext')) return classified('next_remote');
  if (number < commitments.remoteNumber && isTheirs(channel, tx, number)) return classified('revoked');
  if (number < commitments.localNumber && isOurs(channel, keys, tx, number)) return classified('unknown');
  if (number > commitments.remoteNumber && paysUsAsRemote(channel, tx)) return classified('future');
  return classified('unknown');
}

function ourCommitmentTxid(channel: FundedChannel, keys: ChannelKeys): string {
  const { commitments, config } = channel;
  const spec = specOf(commitments, VIEW.localCurrent, config.isOpener);
  const number = commitments.localNumber;
  return buildCommitment(commitmentParams(channel, 'local', { number, point: pointAt(keys, number), spec })).txid;
}

function theirCommitmentTxid(channel: FundedChannel, view: 'remoteCurrent' | 'remoteNext'): string | undefined {
  const { commitments, config } = channel;
  const next = view === 'remoteNext';
  const point = next ? commitments.remoteNextPoint : commitments.remoteCurrentPoint;
  if (!point) return undefined;
  const number = commitments.remoteNumber + (next ? 1 : 0);
  return buildCommitment(commitmentParams(channel, 'remote', { number, point, spec: specOf(commitments, VIEW[view], config.isOpener) })).txid;
}

const pays = (tx: Tx, script: Uint8Array): boolean => tx.outputs.some((output) => equal(output.script, script));
const paysUsAsRemote = (channel: FundedChannel, tx: Tx): boolean => pays(tx, toRemoteScript(channel.config, 'us'));

/** A revoked commitment of the peer holds what belongs to its number: the revocable script, or our fixed one. */
function isTheirs(channel: FundedChannel, tx: Tx, number: number): boolean {
  const secret = revealedSecret(channel.commitments.revealedSecrets, secretIndexOf(number));
  if (!secret) return false;
  const { local, remote } = channel.config;
  const keysOfNumber = commitmentKeys(remote.basepoints, local.basepoints, publicKey(secret));
  return pays(tx, p2wsh(toLocalScript(keysOfNumber, local.toSelfDelay))) || paysUsAsRemote(channel, tx);
}

/** A commitment of ours that is revoked: only another copy of this wallet can have published it. */
function isOurs(channel: FundedChannel, keys: ChannelKeys, tx: Tx, number: number): boolean {
  const { local, remote } = channel.config;
  const keysOfNumber = commitmentKeys(local.basepoints, remote.basepoints, publicKey(commitmentSecret(keys.commitmentSeed, number)));
  return pays(tx, p2wsh(toLocalScript(keysOfNumber, remote.toSelfDelay)));
}
