import type { Sat } from '../lib/units.ts';
import type { Result } from '../lib/result.ts';
import type { WalletKeys } from '../wallet/keys.ts';
import type { PlanFault } from '../wallet/plan.ts';
import { type FundingPlan, planFunding } from '../wallet/send.ts';
import { reserve } from '../wallet/state.ts';
import { ApiFailure } from './app.ts';
import type { Onchain } from './onchain.ts';
import type { NodeSystem } from './ports.ts';
import { mostPossibleSat } from './reserve.ts';
import type { Turn } from './turns.ts';
import { planFailure, reserveFailure } from './words.ts';

/** Of the size of every funding output's (P2WSH); never paid to. */
const ANY_FUNDING_SCRIPT = Uint8Array.of(0, 32, ...new Uint8Array(32));

export interface FundingOptions {
  readonly onchain: () => Onchain;
  readonly keys: WalletKeys;
  readonly system: NodeSystem;
}

/** Coins for channels that we open. */
export class Funding {
  readonly #options: FundingOptions;

  constructor(options: FundingOptions) {
    this.#options = options;
  }

  #plan(fundingScript: Uint8Array, amountSat: Sat, reserveSat: Sat, changeScript: Uint8Array): Result<FundingPlan, PlanFault> {
    const onchain = this.#options.onchain();
    return planFunding({
      fundingScript, amountSat, coins: onchain.spendable(), feerateSatPerVb: onchain.satPerVb(6).satPerVb, changeScript,
      tipHeight: onchain.height, entropy: this.#options.system.random(32), acceptsHighFee: true, reserveSat,
    }); // prettier-ignore
  }

  /** Throws ApiFailure when the coins do not pay for a channel and its transaction and leave `reserveSat`. Uses no address up. */
  check(amountSat: Sat, reserveSat: Sat): void {
    const anyChange = this.#options.keys.scriptOf({ kind: 'p2wpkh', branch: 'change', index: 0 });
    const plan = this.#plan(ANY_FUNDING_SCRIPT, amountSat, reserveSat, anyChange);
    if (plan.ok) return;
    if (plan.error.code !== 'below_reserve') throw planFailure(plan.error);
    throw reserveFailure(plan.error.reserveSat, 'open', mostPossibleSat(amountSat, (less) => this.#plan(ANY_FUNDING_SCRIPT, less, reserveSat, anyChange)));
  }

  /** Sets the coins aside under the name `reservation`. Throws ApiFailure. */
  plan(turn: Turn, reservation: string, fundingScript: Uint8Array, amountSat: Sat, reserveSat: Sat): FundingPlan {
    const onchain = this.#options.onchain();
    this.check(amountSat, reserveSat);
    const plan = this.#plan(fundingScript, amountSat, reserveSat, onchain.newAddress(turn, 'p2wpkh', 'change').script);
    if (!plan.ok) throw planFailure(plan.error);
    const reserved = reserve(onchain.wallet, reservation, plan.value.coins);
    if (!reserved.ok) throw new ApiFailure('insufficient_funds', 'These coins are already being used for another channel.');
    onchain.update(turn, () => reserved.value);
    return plan.value;
  }
}
