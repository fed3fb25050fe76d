import { type Codec, decodeWith, encodeWith, list16, struct, text16, u32 } from '../../codec/codec.ts';
import { txidBytes } from '../../bitcoin/transaction.ts';
import { type BlockFeed, type FeedBlock, FeedFault } from '../../chain/block-feed.ts';
import type { ChainFault } from '../../chain/port.ts';
import { toHex } from '../../lib/bytes.ts';
import type { RecordWrite, Store } from '../../store/port.ts';
import { type Case, type Publication, caseAfterBlock, caseAfterReorg, climbed, decodeCase, encodeCase, isResolved, openCase, publications } from '../../tower/case.ts';
import { hintOf, openBlob } from '../../tower/seal.ts';
import type { NodeLog, NodeSystem } from '../ports.ts';
import type { TowerBook } from './book.ts';

/** Blocks kept to find where a reorganisation began. */
const MAX_RECENT = 300;
/** Blocks whose transactions are held against what comes in afterwards, and looked at again after a restart. */
const LATE_BLOCKS = 6;
/** A resolved case is kept this long: for who wants to know, and far beyond any reorganisation. */
const KEEP_RESOLVED_BLOCKS = 2_016;
const POSITION_KEY = 'towerPosition';
const URGENT_BLOCKS = 2;
const FALLBACK_PER_KW = 2_500;

interface BlockRef {
  readonly height: number;
  readonly hash: string;
}
const position: Codec<readonly BlockRef[]> = list16(struct({ height: u32, hash: text16 }));

export interface GuardOptions {
  readonly store: Store;
  readonly book: TowerBook;
  readonly feed: BlockFeed;
  readonly system: Pick<NodeSystem, 'timers'>;
  readonly log: NodeLog;
  readonly pollMs: number;
  readonly onStatus: () => void;
}

