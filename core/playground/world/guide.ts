import { type ErrorCode, PLAY_FAULTS, type PlayFault, type PlayTour, type PlayWire } from '../../api.ts';
import { ApiFailure } from '../../node/app.ts';
import { type Facts, TOURS } from './tours.ts';
import type { Tab } from './tab.ts';
import { WaitedInVain } from './waiting.ts';
import type { World } from './world.ts';

interface Walk {
  readonly id: PlayTour;
  step: number;
  isBusy: boolean;
  facts: Facts;
  fault: { readonly code: PlayFault; readonly message: string } | undefined;
}

/** Leads through one tour at a time. */
export class Guide {
  readonly #world: World;
  readonly #tab: () => Tab | undefined;
  readonly #onChanged: () => void;
  #walk: Walk | undefined;

  constructor(world: World, tab: () => Tab | undefined, onChanged: () => void) {
    this.#world = world;
    this.#tab = tab;
    this.#onChanged = onChanged;
  }

  begin(id: PlayTour): void {
    if (this.#walk?.isBusy) throw busy();
    this.#walk = { id, step: 0, isBusy: false, facts: {}, fault: undefined };
  }
  end(): void {
    if (this.#walk?.isBusy) throw busy();
    this.#walk = undefined;
  }

  /** Does the present step. What went wrong is told as the step's fault, and the step can be tried again. */
  async next(): Promise<void> {
    const walk = this.#walk;
    const step = walk && TOURS[walk.id][walk.step];
    if (!walk || !step) throw new ApiFailure('not_found', 'No tour is under way here.');
    if (walk.isBusy) throw busy();
    walk.isBusy = true;
    walk.fault = undefined;
    this.#onChanged();
    try {
      walk.facts = { ...walk.facts, ...(await step({ world: this.#world, facts: walk.facts, tab: this.#tab })) };
      walk.step++;
    } catch (error) {
      walk.fault = { code: faultOf(error), message: (error as Error).message.slice(0, 500) };
    } finally {
      walk.isBusy = false;
      this.#onChanged();
    }
  }

  view(): PlayWire['tour'] {
    const walk = this.#walk;
    if (!walk) return undefined;
    const facts = Object.fromEntries(Object.entries(walk.facts).map(([name, value]) => [name, value.toString()]));
    return { id: walk.id, step: walk.step, steps: TOURS[walk.id].length, isBusy: walk.isBusy, facts, ...(walk.fault === undefined ? {} : { fault: walk.fault }) };
  }
}

const FAULTS: Readonly<Partial<Record<ErrorCode, PlayFault>>> = {
  channel_closing: 'channel_gone', peer_unreachable: 'node_off', peer_not_connected: 'node_off', payment_failed: 'not_paid', insufficient_balance: 'not_paid', no_route: 'not_paid',
}; // prettier-ignore

/** What a step fails for, as its sentence in every language is called. */
export function faultOf(error: unknown): PlayFault {
  if (error instanceof WaitedInVain) return 'took_too_long';
  if (!(error instanceof ApiFailure)) return 'other';
  const named = PLAY_FAULTS.find((name) => name === error.data?.['fault']);
  return named ?? FAULTS[error.code] ?? 'other';
}

const busy = (): ApiFailure => new ApiFailure('bad_request', 'The tour is in the middle of a step. Nothing was done. Wait for it.');
