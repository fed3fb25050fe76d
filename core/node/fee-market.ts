import type { Feerates } from '../channel/context.ts';
import { combineFeeEstimates, feerateForTarget } from '../chain/fees.ts';
import type { ChainSource, FeeEstimates } from '../chain/port.ts';
import { feerateFromSatPerVb } from '../lib/units.ts';
import type { NodeSystem } from './ports.ts';

const REFRESH_MS = 5 * 60_000;

export interface FeeAt {
  readonly satPerVb: number;
  readonly from: 'estimate' | 'fallback';
}

/** Fee rates of the chain source, asked for again every few minutes. */
export class FeeMarket {
  readonly #chain: ChainSource;
  readonly #timers: NodeSystem['timers'];
  #estimates: FeeEstimates = new Map();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(chain: ChainSource, { timers }: NodeSystem) {
    this.#chain = chain;
    this.#timers = timers;
  }

  start(): void {
    if (this.#stopped) return;
    this.#chain.feeEstimates().then(
      (estimates) => (this.#estimates = combineFeeEstimates([estimates])),
      () => undefined,
    );
    this.#cancel = this.#timers.after(REFRESH_MS, () => this.start());
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  at(targetBlocks: number): FeeAt {
    return feerateForTarget(this.#estimates, targetBlocks);
  }
}

/** What channel machines reckon with, from rates by target. */
export const feeratesOf = (at: (targetBlocks: number) => FeeAt): Feerates => ({
  commitment: feerateFromSatPerVb(at(6).satPerVb),
  closing: feerateFromSatPerVb(at(12).satPerVb),
  urgent: feerateFromSatPerVb(at(2).satPerVb),
});
