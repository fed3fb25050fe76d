import type { FeeratePerKw, Sat } from '../lib/units.ts';
import { sat } from '../lib/units.ts';
import type { ChannelAction } from './commands.ts';
import type { ChannelKeys } from './keys.ts';
import type { FundedChannel } from './types.ts';

/** What a transition may know of the world; the interpreter fills it in anew each time. */
export interface Context {
  readonly keys: ChannelKeys;
  readonly blockHeight: number;
  readonly feerates: Feerates;
  readonly chainHash: Uint8Array;
}

/** Clamped estimates, in sat per 1000 weight. */
export interface Feerates {
  /** What a commitment needs to confirm in a few blocks. */
  readonly commitment: FeeratePerKw;
  /** What a closing transaction or a sweep without hurry pays. */
  readonly closing: FeeratePerKw;
  /** A penalty: the next block. */
  readonly urgent: FeeratePerKw;
}

export type Transition = readonly [FundedChannel, readonly ChannelAction[]];
export const stay = (channel: FundedChannel): Transition => [channel, []];
export const STORE: ChannelAction = { kind: 'store' };

/** Never more than half of what is moved goes to fees without somebody's word. */
export const cappedFee = (feeSat: Sat, amountSat: Sat): Sat => (feeSat * 2n > amountSat ? sat(amountSat / 2n) : feeSat);
