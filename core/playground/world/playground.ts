import type { PlaygroundMethod, PlaygroundParams, PlayStep, PlayWire } from '../../api.ts';
import { ApiFailure } from '../../node/app.ts';
import { dispatch } from '../../node/dispatch.ts';
import { Guide } from './guide.ts';
import { invoiceOf, pay } from './paying.ts';
import { Tab } from './tab.ts';
import { World } from './world.ts';

export interface PlaygroundPort {
  readonly folder: string;
  readonly tell: (name: string, data: unknown) => void;
}

/** Pictures a second at most. */
const REST_MS = 100;

/** What would take the wallet away from under the playground, or show its throw-away words as if they were worth keeping. */
const NOT_HERE: ReadonlySet<string> = new Set(['vault.create', 'vault.restore', 'vault.lock', 'vault.changePassword', 'vault.revealSeed', 'node.stop']);

type Handlers = { readonly [M in Exclude<PlaygroundMethod, 'playground.start' | 'playground.stop'>]: (params: PlaygroundParams<M>) => Promise<unknown> | unknown };

/** The requests of the contract, done to one world. */
export class Playground {
  readonly #port: PlaygroundPort;
  #world: World;
  #guide: Guide;
  #tab: Tab | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;

  private constructor(port: PlaygroundPort, world: World) {
    this.#port = port;
    this.#world = world;
    this.#guide = this.#newGuide();
  }

  static async start(port: PlaygroundPort): Promise<Playground> {
    // Until it is made there is nothing to show.
    const picture = { changed: (): void => undefined };
    const made = new Playground(port, await Playground.#newWorld(port, () => picture.changed()));
    picture.changed = () => made.changed();
    return made;
  }

  static #newWorld({ folder, tell }: PlaygroundPort, onChanged: () => void): Promise<World> {
    return World.start({ folder, onChanged, onWalletEvent: tell, onProgress: (step: PlayStep) => tell('playground.progress', { step }) });
  }
  #newGuide(): Guide {
    return new Guide(this.#world, () => this.#tab, () => this.changed()); // prettier-ignore
  }

  /** At once after a rest, else when the rest is over. */
  changed(): void {
    this.#isDue = true;
    if (this.#timer) return;
    const tell = (): void => {
      this.#timer = undefined;
      if (!this.#isDue) return;
      this.#isDue = false;
      this.#port.tell('playground.updated', this.state());
      this.#timer = setTimeout(tell, REST_MS);
    };
    tell();
  }

  state(): PlayWire {
    const tour = this.#guide.view();
    return { ...this.#world.view(), ...(tour ? { tour } : {}), ...(this.#tab ? { tab: this.#tab.view() } : {}) };
  }

  readonly #own: Handlers = {
    'playground.state': () => undefined,
    'playground.reset': async () => {
      await this.#tab?.stop();
      this.#tab = undefined;
      await this.#world.stop();
      this.#world = await Playground.#newWorld(this.#port, () => this.changed());
      this.#guide = this.#newGuide();
    },
    'playground.mine': ({ blocks }) => this.#world.mine(blocks),
    'playground.pay': ({ from, to, amountSat }) => pay(this.#world, from, to, amountSat),
    'playground.open': ({ node }) => this.#world.openAnother(node),
    'playground.cheat': ({ node }) => this.#world.cheat(node),
    'playground.setOnline': ({ node, isOnline }) => this.#world.setOnline(node, isOnline),
    'playground.invoice': ({ node, amountSat }) => invoiceOf(this.#world, node, amountSat),
    'playground.tab': (terms) => {
      if (this.#tab?.isRunning) throw new ApiFailure('bad_request', 'A tab is running already. Nothing was done. Stop it first.');
      this.#tab = new Tab(this.#world, terms, () => this.changed());
    },
    'playground.tabStop': () => this.#tab?.stop(),
    'playground.tour': ({ tour }) => this.#guide.begin(tour),
    'playground.tourNext': () => this.#guide.next(),
    'playground.tourEnd': () => this.#guide.end(),
  };

  /** A request of the playground's part of the contract, its parameters in code form. The answer as it travels; rejects with ApiFailure as a rule. */
  async ask<M extends keyof Handlers>(method: M, params: PlaygroundParams<M>): Promise<unknown> {
    const handler = this.#own[method] as (given: PlaygroundParams<M>) => Promise<unknown> | unknown;
    const done = await handler(params);
    this.changed();
    return method === 'playground.invoice' ? { invoice: done } : this.state();
  }

  isOwn(method: string): method is keyof Handlers {
    return Object.hasOwn(this.#own, method);
  }

  /** A request to the wallet of the playground, as the page sends it. */
  wallet(method: string, params: unknown): ReturnType<typeof dispatch> {
    if (NOT_HERE.has(method)) {
      const message = 'The wallet of the playground has no password and no words to keep: it is thrown away when you leave. Nothing was done.';
      return Promise.resolve({ ok: false, error: { code: 'not_supported', message } });
    }
    return dispatch(this.#world.wallet, method, params);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isDue = false;
    const tab = this.#tab?.stop();
    await this.#world.stop();
    await tab;
    clearTimeout(this.#timer);
  }
}
