import type { PlayWire } from '../../api.ts';
import { payQuietly } from './paying.ts';
import type { World } from './world.ts';

type TabWire = NonNullable<PlayWire['tab']>;

export interface TabTerms {
  readonly priceSat: bigint;
  readonly limitSat: bigint;
  readonly everyMs: number;
}

const NODE = 'cafe';

/** Pays the cafe at regular times. The limit is looked at before every payment, and a payment under way is waited for: never a satoshi more. */
export class Tab {
  readonly #world: World;
  readonly #onChanged: () => void;
  readonly terms: TabTerms;
  #paidSat = 0n;
  #payments = 0;
  #end: TabWire['end'];
  #fault: string | undefined;
  #isStopping = false;
  #wake: () => void = () => undefined;
  readonly over: Promise<void>;

  constructor(world: World, terms: TabTerms, onChanged: () => void) {
    this.#world = world;
    this.terms = terms;
    this.#onChanged = onChanged;
    this.over = this.#run();
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }
  get payments(): number {
    return this.#payments;
  }
  get paidSat(): bigint {
    return this.#paidSat;
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    return this.over;
  }

  async #run(): Promise<void> {
    const { priceSat, limitSat, everyMs } = this.terms;
    const { diary } = this.#world;
    diary.write({ code: 'tab', node: NODE, amountSat: priceSat });
    let nextMs = Date.now();
    try {
      while (!this.#isStopping && this.#paidSat + priceSat <= limitSat) {
        await payQuietly(this.#world, NODE, priceSat);
        this.#paidSat += priceSat;
        this.#payments++;
        this.#onChanged();
        nextMs = Math.max(nextMs + everyMs, Date.now());
        if (!this.#isStopping && this.#paidSat + priceSat <= limitSat) await this.#pause(nextMs - Date.now());
      }
      this.#end = this.#isStopping ? 'stopped' : 'limit';
    } catch (error) {
      this.#end = 'failed';
      this.#fault = (error as Error).message.slice(0, 500);
    }
    diary.write({ code: this.#end === 'limit' ? 'tabLimit' : 'tabStopped', node: NODE, amountSat: this.#paidSat });
    this.#onChanged();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  view(): TabWire {
    const { priceSat, limitSat } = this.terms;
    return {
      node: NODE, priceSat: priceSat.toString(), limitSat: limitSat.toString(), paidSat: this.#paidSat.toString(), payments: this.#payments, isRunning: this.isRunning,
      ...(this.#end === undefined ? {} : { end: this.#end }), ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    }; // prettier-ignore
  }
}
