import { chainParams } from '../../chain/chain-params.ts';
import { combineFeeEstimates } from '../../chain/fees.ts';
import { HEADER_BYTES, parseHeader } from '../../chain/header.ts';
import { HeaderChain } from '../../chain/headers.ts';
import type { ChainFault, ChainListener, ChainTip, FeeEstimates, PublishResult } from '../../chain/port.ts';
import { Backoff } from '../backoff.ts';
import { contained, type BlobStore, type ChainEnvironment } from '../chain-options.ts';
import { bestResult } from '../publish-errors.ts';
import type { RankedSource } from '../ranked-source.ts';
import { HistoryBook } from './book.ts';
import { ElectrumConnection, serverName, type ElectrumServer } from './connection.ts';
import { ElectrumSession } from './session.ts';

/** One of the configured servers. It is `fresh` when all it knows is in the book. */
interface Slot {
  readonly server: ElectrumServer;
  readonly name: string;
  readonly backoff: Backoff;
  state: 'busy' | 'fresh' | 'away' | 'refused';
  session: ElectrumSession | undefined;
  toldFault: ChainFault['code'] | undefined;
  waiters: (() => void)[];
}

/** A server that told untruths is asked again only after the longest pause. */
const LIES: ReadonlySet<ChainFault['code']> = new Set(['invalid_header', 'invalid_merkle_proof', 'protocol_violation']);
const SAVE_EVERY_BLOCKS = 144;
const CACHE_STEP = 500;

/** One or several Electrum servers behind one header chain and one book of histories: what one hides, another shows. */
export class ElectrumSource implements RankedSource {
  readonly name: string;
  readonly #env: ChainEnvironment;
  readonly #headers: HeaderChain;
  readonly #book: HistoryBook;
  readonly #cache: BlobStore;
  readonly #slots: readonly Slot[];
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #listener: ChainListener | undefined;
  #toldTip: ChainTip | undefined;
  #owesSynced = true;
  #savedHeight = 0;

