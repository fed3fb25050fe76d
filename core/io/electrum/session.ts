import { networks } from '../../bitcoin/network.ts';
import { txidFromBytes } from '../../bitcoin/transaction.ts';
import { headerHash } from '../../chain/header.ts';
import type { HeaderChain } from '../../chain/headers.ts';
import type { ChainFault, FeeEstimates, PublishResult } from '../../chain/port.ts';
import { FEE_TARGETS } from '../../chain/fees.ts';
import { equal } from '../../lib/bytes.ts';
import { bytesOfHex } from '../foreign-json.ts';
import type { ChainEnvironment } from '../chain-options.ts';
import { publishResultOf, unreachableResult } from '../publish-errors.ts';
import type { HistoryBook } from './book.ts';
import type { ElectrumConnection } from './connection.ts';
import { fetchOlderHeaders, syncHeaders, type SyncFault } from './header-sync.ts';
import {
  feerateOf, genesisOf, historyOf, historyStatus, merkleOf, PROTOCOL_VERSION, serverTipOf, speaksOurVersion, statusOf,
  transactionOf, type HistoryItem, type ServerTip,
} from './protocol.ts'; // prettier-ignore

export interface SessionHost {
  readonly env: ChainEnvironment;
  readonly headers: HeaderChain;
  readonly book: HistoryBook;
  readonly server: string;
  /** All that this server knows of the watched scripts is in the book. */
  readonly onPass: (session: ElectrumSession) => void;
}

/** Scripts worked on at once; the connection bounds the requests. */
const SCRIPTS_AT_ONCE = 16;
const HEADER_TRIES = 5;
/** After sleep a dead connection must be noticed soon. */
const CATCH_UP_TIMEOUT_MS = 5_000;

/** The conversation with one server, from the handshake until its connection ends. Whatever it says goes into the book. */
export class ElectrumSession {
  readonly #connection: ElectrumConnection;
  readonly #host: SessionHost;
  readonly #statuses = new Map<string, string | null>();
  readonly #dirty = new Set<string>();
  #serverTip: ServerTip | undefined;
  #checkAll = true;
  #wake: (() => void) | undefined;
  #awake = false;
  #waiters: (() => void)[] = [];
  #older: Promise<unknown> = Promise.resolve();

  constructor(connection: ElectrumConnection, host: SessionHost) {
    this.#connection = connection;
    this.#host = host;
    connection.onNotification = (method, params) => this.#notified(method, params);
    connection.onClose = () => this.poke();
  }

  /** Whether it is as far as we are; of two blocks of equal work it may hold the other one. */
  get isAtTip(): boolean {
    return this.#serverTip !== undefined && this.#serverTip.height >= this.#host.headers.tipHeight;
  }

