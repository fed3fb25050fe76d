import { toDer } from '../bitcoin/der.ts';
import { p2wsh } from '../bitcoin/script.ts';
import { SIGHASH_ALL } from '../bitcoin/sighash.ts';
import { compare } from '../lib/bytes.ts';
import { fundingScript } from './scripts.ts';

export { fundingScript } from './scripts.ts';

/** The 34-byte output script of a channel (BOLT 3, "Funding Transaction Output"). */
export const fundingOutputScript = (pubkeyA: Uint8Array, pubkeyB: Uint8Array): Uint8Array =>
  p2wsh(fundingScript(pubkeyA, pubkeyB));

export interface FundingSignature {
  readonly fundingPubkey: Uint8Array;
  /** Compact, 64 bytes, SIGHASH_ALL. */
  readonly signature: Uint8Array;
}

/** Witness that spends the funding output: signatures stand in the order of their keys (BOLT 3, "Commitment Transaction"). */
export function fundingWitness(
  script: Uint8Array,
  one: FundingSignature,
  two: FundingSignature,
): readonly Uint8Array[] {
  const [first, second] = compare(one.fundingPubkey, two.fundingPubkey) < 0 ? [one, two] : [two, one];
  return [new Uint8Array(0), toDer(first.signature, SIGHASH_ALL), toDer(second.signature, SIGHASH_ALL), script];
}