  constructor(servers: readonly ElectrumServer[], env: ChainEnvironment) {
    this.#env = env;
    this.#headers = new HeaderChain(chainParams[env.network]);
    this.#book = new HistoryBook(this.#headers);
    this.#cache = env.blob('headers');
    this.#slots = servers.map((server) => ({
      server, name: serverName(server), backoff: new Backoff(env), state: 'busy', session: undefined, toldFault: undefined, waiters: [],
    })); // prettier-ignore
    this.name = `electrum ${this.#slots.map((slot) => slot.name).join(', ')}`;
  }

  get tipWork(): bigint {
    return this.#toldTip ? this.#headers.work : 0n;
  }

  get isAvailable(): boolean {
    return this.#slots.some(({ state }) => state === 'fresh');
  }

  start(listener: ChainListener): void {
    if (this.#listener || this.#stopping.signal.aborted) return;
    this.#listener = listener;
    this.#running = this.#restore().then(() => Promise.all(this.#slots.map((slot) => this.#serve(slot)))).catch(this.#env.onBug);
  }

  /** A server indexes all blocks, so the birthday does not matter here. */
  watchScript(script: Uint8Array, _fromHeight: number): void {
    if (!this.#book.watch(script)) return;
    this.#owesSynced = true;
    for (const slot of this.#slots) {
      if (slot.state === 'fresh') slot.state = 'busy';
      slot.session?.poke();
    }
  }

  /** Every server is given it: one that drops it in silence then does no harm. */
  async publish(rawTx: Uint8Array): Promise<PublishResult> {
    const hex = Buffer.from(rawTx).toString('hex');
    return bestResult(await Promise.all(this.#sessions.map((session) => session.publish(hex))));
  }

  /** The protocol's version 1.4 has no packages. */
  async publishPackage(rawTxs: readonly Uint8Array[]): Promise<PublishResult> {
    const results: PublishResult[] = [];
    for (const rawTx of rawTxs) results.push(await this.publish(rawTx));
    return results.find((result) => !result.ok) ?? bestResult(results);
  }

  async feeEstimates(): Promise<FeeEstimates> {
    return combineFeeEstimates(await Promise.all(this.#sessions.map((session) => session.feeEstimates())));
  }

  blockTimeSeconds(height: number): number | undefined {
    const header = this.#headers.headerBytes(height);
    return header && parseHeader(header).timeSeconds;
  }
  async catchUp(): Promise<boolean> {
    if (!this.#listener || this.#stopping.signal.aborted) return false;
    const answers = await Promise.all(this.#slots.map((slot) => this.#catchUp(slot)));
    return answers.includes(true);
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return void (await this.#running);
    this.#stopping.abort();
    for (const slot of this.#slots) {
      slot.session?.close({ code: 'unreachable', reason: 'Stopped.' });
      slot.backoff.wake();
    }
    await this.#running;
    await this.#save();
  }

  get #sessions(): ElectrumSession[] {
    return this.#slots.flatMap((slot) => slot.session ?? []);
  }

  async #serve(slot: Slot): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      slot.state = 'busy';
      const fault = await this.#converse(slot).catch((error: unknown): ChainFault => {
        this.#env.onBug(error);
        return { code: 'unreachable', reason: 'An internal error ended the connection.' };
      });
      slot.session?.close(fault);
      slot.session = undefined;
      if (this.#stopping.signal.aborted) break;
      const isFinal = fault.code === 'other_network';
      if (LIES.has(fault.code)) slot.backoff.punish();
      this.#settle(slot, isFinal ? 'refused' : 'away');
      this.#left(slot, fault);
      if (isFinal) return;
      await slot.backoff.pause();
    }
    this.#settle(slot, 'away');
  }

  async #converse(slot: Slot): Promise<ChainFault> {
    const opened = await ElectrumConnection.open(slot.server, this.#env, this.#stopping.signal);
    if (!opened.ok) return opened.error;
    const { name } = slot;
    slot.session = new ElectrumSession(opened.value, {
      env: this.#env, headers: this.#headers, book: this.#book, server: name, onPass: (session) => this.#passed(slot, session),
    }); // prettier-ignore
    if (this.#stopping.signal.aborted) slot.session.close({ code: 'unreachable', reason: 'Stopped.' });
    return slot.session.run();
  }

  #passed(slot: Slot, session: ElectrumSession): void {
    if (this.#stopping.signal.aborted) return;
    slot.backoff.reset();
    slot.toldFault = undefined;
    this.#settle(slot, 'fresh');
    this.#tellHistories();
    if (session.isAtTip) this.#tellTip();
    this.#tellSynced();
  }

  /** Without another server its last word stands until it is back; with others, only what they say or what is proven. */
  #left(slot: Slot, fault: ChainFault): void {
    if (this.#slots.some((other) => other.state === 'fresh')) {
      this.#book.dropServer(slot.name);
      this.#tellHistories();
      this.#tellSynced();
    } else this.#owesSynced = true;
    if (slot.toldFault === fault.code) return;
    slot.toldFault = fault.code;
    const isFinal = this.#slots.every((other) => other.state === 'refused');
    this.#tell((listener) => listener.onFault({ ...fault, reason: `${slot.name}: ${fault.reason}` }, isFinal));
  }

  #tellHistories(): void {
    for (const history of this.#book.takeChanges()) this.#tell((listener) => listener.onHistory(history));
  }

  #tellTip(): void {
    const { tip } = this.#headers;
    if (!tip || tip.hash === this.#toldTip?.hash) return;
    this.#toldTip = tip;
    this.#tell((listener) => listener.onTip(tip));
    if (Math.abs(tip.height - this.#savedHeight) >= SAVE_EVERY_BLOCKS) void this.#save();
  }

  /** When nobody who answers has anything left to say; a silent server stops counting when its time is out. */
  #tellSynced(): void {
    if (!this.#owesSynced || !this.#toldTip) return;
    if (this.#slots.some(({ state }) => state === 'busy') || !this.#slots.some(({ state }) => state === 'fresh')) return;
    this.#owesSynced = false;
    this.#tell((listener) => listener.onSynced());
  }

  #tell(task: (listener: ChainListener) => void): void {
    const listener = this.#listener;
    if (listener && !this.#stopping.signal.aborted) contained(this.#env.onBug, () => task(listener));
  }

  #settle(slot: Slot, state: Slot['state']): void {
    slot.state = state;
    for (const done of slot.waiters.splice(0)) done();
  }

  async #catchUp(slot: Slot): Promise<boolean> {
    if (slot.session && slot.state === 'fresh') return slot.session.catchUp();
    if (slot.state === 'refused') return false;
    const settled = new Promise<void>((done) => slot.waiters.push(done));
    slot.backoff.wake();
    await settled;
    return slot.state === 'fresh';
  }

  /** In steps, so that checking the cache again does not hold up everything else. */
  async #restore(): Promise<void> {
    try {
      const bytes = await this.#cache.load();
      if (!bytes || bytes.length < 4 || Buffer.from(bytes).readUInt32BE(0) !== this.#headers.startHeight) return;
      for (let at = 4; at + HEADER_BYTES <= bytes.length; at += CACHE_STEP * HEADER_BYTES) {
        const end = Math.min(bytes.length - ((bytes.length - 4) % HEADER_BYTES), at + CACHE_STEP * HEADER_BYTES);
        const accepted = this.#headers.accept(this.#headers.tipHeight + 1, bytes.subarray(at, end), this.#env.nowSeconds());
        if (!accepted.ok || this.#stopping.signal.aborted) break;
        await new Promise((next) => setImmediate(next));
      }
      this.#savedHeight = this.#headers.tipHeight;
    } catch (error) {
      this.#env.onBug(error);
    }
  }

  async #save(): Promise<void> {
    this.#savedHeight = this.#headers.tipHeight;
    await this.#cache.save(this.#headers.toBytes()).catch(this.#env.onBug);
  }
}