  /** Runs until the connection is gone; why. */
  async run(): Promise<ChainFault> {
    await this.#greet();
    while (!this.#ended) {
      this.#awake = false;
      await this.#pass();
      if (this.#ended || this.#awake) continue;
      this.#host.onPass(this);
      this.#release();
      await this.#idle();
    }
    this.#release();
    return this.#connection.fault ?? { code: 'unreachable', reason: 'The server closed the connection.' };
  }

  /** There is something to do: new scripts, or whatever came in. */
  poke(): void {
    this.#awake = true;
    this.#wake?.();
  }

  close(fault: ChainFault): void {
    this.#connection.close(fault);
  }

  /** Asks for everything anew; true when it is in the book, false when the connection is gone. */
  async catchUp(): Promise<boolean> {
    const timer = setTimeout(() => this.close({ code: 'unreachable', reason: 'The server does not answer.' }), CATCH_UP_TIMEOUT_MS);
    const tip = await this.#connection.request('blockchain.headers.subscribe');
    clearTimeout(timer);
    if (this.#ended) return false;
    if (tip.ok) this.#setTip(tip.value);
    const done = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.poke();
    await done;
    return !this.#ended;
  }

  async publish(rawTxHex: string): Promise<PublishResult> {
    const answer = await this.#connection.request('blockchain.transaction.broadcast', rawTxHex);
    if (answer.ok) return { ok: true };
    return answer.error.kind === 'refused' ? publishResultOf(answer.error.text) : unreachableResult('The server went away.');
  }

  /** What the server says, unjudged: sat/vB by target, none below what it relays. */
  async feeEstimates(): Promise<FeeEstimates> {
    const [relay, ...rates] = await Promise.all([
      this.#connection.request('blockchain.relayfee'),
      ...FEE_TARGETS.map((target) => this.#connection.request('blockchain.estimatefee', target)),
    ]);
    const least = relay.ok ? (feerateOf(relay.value) ?? 0) : 0;
    const estimates = new Map<number, number>();
    for (const [i, target] of FEE_TARGETS.entries()) {
      const answer = rates[i];
      const rate = answer?.ok ? feerateOf(answer.value) : undefined;
      if (rate !== undefined) estimates.set(target, Math.max(rate, least));
    }
    return estimates;
  }

  get #ended(): boolean {
    return this.#connection.isClosed;
  }

  async #greet(): Promise<void> {
    const version = await this.#connection.request('server.version', 'sferic', PROTOCOL_VERSION);
    if (!version.ok || !speaksOurVersion(version.value)) return this.#violation('The server does not speak version 1.4 of the Electrum protocol.');
    const genesis = txidFromBytes(networks[this.#host.env.network].chainHash);
    if ((await this.#genesis()) !== genesis) return this.close({ code: 'other_network', reason: 'The server is for another network.' });
    const tip = await this.#connection.request('blockchain.headers.subscribe');
    if (tip.ok) this.#setTip(tip.value);
    else this.#violation('The server does not tell its newest block.');
  }

  /** Some servers lack `server.features`; the first header says the same. */
  async #genesis(): Promise<string | undefined> {
    const features = await this.#connection.request('server.features');
    if (features.ok) return genesisOf(features.value);
    const header = await this.#connection.request('blockchain.block.header', 0);
    const bytes = header.ok ? bytesOfHex(header.value, 80) : undefined;
    return bytes?.length === 80 ? txidFromBytes(headerHash(bytes)) : undefined;
  }

  #notified(method: string, params: readonly unknown[]): void {
    if (method === 'blockchain.headers.subscribe') return this.#setTip(params[0]);
    if (method !== 'blockchain.scripthash.subscribe') return;
    const [scriptHash, told] = params;
    const status = statusOf(told);
    if (typeof scriptHash !== 'string' || status === false) return this.#violation('The server sent a malformed notification.');
    if (!this.#statuses.has(scriptHash) || this.#statuses.get(scriptHash) === status) return;
    this.#dirty.add(scriptHash);
    this.poke();
  }

  #setTip(told: unknown): void {
    const tip = serverTipOf(told);
    if (!tip) return this.#violation('The server sent a malformed header.');
    this.#serverTip = tip;
    // Servers announce a block before the histories that it changed: only asking again shows all of them with the tip.
    this.#checkAll = true;
    this.poke();
  }

  /** One round: headers, then the scripts that are new or may have changed. */
  async #pass(): Promise<void> {
    const tip = this.#serverTip;
    if (!tip || this.#ended) return;
    if (!(await this.#syncHeaders(tip))) return;
    await this.#subscribe();
    for (const scriptHash of this.#host.book.unprovenScripts(this.#host.server)) this.#dirty.add(scriptHash);
    const todo = [...this.#dirty];
    this.#dirty.clear();
    await this.#each(todo, (scriptHash) => this.#refresh(scriptHash));
  }

  async #syncHeaders(first: ServerTip): Promise<boolean> {
    const { headers, env } = this.#host;
    let tip = first;
    for (let tries = 0; tries < HEADER_TRIES && !this.#ended; tries++) {
      const synced = await syncHeaders(this.#connection, headers, tip, env.nowSeconds());
      if (synced.ok) return true;
      if (synced.error.code !== 'moved') return this.#syncFault(synced.error);
      const again = await this.#connection.request('blockchain.headers.subscribe');
      const told = again.ok ? serverTipOf(again.value) : undefined;
      if (told) this.#serverTip = tip = told;
    }
    return this.#syncFault({ code: 'invalid_header', reason: 'Its headers change while they are read.' });
  }

  #syncFault(fault: SyncFault): false {
    if (fault.code === 'invalid_header' || fault.code === 'protocol_violation') this.close(fault);
    return false;
  }

  async #subscribe(): Promise<void> {
    const all = this.#checkAll;
    this.#checkAll = false;
    const asked = [...this.#host.book.scriptHashes].filter((scriptHash) => all || !this.#statuses.has(scriptHash));
    await this.#each(asked, async (scriptHash) => {
      const answer = await this.#connection.request('blockchain.scripthash.subscribe', scriptHash);
      if (!answer.ok) return answer.error.kind === 'refused' ? this.#violation('The server refuses to watch a script.') : undefined;
      const status = statusOf(answer.value);
      if (status === false) return this.#violation('The server sent a malformed status.');
      const isNew = !this.#statuses.has(scriptHash);
      if (isNew || this.#statuses.get(scriptHash) !== status) this.#dirty.add(scriptHash);
      if (isNew) this.#statuses.set(scriptHash, null);
    });
  }

  async #refresh(scriptHash: string): Promise<void> {
    const { book, server } = this.#host;
    const answer = await this.#connection.request('blockchain.scripthash.get_history', scriptHash);
    if (!answer.ok) return;
    const items = historyOf(answer.value);
    if (!items) return this.#violation('The server sent a malformed history.');
    let complete = true;
    for (const item of items) if (!(await this.#obtain(item.txid))) complete = false;
    if (this.#ended) return;
    for (const item of items) await this.#prove(scriptHash, item);
    if (this.#ended) return;
    book.setList(scriptHash, server, items);
    // What could not be had is asked for again in the next round: no status equals this one.
    this.#statuses.set(scriptHash, complete ? historyStatus(answer.value) : '');
  }

  async #obtain(txid: string): Promise<boolean> {
    const { book } = this.#host;
    if (book.tx(txid)) return true;
    const answer = await this.#connection.request('blockchain.transaction.get', txid);
    if (!answer.ok) return false;
    const tx = transactionOf(answer.value, txid);
    if (tx) book.addTx(txid, tx);
    else this.#violation('The server sent another transaction than the one asked for.');
    return tx !== undefined;
  }

  async #prove(scriptHash: string, { txid, height }: HistoryItem): Promise<void> {
    const { book, headers } = this.#host;
    if (height === undefined || height > headers.tipHeight || !book.tx(txid) || book.isProven(txid, height) || this.#ended) return;
    if (height < headers.lowestHeight && !(await this.#fetchOlder(height))) return;
    const answer = await this.#connection.request('blockchain.transaction.get_merkle', txid, height);
    if (!answer.ok) return; // unproven, so it counts as waiting
    const proof = merkleOf(answer.value);
    if (!proof) return this.#violation('The server sent a malformed proof.');
    if (proof.height !== height || !headers.header(height)) return; // its chain moved on
    if (book.addProof(scriptHash, txid, proof).ok) return;
    if (await this.#sharesBlock(height)) this.close({ code: 'invalid_merkle_proof', reason: 'The server claims a confirmation that is not true.' });
  }

  #fetchOlder(height: number): Promise<boolean> {
    const fetched = this.#older.then(async () => {
      const result = await fetchOlderHeaders(this.#connection, this.#host.headers, height);
      return result.ok || this.#syncFault(result.error);
    });
    this.#older = fetched;
    return fetched;
  }

  /** Whether the server has the same block there as we: then its proof is wrong, else it may fit its own chain. */
  async #sharesBlock(height: number): Promise<boolean> {
    const answer = await this.#connection.request('blockchain.block.header', height);
    const theirs = answer.ok ? bytesOfHex(answer.value, 80) : undefined;
    const ours = this.#host.headers.headerBytes(height);
    return theirs !== undefined && ours !== undefined && equal(theirs, ours);
  }

  async #each(scriptHashes: readonly string[], task: (scriptHash: string) => Promise<void>): Promise<void> {
    const queue = scriptHashes.values();
    const worker = async (): Promise<void> => {
      for (const scriptHash of queue) {
        if (this.#ended) return;
        await task(scriptHash);
      }
    };
    await Promise.all(Array.from({ length: SCRIPTS_AT_ONCE }, worker));
  }

  /** Until something happens; now and then a question keeps the connection alive, or shows that it is not. */
  async #idle(): Promise<void> {
    if (this.#awake || this.#ended) return;
    const timer = setInterval(() => void this.#connection.request('server.ping'), this.#host.env.tuning.pingMs);
    await new Promise<void>((wake) => { this.#wake = wake; }); // prettier-ignore
    this.#wake = undefined;
    clearInterval(timer);
  }

  #release(): void {
    for (const done of this.#waiters.splice(0)) done();
  }

  #violation(reason: string): void {
    this.close({ code: 'protocol_violation', reason });
  }
}

