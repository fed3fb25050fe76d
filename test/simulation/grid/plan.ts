import type { SideName } from '../../support/channel-pair.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';

/** Whose transaction takes the funding output; `revoked` is one of the peer's, `future` the peer's after we lost data. */
export const CLOSES = ['ours', 'theirs', 'theirsNext', 'revoked', 'mutual', 'future'] as const;
export type Close = (typeof CLOSES)[number];
export const TYPES = ['static_remotekey', 'anchors'] as const satisfies readonly ChannelType[];
export const HTLCS = ['none', 'offered', 'received', 'dust', 'notYet', 'removed', 'equal'] as const;
export type HtlcKind = (typeof HTLCS)[number];
export const PREIMAGES = ['never', 'before', 'after'] as const;
export type Preimage = (typeof PREIMAGES)[number];
export const DEPTHS = [1, 2, 3, 4, 5, 6] as const;
export interface Reorg {
  readonly depth: (typeof DEPTHS)[number];
  /** What confirms in its place. */
  readonly to: 'other' | 'revoked';
}
/** What a cheater does before the penalty is mined. */
export const CHEATS = ['sleeps', 'second stage alone', 'second stages merged'] as const;

export interface Cell {
  readonly index: number;
  readonly us: SideName;
  readonly close: Close;
  readonly channelType: ChannelType;
  readonly htlc: HtlcKind;
  readonly preimage: Preimage;
  readonly restart: boolean;
  readonly reorg: Reorg | undefined;
  readonly cheat: (typeof CHEATS)[number];
  /** The peer offers a spend of whatever we want, which never confirms. */
  readonly ghosts: boolean;
  /** Spends are heard of in the mempool first. */
  readonly mempoolFirst: boolean;
  /** The reorg is told before the new branch is. */
  readonly undoneFirst: boolean;
  readonly marketPerKw: number;
}

type Coordinates = Pick<Cell, 'close' | 'htlc' | 'preimage'> & { readonly reorg: Reorg | undefined };

/** Why a combination cannot be; undefined when it can. */
export function meaningless({ close, htlc, preimage, reorg }: Coordinates): string | undefined {
  if (close === 'mutual' && htlc !== 'none') return 'a mutual close has no HTLCs';
  if (htlc === 'none' && preimage !== 'never') return 'no HTLC, no preimage';
  if (htlc === 'notYet' && preimage !== 'never' && close !== 'revoked') return 'the preimage of an HTLC that is not irrevocable is not given away';
  if (htlc === 'notYet' && preimage === 'after') return 'off chain ends with the close, and the commitment has no output for it';
  if (htlc === 'removed' && preimage === 'after') return 'what was removed before the close has its preimage or never needs one';
  if (close === 'future' && preimage === 'before') return 'who lost the data has not been told';
  if (close === 'future' && (htlc === 'notYet' || htlc === 'removed')) return 'who lost the data cannot tell what was added or removed since';
  if (close === 'revoked' && reorg?.to === 'revoked') return 'the revoked one is what the reorg takes back';
  return undefined;
}

export interface Grid {
  readonly cells: readonly Cell[];
  readonly size: number;
  readonly meaningless: ReadonlyMap<string, number>;
}

/** Every value with every one of the next dimension. */
const crossed = <T extends object, K extends string, V>(of: readonly T[], name: K, values: readonly V[]): readonly (T & Record<K, V>)[] =>
  of.flatMap((one) => values.map((value) => ({ ...one, [name]: value }) as T & Record<K, V>));

const REORGS: readonly (Reorg | undefined)[] = [undefined, ...DEPTHS.flatMap((depth) => (['other', 'revoked'] as const).map((to): Reorg => ({ depth, to })))];

/** What is no dimension of its own changes from cell to cell, out of step with those that are. */
function extrasOf(index: number): Pick<Cell, 'us' | 'cheat' | 'ghosts' | 'mempoolFirst' | 'undoneFirst' | 'marketPerKw'> {
  const turn = Math.imul(index + 1, 0x9e37_79b1) >>> 0;
  const oneOf = (shift: number, count: number): boolean => (turn >>> shift) % count === 0;
  return {
    us: oneOf(8, 2) ? 'alice' : 'bob', cheat: CHEATS[(turn >>> 11) % 3]!, ghosts: oneOf(15, 4), mempoolFirst: oneOf(17, 2), undoneFirst: oneOf(19, 2),
    marketPerKw: oneOf(21, 2) ? 1000 : 4000,
  }; // prettier-ignore
}

export function grid(): Grid {
  const closes = crossed(crossed([{}], 'close', CLOSES), 'channelType', TYPES);
  const all = crossed(crossed(crossed(crossed(closes, 'htlc', HTLCS), 'preimage', PREIMAGES), 'reorg', REORGS), 'restart', [false, true]);
  const reasons = new Map<string, number>();
  const cells = all.flatMap((at, index): Cell[] => {
    const reason = meaningless(at);
    if (reason === undefined) return [{ index, ...at, ...extrasOf(index) }];
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return [];
  });
  return { cells, size: all.length, meaningless: reasons };
}

export const nameOf = ({ index, us, close, channelType, htlc, preimage, restart, reorg, cheat, ghosts }: Cell): string =>
  `cell ${index}: ${close} (we are ${us}), ${channelType}, HTLC ${htlc}, preimage ${preimage}${restart ? ', restarts' : ''}${reorg ? `, reorg of ${reorg.depth} to the ${reorg.to}` : ''}, cheater ${cheat}${ghosts ? ', ghosts' : ''}`;
