import { p2wpkh, p2wsh } from '../../bitcoin/script.ts';
import { type Tx, decodeTx } from '../../bitcoin/transaction.ts';
import { commitmentPoint, revealedSecret, secretIndexOf } from '../../crypto/commitment-secrets.ts';
import { publicKey } from '../../crypto/secp256k1.ts';
import { equal } from '../../lib/bytes.ts';
import { must } from '../../lib/result.ts';
import { type Claim, claimSequence } from '../../tx/claim.ts';
import { commitmentKeys, derivePrivateKey, deriveRevocationPrivateKey } from '../../tx/keys.ts';
import { toLocalScript, toRemoteAnchorsScript } from '../../tx/scripts.ts';
import type { ChannelKeys } from '../keys.ts';
import type { ChannelConfig, FundedChannel, FundingSpend } from '../types.ts';

/** What a commitment of the other side pays `whom`: independent of the commitment's number (BOLT 3, "to_remote Output"). */
export function toRemoteScript(config: ChannelConfig, whom: 'us' | 'peer'): Uint8Array {
  const key = (whom === 'us' ? config.local : config.remote).basepoints.paymentBasepoint;
  return config.channelType === 'anchors' ? p2wsh(toRemoteAnchorsScript(key)) : p2wpkh(key);
}

/** A main output that is ours to take, with the key for it and the first height at which it may be spent. */
export interface OwnedOutput {
  readonly claim: Claim;
  readonly privateKey: Uint8Array;
  /** Blocks that the commitment must be deep. */
  readonly waitBlocks: number;
}

const outputPaying = (tx: Tx, script: Uint8Array): number => tx.outputs.findIndex((output) => equal(output.script, script));

/** The main outputs that we own in a confirmed spend of the funding output (BOLT 5); HTLC outputs are not among them. */
export function ownedMainOutputs(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend): OwnedOutput[] {
  const tx = decodeTx(spend.rawTx);
  switch (spend.spendClass) {
    case 'local':
      return ourDelayed(channel, keys, spend, tx);
    case 'remote':
    case 'next_remote':
    case 'future':
      return ourToRemote(channel, keys, spend, tx);
    case 'revoked':
      return [...ourToRemote(channel, keys, spend, tx), ...revokedMain(channel, keys, spend, tx)];
    case 'mutual':
    case 'unknown':
      return [];
  }
}

function ourDelayed(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, tx: Tx): OwnedOutput[] {
  const { local, remote, channelType } = channel.config;
  const point = commitmentPoint(keys.commitmentSeed, must(spend.commitmentNumber, 'the commitment number'));
  const witnessScript = toLocalScript(commitmentKeys(local.basepoints, remote.basepoints, point), remote.toSelfDelay);
  const vout = outputPaying(tx, p2wsh(witnessScript));
  const output = tx.outputs[vout];
  if (!output) return [];
  return [{
    claim: {
      kind: 'to_local_delayed', witnessScript, outPoint: { txid: spend.txid, vout }, amountSat: output.amountSat,
      sequence: claimSequence('to_local_delayed', channelType, remote.toSelfDelay),
    },
    privateKey: derivePrivateKey(keys.delayedPaymentBasepointSecret, point), waitBlocks: remote.toSelfDelay,
  }]; // prettier-ignore
}

function ourToRemote(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, tx: Tx): OwnedOutput[] {
  const { channelType, local } = channel.config;
  const vout = outputPaying(tx, toRemoteScript(channel.config, 'us'));
  const output = tx.outputs[vout];
  if (!output) return [];
  return [{
    claim: {
      kind: 'to_remote', channelType, paymentPubkey: local.basepoints.paymentBasepoint, outPoint: { txid: spend.txid, vout },
      amountSat: output.amountSat, sequence: claimSequence('to_remote', channelType, 0),
    },
    privateKey: keys.paymentBasepointSecret, waitBlocks: 1,
  }]; // prettier-ignore
}

function revokedMain(channel: FundedChannel, keys: ChannelKeys, spend: FundingSpend, tx: Tx): OwnedOutput[] {
  const { local, remote, channelType } = channel.config;
  const secret = must(revealedSecret(channel.commitments.revealedSecrets, secretIndexOf(must(spend.commitmentNumber, 'the commitment number'))), 'the revoked secret');
  const witnessScript = toLocalScript(commitmentKeys(remote.basepoints, local.basepoints, publicKey(secret)), local.toSelfDelay);
  const vout = outputPaying(tx, p2wsh(witnessScript));
  const output = tx.outputs[vout];
  if (!output) return [];
  return [{
    claim: {
      kind: 'revoked_to_local', witnessScript, outPoint: { txid: spend.txid, vout }, amountSat: output.amountSat,
      sequence: claimSequence('revoked_to_local', channelType, 0),
    },
    privateKey: deriveRevocationPrivateKey(keys.revocationBasepointSecret, secret), waitBlocks: 1,
  }]; // prettier-ignore
}
