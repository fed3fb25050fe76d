/** Payments between two wallets whose wire and processes fail while they are under way. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RpcFailure } from '../../core/io/rpc-client.ts';
import { untilUsable, until, untilSynced, type HeadlessPair } from './headless-pair.ts';
import type { HeadlessProcess } from './headless-process.ts';
import { type Random } from './mutate.ts';

export interface Paid {
  readonly paymentHash: string;
  readonly amountMsat: bigint;
  readonly payer: HeadlessProcess;
  readonly payee: HeadlessProcess;
}

export interface Counts {
  payments: number;
  amountMsat: bigint;
  /** Sendings that ended in a failure, each made again. */
  failed: number;
  /** Answers that a killed process owed. */
  unanswered: number;
  disconnects: number;
  cuts: number;
  kills: number;
}

export interface StormSettings {
  readonly pair: HeadlessPair;
  readonly channelId: string;
  readonly random: Random;
  readonly payments: number;
  /** At most; as many as there are payments enough for. */
  readonly kills: number;
}

/** What may be under way together, from one side. */
const BURSTS = [1, 1, 1, 2, 3, 8, 20];
/** One disturbance follows when so many more payments are final. */
const CALM = [1, 5, 15, 40, 80];
const GIVE_UP_AFTER = 40;

/** From one millisatoshi to 30 000 sat, most of them small: below the dust limit, too. */
const randomMsat = (random: Random): bigint => BigInt(1 + random.below(10 ** (1 + random.below(7)) * 3));

type Disturbance = (storm: Storm) => Promise<void>;

class Storm {
  readonly settings: StormSettings;
  readonly counts: Counts = {
    payments: 0,
    amountMsat: 0n,
    failed: 0,
    unanswered: 0,
    disconnects: 0,
    cuts: 0,
    kills: 0,
  };
  readonly paid: Paid[] = [];
  #untilNext: number;
  #disturbing: Promise<void> = Promise.resolve();
  #begun = 0;
  #isOver = false;
  readonly #firstOfAll: Disturbance[] = [...DISTURBANCES, KILL];
  /** Processes that are being killed and started, with what waits for them. */
  readonly #restarts = new Map<HeadlessProcess, Promise<void>>();
  readonly #waits = new Map<HeadlessProcess, Promise<void>>();

  constructor(settings: StormSettings) {
    this.settings = settings;
    this.#untilNext = settings.random.pick(CALM);
  }

  async run(): Promise<void> {
    const { alice, bob } = this.settings.pair;
    const lanes = [this.#lane(alice, bob), this.#lane(bob, alice)];
    const results = await Promise.allSettled(lanes.map((lane) => lane.catch((error: unknown) => this.#giveUp(error))));
    await this.#disturbing;
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #giveUp(error: unknown): never {
    this.#isOver = true;
    throw error;
  }

  async #lane(payer: HeadlessProcess, payee: HeadlessProcess): Promise<void> {
    const { payments, random } = this.settings;
    while (this.#begun < payments && !this.#isOver) {
      const size = Math.min(random.pick(BURSTS), payments - this.#begun);
      this.#begun += size;
      await Promise.all(Array.from({ length: size }, () => this.#payment(payer, payee, randomMsat(random))));
    }
  }

  async #payment(payer: HeadlessProcess, payee: HeadlessProcess, amountMsat: bigint): Promise<void> {
    const { paymentHash, invoice } = await this.#persist(payee, () => payee.rpc.call('invoice.create', { amountMsat }));
    for (let attempt = 1; !(await this.#attempt(payer, invoice, paymentHash)); attempt++) {
      if (attempt === GIVE_UP_AFTER) throw new Error(`${amountMsat} msat could not be paid in ${attempt} attempts`);
      await this.#usable(payer);
    }
    this.paid.push({ paymentHash, amountMsat, payer, payee });
    this.counts.payments++;
    this.counts.amountMsat += amountMsat;
    if (this.#isOver || --this.#untilNext > 0) return;
    this.#untilNext = this.settings.random.pick(CALM);
    this.#disturbing = this.#disturbing.then(() => this.#disturb()).catch((error: unknown) => this.#giveUp(error));
    this.#disturbing.catch(() => undefined);
  }

  /** One question for all that wait. */
  #usable(payer: HeadlessProcess): Promise<void> {
    const known = this.#waits.get(payer);
    if (known) return known;
    const wait = this.#persist(payer, () => untilUsable(payer, this.settings.channelId)).finally(() =>
      this.#waits.delete(payer),
    );
    this.#waits.set(payer, wait);
    return wait;
  }

  /** Like a careful program: after a sending without an answer it looks first what became of it. */
  async #attempt(payer: HeadlessProcess, invoice: string, paymentHash: string): Promise<boolean> {
    const answer = await this.#final(payer, invoice, paymentHash);
    if (answer !== 'succeeded') this.counts.failed++;
    return answer === 'succeeded';
  }

  async #final(payer: HeadlessProcess, invoice: string, paymentHash: string): Promise<'succeeded' | 'failed'> {
    await this.#restarts.get(payer);
    try {
      const { state } = await payer.rpc.call('payment.send', { invoice, timeoutMs: 5_000 });
      if (state !== 'pending') return state;
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      if (error.code === 'stopping') this.counts.unanswered++;
      else if (error.code === 'internal' || error.code === 'already_paid') throw error;
    }
    return this.#look(payer, paymentHash);
  }

  async #look(payer: HeadlessProcess, paymentHash: string): Promise<'succeeded' | 'failed'> {
    const read = () =>
      this.#persist(payer, () => payer.rpc.call('payment.get', { paymentHash })).catch((error: unknown) => {
        if (error instanceof RpcFailure && error.code === 'not_found') return { state: 'failed' as const };
        throw error;
      });
    const { state } = await until('a payment to be final', read, (payment) => payment.state !== 'pending');
    return state === 'succeeded' ? 'succeeded' : 'failed';
  }

