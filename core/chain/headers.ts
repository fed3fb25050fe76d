import { txidFromBytes } from '../bitcoin/transaction.ts';
import { equal } from '../lib/bytes.ts';
import { err, must, ok, type Result } from '../lib/result.ts';
import { RETARGET_INTERVAL, type ChainParams } from './chain-params.ts';
import { HEADER_BYTES, headerHash, meetsTarget, parseHeader, retargetBits, targetOfBits, workOfTarget, type BlockHeader } from './header.ts';
import type { ChainTip } from './port.ts';

export type HeaderErrorCode =
  | 'length' | 'unconnected' | 'checkpoint' | 'wrong_bits' | 'no_work' | 'time_too_old' | 'time_too_new'; // prettier-ignore

export interface HeaderError {
  readonly code: HeaderErrorCode;
  readonly height: number;
}

export interface HeadersAccepted {
  /** False when the branch is valid but has not more work than ours, or is all known. */
  readonly isBest: boolean;
  /** Last block that stayed; below our first one (checkpoint - 1) when all was replaced. */
  readonly forkHeight: number;
  /** Blocks that left our chain. */
  readonly undone: number;
}

const MAX_FUTURE_SECONDS = 2 * 60 * 60;
const MEDIAN_BLOCKS = 11;
const MIN_DIFFICULTY_AFTER_SECONDS = 20 * 60;
/** Longest branch looked at in one go: keeps a server from making us hold more. */
export const MAX_BRANCH_HEADERS = 10 * RETARGET_INTERVAL;
const GROW_HEADERS = 4096;

/**
 * The chain of headers with the most work above a checkpoint: 80 bytes a block in one buffer, hashes computed when asked.
 * Every header's proof of work, target, link and time were checked when it came in.
 */
export class HeaderChain {
  readonly params: ChainParams;
  readonly startHeight: number;
  #bytes = new Uint8Array(GROW_HEADERS * HEADER_BYTES);
  #count = 0;
  #work = 0n;
  #tip: ChainTip | undefined;
  /** Below the checkpoint, newest chunk first: known by their hash links alone, which the checkpoint pins. */
  readonly #older: { readonly height: number; readonly bytes: Uint8Array }[] = [];

  constructor(params: ChainParams) {
    this.params = params;
    this.startHeight = params.checkpoint.height;
  }

  /** One below the first when there is none yet. */
  get tipHeight(): number {
    return this.startHeight + this.#count - 1;
  }
  get tip(): ChainTip | undefined {
    return this.#tip;
  }
  /** Of all headers above the checkpoint together. */
  get work(): bigint {
    return this.#work;
  }

  /** A view: do not keep it. */
  headerBytes(height: number): Uint8Array | undefined {
    const at = height - this.startHeight;
    if (at >= 0) return at < this.#count ? headerAt(this.#bytes, at) : undefined;
    const chunk = this.#older.find((older) => older.height <= height);
    return chunk && headerAt(chunk.bytes, height - chunk.height);
  }

  /** The lowest height whose header is here, or would be next from the checkpoint on. */
  get lowestHeight(): number {
    return this.#older.at(-1)?.height ?? this.startHeight;
  }

  /**
   * Takes headers that end just below the lowest one. Their proof of work needs no check: the checkpoint commits to them by
   * hash. False when they do not link up. For proofs of transactions from before the checkpoint.
   */
  prepend(headers: Uint8Array): boolean {
    const count = headers.length / HEADER_BYTES;
    if (!Number.isInteger(count) || count === 0 || count > this.lowestHeight) return false;
    const lowest = this.#older.at(-1);
    let linked = lowest ? parseHeader(headerAt(lowest.bytes, 0)).previousHash : this.params.checkpoint.previousHash;
    for (let at = count - 1; at >= 0; at--) {
      const bytes = headerAt(headers, at);
      if (!equal(headerHash(bytes), linked)) return false;
      linked = parseHeader(bytes).previousHash;
    }
    this.#older.push({ height: this.lowestHeight - count, bytes: headers.slice() });
    return true;
  }

  header(height: number): BlockHeader | undefined {
    const bytes = this.headerBytes(height);
    return bytes && parseHeader(bytes);
  }

  /** Wire order. */
  hashAt(height: number): Uint8Array | undefined {
    if (height === this.startHeight - 1) return this.params.checkpoint.previousHash;
    const bytes = this.headerBytes(height);
    return bytes && headerHash(bytes);
  }

