import type { Answer } from '../../core/api.ts';

type Slot = Answer<'channel.revocations'>['slots'][number];

/** States that one drawing of the tree shows: the leaves of a branch of this many levels. */
export const TREE_LEVELS = 6;
const LEAVES = 2 ** TREE_LEVELS;

/** A place of the tree: from its secret follow those of all states below it. */
export interface TreeNode {
  /** 0: a leaf, the secret of one state. */
  readonly level: number;
  readonly first: number;
  readonly kind: 'stored' | 'derived' | 'unknown';
  /** On the way from the stored secret to the chosen state. */
  readonly isOnWay: boolean;
}

export interface Derivation {
  readonly slot: number;
  /** Hashes from the stored secret to that of the state. */
  readonly steps: number;
}

/** Where the secret of a revoked state comes from; the first slot that reaches it, as the engine looks it up. */
export function derivationOf(state: number, slots: readonly Slot[]): Derivation | undefined {
  const found = slots.find(({ firstState, lastState }) => firstState <= state && state <= lastState);
  return found && { slot: found.slot, steps: bitsOf(state, found.slot).length };
}

/** Bits in which the index of a state (2^48 - 1 - state) differs from that of the slot which leads to it: the highest first. */
function bitsOf(state: number, slot: number): readonly number[] {
  const bits: number[] = [];
  for (let bit = slot - 1; bit >= 0; bit--) if (Math.floor(state / 2 ** bit) % 2 === 0) bits.push(bit);
  return bits;
}

export const branchOf = (state: number): number => Math.floor(state / LEAVES) * LEAVES;

/** The branch of 64 states around a state, from its top (level 6) down to the leaves. */
export function treeAround(branch: number, revokedStates: number, slots: readonly Slot[], chosen: number | undefined): readonly TreeNode[] {
  const derivation = chosen === undefined ? undefined : derivationOf(chosen, slots);
  const way = chosen === undefined || !derivation ? undefined : new Set([derivation.slot, ...bitsOf(chosen, derivation.slot)]);
  const nodes: TreeNode[] = [];
  for (let level = TREE_LEVELS; level >= 0; level--) {
    const size = 2 ** level;
    for (let first = branch; first < branch + LEAVES; first += size) {
      const last = first + size - 1;
      const isStored = slots.some((slot) => (slot.slot === level && slot.lastState === last) || (level === TREE_LEVELS && slot.slot > level && slot.firstState <= first && last <= slot.lastState));
      nodes.push({
        level, first, kind: isStored ? 'stored' : last < revokedStates ? 'derived' : 'unknown',
        isOnWay: chosen !== undefined && first <= chosen && chosen <= last && way?.has(level) === true,
      }); // prettier-ignore
    }
  }
  return nodes;
}
