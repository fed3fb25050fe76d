import type { Answer } from '../../api.ts';
import type { Share } from './kinds.ts';

type Output = Answer<'channel.closing'>['outputs'][number];

/** What of a commitment in a block nobody has taken in a block yet: whose it will be, and HTLCs that are nobody's so far. */
export interface Remains {
  readonly ourSat: bigint;
  readonly theirSat: bigint;
  readonly locked: readonly { readonly amountSat: bigint; readonly height: number }[];
}

type Fate = 'ours' | 'theirs' | 'locked';

/** What the engine wants or has taken is ours; what it has no word for is the other side's, which it never tells of before they take it. */
function fateOf({ txid, vout, origin }: Share, outputs: readonly Output[]): { readonly fate: Fate; readonly output?: Output } {
  const at = (place: { readonly txid: string; readonly vout: number }): Output | undefined => outputs.find((output) => output.txid === place.txid && output.vout === place.vout);
  const output = at({ txid, vout }) ?? at(origin);
  if (!output || output.takenBy === 'peer') return { fate: 'theirs' };
  return { fate: output.kind === 'htlc' && output.takenBy === undefined ? 'locked' : 'ours', output };
}

/** `shares`: those that no block has taken. */
export function remainsOf(shares: readonly Share[], outputs: readonly Output[]): Remains {
  const all = shares.map((share) => ({ ...fateOf(share, outputs), valueSat: share.valueSat }));
  const sum = (wanted: Fate): bigint => all.reduce((total, { fate, valueSat }) => (fate === wanted ? total + valueSat : total), 0n);
  return {
    ourSat: sum('ours'), theirSat: sum('theirs'),
    locked: all.flatMap(({ fate, output, valueSat }) => (fate === 'locked' ? [{ amountSat: valueSat, height: output?.earliestHeight ?? 0 }] : [])),
  }; // prettier-ignore
}