  /** Median of the times of a block and the ten before it (as far as known). */
  medianTimeSeconds(height: number): number | undefined {
    const times: number[] = [];
    for (let h = height; h > height - MEDIAN_BLOCKS; h--) {
      const header = this.header(h);
      if (header) times.push(header.timeSeconds);
    }
    return median(times);
  }

  /**
   * Offers consecutive headers (80 bytes each), the first at `firstHeight`. What equals our chain is skipped; the rest is
   * checked and replaces ours from the fork on when it has more work. `nowSeconds` only bounds times in the future.
   * Error `unconnected`: it builds on none of our blocks at that height, so ask for earlier ones.
   */
  accept(firstHeight: number, headers: Uint8Array, nowSeconds: number): Result<HeadersAccepted, HeaderError> {
    const count = headers.length / HEADER_BYTES;
    if (!Number.isInteger(count) || count > MAX_BRANCH_HEADERS || firstHeight < this.startHeight) return err({ code: 'length', height: firstHeight });
    let known = 0;
    while (known < count && this.#holds(firstHeight + known, headerAt(headers, known))) known++;
    const forkHeight = firstHeight + known - 1;
    if (known === count) return ok({ isBest: false, forkHeight, undone: 0 });
    if (forkHeight > this.tipHeight || !this.hashAt(forkHeight)) return err({ code: 'unconnected', height: firstHeight });
    const branch = new Branch(this, forkHeight, headers.subarray(known * HEADER_BYTES));
    const work = branch.check(nowSeconds);
    if (!work.ok) return work;
    const undone = this.tipHeight - forkHeight;
    const replacedWork = this.#workAbove(forkHeight);
    if (work.value <= replacedWork) return ok({ isBest: false, forkHeight, undone: 0 });
    this.#replace(forkHeight, branch.bytes, this.#work - replacedWork + work.value);
    return ok({ isBest: true, forkHeight, undone });
  }

  /** For a cache: start height, then the headers. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(4 + this.#count * HEADER_BYTES);
    new DataView(bytes.buffer).setUint32(0, this.startHeight);
    bytes.set(this.#bytes.subarray(0, this.#count * HEADER_BYTES), 4);
    return bytes;
  }

  /** Checks everything again, so a damaged or foreign cache ends where it stops to be right, at worst in an empty chain. */
  static fromBytes(params: ChainParams, bytes: Uint8Array, nowSeconds: number): HeaderChain {
    const chain = new HeaderChain(params);
    if (bytes.length < 4) return chain;
    const start = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (start !== chain.startHeight) return chain;
    const step = RETARGET_INTERVAL * HEADER_BYTES;
    for (let at = 4; at < bytes.length; at += step) {
      const length = Math.min(step, bytes.length - at);
      const chunk = bytes.subarray(at, at + length - (length % HEADER_BYTES));
      if (!chain.accept(chain.tipHeight + 1, chunk, nowSeconds).ok) break;
    }
    return chain;
  }

  #holds(height: number, bytes: Uint8Array): boolean {
    const ours = this.headerBytes(height);
    return ours !== undefined && equal(ours, bytes);
  }

  #workAbove(height: number): bigint {
    let work = 0n;
    for (let h = height + 1; h <= this.tipHeight; h++) work += workOfBits(must(this.header(h), 'header').bits);
    return work;
  }

  #replace(forkHeight: number, branch: Uint8Array, work: bigint): void {
    const keep = (forkHeight - this.startHeight + 1) * HEADER_BYTES;
    const length = keep + branch.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(length + GROW_HEADERS * HEADER_BYTES);
      grown.set(this.#bytes.subarray(0, keep));
      this.#bytes = grown;
    }
    this.#bytes.set(branch, keep);
    this.#count = length / HEADER_BYTES;
    this.#work = work;
    const { timeSeconds } = must(this.header(this.tipHeight), 'tip header');
    this.#tip = { height: this.tipHeight, hash: txidFromBytes(must(this.hashAt(this.tipHeight), 'tip hash')), timeSeconds };
  }
}

const headerAt = (headers: Uint8Array, at: number): Uint8Array => headers.subarray(at * HEADER_BYTES, (at + 1) * HEADER_BYTES);
const workOfBits = (bits: number): bigint => workOfTarget(must(targetOfBits(bits), 'checked target'));

