import type { EventName, ShellEventName } from '../core/api.ts';

type Name = EventName | ShellEventName;
interface Told {
  readonly name: Name;
  readonly data: unknown;
}

/** The page shows a state this often and not more: what came between is over before anybody could read it. */
const PERIOD_MS = 40;

/** Events that tell the whole state of one thing, by the fields that say of which. */
const THING: Partial<Record<Name, readonly string[]>> = {
  'payment.updated': ['direction', 'paymentHash'], 'invoice.updated': ['paymentHash'], 'channel.updated': ['channelId'], 'peer.updated': ['nodeId'],
  'wallet.updated': [], 'chain.updated': [], 'sleep.updated': [],
}; // prettier-ignore

export interface PageEventsPort {
  readonly send: (name: Name, data: unknown) => void;
  readonly later: (task: () => void, ms: number) => void;
}

/** What the page hears of the engine: at once where it is quiet, the newest state of each thing where a hundred payments a second run. */
export class PageEvents {
  readonly #port: PageEventsPort;
  readonly #waiting = new Map<string, Told>();
  #isResting = false;

  constructor(port: PageEventsPort) {
    this.#port = port;
  }

  tell(name: Name, data: unknown): void {
    const fields = THING[name];
    if (fields === undefined) {
      // It may speak of what waits.
      this.#flush();
      this.#port.send(name, data);
      return;
    }
    const key = [name, ...fields.map((field) => String((data as Readonly<Record<string, unknown>>)[field]))].join(' ');
    // Last in line again: things are told in the order of their newest states.
    this.#waiting.delete(key);
    this.#waiting.set(key, { name, data });
    if (!this.#isResting) this.#turn();
  }

  /** What waits belongs to a wallet that the window does not show any more. */
  forget(): void {
    this.#waiting.clear();
  }

  #turn(): void {
    this.#isResting = this.#waiting.size > 0;
    if (!this.#isResting) return;
    this.#flush();
    this.#port.later(() => this.#turn(), PERIOD_MS);
  }

  #flush(): void {
    for (const { name, data } of this.#waiting.values()) this.#port.send(name, data);
    this.#waiting.clear();
  }
}