  /** Asks again when the process was killed under the request. */
  async #persist<T>(node: HeadlessProcess, request: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.#restarts.get(node);
      try {
        return await request();
      } catch (error) {
        if (this.#isOver || !(error instanceof RpcFailure) || error.code !== 'stopping') throw error;
      }
      await nextTurn();
    }
  }

  /** Each kind once, then as it comes. */
  async #disturb(): Promise<void> {
    const { random, kills } = this.settings;
    const first = this.#firstOfAll.pop();
    const mayKill = this.counts.kills < kills && random.below(4) === 0;
    await (first ?? (mayKill ? KILL : random.pick(DISTURBANCES)))(this);
  }

  async restart(node: HeadlessProcess): Promise<void> {
    this.counts.kills++;
    const again = (async (): Promise<void> => {
      await node.kill();
      await node.start();
      await untilSynced(node);
    })();
    this.#restarts.set(node, again);
    try {
      await again;
    } finally {
      this.#restarts.delete(node);
    }
    await this.reconnect();
  }

  /** Sometimes somebody is impatient, and otherwise the wallets find each other by themselves. */
  async reconnect(): Promise<void> {
    const { random, pair } = this.settings;
    if (random.below(3) === 0) return;
    await pair.alice.rpc.call('peer.connect', { address: pair.bob.nodeId }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure)) throw error;
    });
  }
}

const KILL: Disturbance = (storm) => {
  const { pair, random } = storm.settings;
  return storm.restart(random.pick([pair.alice, pair.bob]));
};

const DISTURBANCES: readonly Disturbance[] = [
  async (storm) => {
    const { pair, random } = storm.settings;
    const [node, peer] = random.pick([[pair.alice, pair.bob], [pair.bob, pair.alice]] as const); // prettier-ignore
    storm.counts.disconnects++;
    await node.rpc.call('peer.disconnect', { nodeId: peer.nodeId }).catch((error: unknown) => {
      if (!(error instanceof RpcFailure)) throw error;
    });
    await storm.reconnect();
  },
  async (storm) => {
    storm.settings.pair.proxy.cut();
    await storm.reconnect();
  },
  // In the middle of a message, or of the handshake and the reestablish after a cut.
  async (storm) => storm.settings.pair.proxy.cutAfter(1 + storm.settings.random.below(6_000)),
  async (storm) => {
    const { pair, random } = storm.settings;
    pair.proxy.cut();
    pair.proxy.cutAfter(1 + random.below(1_500));
    await storm.reconnect();
  },
];

/** Resolves when every payment has succeeded; the channel may still be busy with removals. */
export async function payThroughStorm(
  settings: StormSettings,
): Promise<{ readonly paid: readonly Paid[]; readonly counts: Counts }> {
  const cutsBefore = settings.pair.proxy.cutCount;
  const storm = new Storm(settings);
  await storm.run();
  // A cut that is still armed would strike later.
  settings.pair.proxy.cut();
  return { paid: storm.paid, counts: { ...storm.counts, cuts: settings.pair.proxy.cutCount - cutsBefore } };
}