function median(times: readonly number[]): number | undefined {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** New headers on top of a block of ours: sees our chain up to the fork and itself above. */
class Branch {
  readonly #chain: HeaderChain;
  readonly #forkHeight: number;
  readonly #limit: bigint;
  /** Of the last eleven blocks. */
  readonly #times: number[] = [];
  readonly bytes: Uint8Array;

  constructor(chain: HeaderChain, forkHeight: number, bytes: Uint8Array) {
    this.#chain = chain;
    this.#forkHeight = forkHeight;
    this.bytes = bytes;
    this.#limit = must(targetOfBits(chain.params.powLimitBits), 'limit');
  }

  /** The branch's work. */
  check(nowSeconds: number): Result<bigint, HeaderError> {
    let work = 0n;
    let previousHash = must(this.#chain.hashAt(this.#forkHeight), 'fork');
    for (let h = Math.max(this.#forkHeight - MEDIAN_BLOCKS + 1, this.#chain.startHeight); h <= this.#forkHeight; h++) {
      this.#times.push(must(this.#chain.header(h), 'header').timeSeconds);
    }
    for (let at = 0; at < this.bytes.length / HEADER_BYTES; at++) {
      const height = this.#forkHeight + 1 + at;
      const bytes = headerAt(this.bytes, at);
      const header = parseHeader(bytes);
      const hash = headerHash(bytes);
      const target = targetOfBits(header.bits);
      const code = this.#fault(height, { header, hash, previousHash, target }, nowSeconds);
      if (code) return err({ code, height });
      work += workOfTarget(must(target, 'checked target'));
      previousHash = hash;
      this.#times.push(header.timeSeconds);
      if (this.#times.length > MEDIAN_BLOCKS) this.#times.shift();
    }
    return ok(work);
  }

  #fault(height: number, { header, hash, previousHash, target }: Candidate, nowSeconds: number): HeaderErrorCode | undefined {
    const { checkpoint } = this.#chain.params;
    if (!equal(header.previousHash, previousHash)) return height === this.#chain.startHeight ? 'checkpoint' : 'unconnected';
    const pinned = checkpoint.pinned.get(height);
    if (pinned && !equal(pinned, hash)) return 'checkpoint';
    if (target === undefined || target > this.#limit) return 'wrong_bits';
    const bits = this.#requiredBits(height, header.timeSeconds);
    if (bits !== undefined && bits !== header.bits) return 'wrong_bits';
    if (!meetsTarget(hash, target)) return 'no_work';
    // With fewer known than the rule counts, the median would be another one than the network's.
    const past = this.#times.length === MEDIAN_BLOCKS ? median(this.#times) : undefined;
    if (past !== undefined && header.timeSeconds <= past) return 'time_too_old';
    return header.timeSeconds > nowSeconds + MAX_FUTURE_SECONDS ? 'time_too_new' : undefined;
  }

  #header(height: number): BlockHeader | undefined {
    if (height <= this.#forkHeight) return this.#chain.header(height);
    return parseHeader(headerAt(this.bytes, height - this.#forkHeight - 1));
  }

  /** Undefined at a checkpoint that does not say. */
  #requiredBits(height: number, timeSeconds: number): number | undefined {
    const { checkpoint, powLimitBits, retargets, allowsMinDifficulty } = this.#chain.params;
    if (height === checkpoint.height) return checkpoint.bits;
    if (!retargets) return powLimitBits;
    const last = must(this.#header(height - 1), 'previous header');
    if (height % RETARGET_INTERVAL === 0) {
      const first = must(this.#header(height - RETARGET_INTERVAL), 'first header of the period');
      const period = { firstTimeSeconds: first.timeSeconds, lastTimeSeconds: last.timeSeconds, lastBits: last.bits };
      return retargetBits(period, powLimitBits);
    }
    if (!allowsMinDifficulty) return last.bits;
    if (timeSeconds > last.timeSeconds + MIN_DIFFICULTY_AFTER_SECONDS) return powLimitBits;
    // Back to what was asked before blocks of the 20-minute rule.
    let h = height - 1;
    while (h % RETARGET_INTERVAL !== 0 && this.#header(h)?.bits === powLimitBits) h--;
    return this.#header(h)?.bits;
  }
}

interface Candidate {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly target: bigint | undefined;
}
