import type { ChainSource } from '../chain/port.ts';

/** A source that can be weighed against others. */
export interface RankedSource extends ChainSource {
  /** Work of its told tip above the network's checkpoint, 0 before the first tip. */
  readonly tipWork: bigint;
  /** Whether what it told is up to date, as far as it can know. */
  readonly isAvailable: boolean;
}