/** Looks at every transaction of every block, and punishes what its clients have given it the means for. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #cases = new Map<string, Case>();
  #recent: BlockRef[] = [];
  /** Hints of the transactions of the last blocks, with their block. */
  readonly #lately = new Map<string, BlockRef>();
  #lookAgain = new Set<BlockRef>();
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #isPoked = false;
  #stopped = false;
  #networkChecked = false;
  #isWatching = false;
  #fault: ChainFault['code'] | undefined;
  /** Cases are published again when a block came, and until everything of them was answered. */
  #owesPublishing = true;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  get status(): { readonly blockHeight: number; readonly isWatching: boolean } {
    return { blockHeight: this.#recent.at(-1)?.height ?? 0, isWatching: this.#isWatching };
  }
  get openCases(): number {
    return [...this.#cases.values()].filter(({ isDone }) => !isDone).length;
  }

  async load(): Promise<void> {
    const { store } = this.#options;
    const stored = await store.get('meta', POSITION_KEY);
    const known = stored ? [...decodeWith(position, stored)] : [];
    // Looked at once more: what was acknowledged while they came may not have met them.
    this.#recent = known.length > LATE_BLOCKS ? known.slice(0, -LATE_BLOCKS) : known.slice(0, 1);
    this.#options.log.debug('the watch goes on', { fromHeight: this.#recent.at(-1)?.height });
    const seenAgainFrom = (this.#recent.at(-1)?.height ?? -1) + 1;
    for (const { key, value } of await store.list('towerCase')) this.#cases.set(key, caseAfterReorg(decodeCase(value), seenAgainFrom));
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.feed.stop();
    this.poke();
    await this.#running;
  }

  poke(): void {
    this.#isPoked = true;
    this.#wake?.();
  }

  /** Appointments that were stored just now, in case their transactions are in a block already. */
  stored(hints: readonly Uint8Array[]): void {
    for (const hint of hints) {
      const block = this.#lately.get(toHex(hint));
      if (!block) continue;
      this.#lookAgain.add(block);
      this.poke();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#isPoked = false;
      await this.#attempt();
      if (!this.#stopped && !this.#isPoked) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.system.timers.after(this.#options.pollMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #attempt(): Promise<void> {
    try {
      if (!this.#networkChecked) await this.#options.feed.checkNetwork();
      this.#networkChecked = true;
      const moved = await this.#follow();
      await this.#examineAgain();
      await this.#publishDue();
      this.#report(undefined, moved);
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof FeedFault && error.fault === 'moved') return this.poke();
      if (error instanceof FeedFault && error.fault !== 'moved' && error.fault.code === 'pruned') this.#recent = []; // a gap, which the log tells, is better than to stand still
      if (!(error instanceof FeedFault)) this.#options.log.error('the watch failed', { reason: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
      this.#report(error instanceof FeedFault && error.fault !== 'moved' ? error.fault : { code: 'unreachable', reason: 'An error inside the tower.' }, false);
    }
  }

  #report(fault: ChainFault | undefined, moved: boolean): void {
    const isWatching = fault === undefined;
    if (fault && fault.code !== this.#fault) this.#options.log.warn('the chain source', { code: fault.code, reason: fault.reason });
    this.#fault = fault?.code;
    const changed = moved || isWatching !== this.#isWatching;
    this.#isWatching = isWatching;
    if (changed) this.#options.onStatus();
  }

  /** Goes on to the tip; true when there was anything new. */
  async #follow(): Promise<boolean> {
    const { feed } = this.#options;
    const tip = await feed.tip();
    if (this.#recent.at(-1)?.hash === tip.hash) return false;
    await this.#findFork();
    if (this.#recent.length === 0) await this.#startAt(tip);
    while (!this.#stopped && this.#recent.at(-1)!.height < tip.height) {
      const last = this.#recent.at(-1)!;
      const hash = await feed.hashAt(last.height + 1);
      if (hash === undefined) throw new FeedFault('moved');
      const block = await feed.block(hash);
      if (block.previousHash !== last.hash) throw new FeedFault('moved');
      await this.#connect(block, last.height + 1);
    }
    return true;
  }

  /** The first start begins a few blocks below the tip: nothing of before can have been handed to this tower. */
  async #startAt(tip: BlockRef): Promise<void> {
    const height = Math.max(0, tip.height - LATE_BLOCKS);
    const hash = await this.#options.feed.hashAt(height);
    if (hash === undefined) throw new FeedFault('moved');
    this.#recent = [{ height, hash }];
  }

  async #findFork(): Promise<void> {
    let gone: BlockRef | undefined;
    for (let last = this.#recent.at(-1); last; last = this.#recent.at(-1)) {
      if ((await this.#options.feed.hashAt(last.height)) === last.hash) break;
      gone = last;
      this.#recent.pop();
    }
    if (!gone) return;
    if (this.#recent.length === 0) this.#options.log.error('a reorganisation deeper than what is known', { blocks: MAX_RECENT });
    const { height } = gone;
    for (const [hint, block] of this.#lately) if (block.height >= height) this.#lately.delete(hint);
    await this.#keep([...this.#cases].map(([id, value]) => [id, caseAfterReorg(value, height)]));
  }

  async #connect(block: FeedBlock, height: number): Promise<void> {
    const here = { height, hash: block.hash };
    const changed = await this.#examine(block, height);
    this.#recent.push(here);
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    for (const id of block.txs.keys()) this.#lately.set(toHex(hintOf(txidBytes(id))), here);
    for (const [hint, { height: at }] of this.#lately) {
      if (at > height - LATE_BLOCKS) break;
      this.#lately.delete(hint);
    }
    this.#options.log.debug('block', { height, transactions: block.txs.size });
    this.#owesPublishing = true;
    // The position moves with what was found there: after a crash in between the block is looked at again.
    await this.#keep(changed, [{ table: 'meta', key: POSITION_KEY, value: encodeWith(position, this.#recent) }]);
  }

  /** The cases that a block opens or moves on. */
  async #examine(block: FeedBlock, height: number): Promise<readonly (readonly [string, Case])[]> {
    const opened = new Map<string, Case>();
    for (const [id, tx] of block.txs) {
      const idBytes = txidBytes(id);
      const plains: Uint8Array[] = [...(this.#cases.get(id)?.justices ?? [])];
      const known = plains.length;
      for await (const blob of this.#options.book.blobs(hintOf(idBytes))) {
        const plain = openBlob(idBytes, blob);
        if (plain && openCase(tx, height, [plain])) plains.push(plain);
      }
      const found = plains.length > known ? openCase(tx, height, plains) : undefined;
      const before = this.#cases.get(id);
      if (!found || found.justices.length === before?.justices.length) continue;
      if (!before) this.#options.log.warn('a revoked commitment was published', { txid: id, height });
      opened.set(id, before ? { ...before, justices: found.justices, isDone: false } : found);
    }
    const all = new Map([...this.#cases, ...opened]);
    const moved = [...all].map(([id, value]) => [id, value.isDone ? value : caseAfterBlock(value, height, block.txs)] as const);
    return moved.filter(([id, value]) => this.#cases.get(id) !== value);
  }

  async #examineAgain(): Promise<void> {
    const blocks = [...this.#lookAgain];
    this.#lookAgain = new Set();
    for (const { hash, height } of blocks) {
      if (!this.#recent.some((ref) => ref.hash === hash)) continue;
      const changed = await this.#examine(await this.#options.feed.block(hash), height);
      await this.#keep(changed);
      if (changed.length > 0) this.#owesPublishing = true;
    }
  }

  async #keep(changed: readonly (readonly [string, Case])[], more: readonly RecordWrite[] = []): Promise<void> {
    const writes = changed.filter(([id, value]) => this.#cases.get(id) !== value);
    const records = [...writes.map(([key, value]): RecordWrite => ({ table: 'towerCase', key, value: encodeCase(value) })), ...more];
    // In memory first: justice goes on even when the disk is full, only a restart would begin its ladder again.
    for (const [id, value] of writes) this.#cases.set(id, value);
    if (records.length > 0) await this.#options.store.commit({ records });
  }

  async #publishDue(): Promise<void> {
    if (!this.#owesPublishing || this.#stopped) return;
    const estimate = (await this.#options.feed.feerate(URGENT_BLOCKS)) ?? FALLBACK_PER_KW;
    const tipHeight = this.status.blockHeight;
    let owes = false;
    for (const [id, value] of this.#cases) {
      if (value.isDone) {
        await this.#forgetOld(id, value, tipHeight);
        continue;
      }
      if (isResolved(value, tipHeight)) {
        await this.#keep([[id, { ...value, isDone: true }]]);
        this.#options.log.info('a breach is resolved', { txid: id });
        continue;
      }
      const [next, wanted] = publications(value, tipHeight, estimate);
      // Where the ladder stands is durable first: after a restart no fee falls below what was published.
      await this.#keep([[id, next]]).catch((error: unknown) => this.#options.log.error('the tower cannot write', { reason: String(error) }));
      for (const publication of wanted) owes = (await this.#publish(id, publication)) || owes;
    }
    this.#owesPublishing = owes;
  }

  async #forgetOld(id: string, { height }: Case, tipHeight: number): Promise<void> {
    if (height === undefined || tipHeight - height < KEEP_RESOLVED_BLOCKS) return;
    this.#cases.delete(id);
    await this.#options.store.commit({ records: [{ table: 'towerCase', key: id, value: undefined }] });
  }

  /** True when it should be tried again without waiting for a block. */
  async #publish(id: string, { key, rawTx, feeratePerKw, canClimb }: Publication): Promise<boolean> {
    const result = await this.#options.feed.publish(rawTx);
    if (result.ok) {
      this.#options.log.info('justice published', { output: key, feeratePerKw });
      return false;
    }
    this.#options.log.debug('justice not taken', { output: key, feeratePerKw, code: result.code, reason: result.reason });
    if (result.code === 'unreachable') return true;
    if ((result.code !== 'fee_too_low' && result.code !== 'conflict') || !canClimb) return false;
    await this.#keep([[id, climbed(this.#cases.get(id)!, key)]]);
    this.poke();
    return true;
  }
}
