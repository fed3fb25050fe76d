import type { ChainSource } from '../chain/port.ts';
import type { NodePorts } from './ports.ts';
import type { Turns } from './turns.ts';

const TICK_MS = 1_000;
/** Ticks that a sleep which was announced may take to begin: then it did not come. */
const LIGHT_SLEEP_TICKS = 60;

interface ClockContext {
  readonly timers: NodePorts['system']['timers'];
  readonly chain: Pick<ChainSource, 'catchUp'>;
  readonly turns: Turns;
  /** Every second while awake. */
  readonly onTick: () => void;
  readonly onSleep: () => void;
  /** What the chain told before may be old. */
  readonly onDoubt: () => void;
  /** The chain has told everything that happened meanwhile. */
  readonly onCaughtUp: () => void;
}

/** The node's seconds, and its sleep: no clock is acted on until the chain has told what happened in it. */
export class Clock {
  readonly #context: ClockContext;
  #cancelTick: (() => void) | undefined;
  #isStopped = false;
  #isAwake = true;
  #sleeps = 0;
  #ticksAsleep = 0;

  constructor(context: ClockContext) {
    this.#context = context;
  }

  /** False from the announcement of a sleep until the chain has told what happened in it. */
  get isAwake(): boolean {
    return this.#isAwake;
  }

  start(): void {
    if (!this.#isStopped) this.#cancelTick = this.#context.timers.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    if (this.#isAwake) this.#context.onTick();
    else if (++this.#ticksAsleep === LIGHT_SLEEP_TICKS) void this.wake();
    this.start();
  }

  /** For good: a start that is still under way finds it stopped. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTick?.();
  }

  /** The computer is about to sleep. */
  sleep(): void {
    this.#isAwake = false;
    this.#ticksAsleep = 0;
    this.#sleeps++;
    this.#context.onSleep();
  }

  /**
   * After sleep the chain comes first: what happened meanwhile is asked for and acted on, all missed deadlines in one pass;
   * peers and clocks follow. Resolves when that is done or when no source answers; then it happens once one does.
   */
  async wake(): Promise<void> {
    const { turns, chain, onDoubt, onCaughtUp } = this.#context;
    this.sleep();
    const sleeps = this.#sleeps;
    onDoubt();
    const isCaughtUp = await chain.catchUp();
    await turns.idle();
    if (sleeps !== this.#sleeps) return; // asleep again
    this.#isAwake = true;
    if (isCaughtUp) onCaughtUp();
    await turns.idle();
  }
}
