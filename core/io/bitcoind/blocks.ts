import { chainParams } from '../../chain/chain-params.ts';
import type { ChainTip } from '../../chain/port.ts';
import { DecodeError } from '../../codec/reader.ts';
import { networks } from '../../bitcoin/network.ts';
import { txidFromBytes } from '../../bitcoin/transaction.ts';
import type { ChainEnvironment } from '../chain-options.ts';
import { bytesOfHex, isCount, isHash, isRecord } from '../foreign-json.ts';
import { faultOf, RoundFault, violation } from './failure.ts';
import { decodeBlock, type Block, type ScriptLedger, type ScriptRecord } from './ledger.ts';
import type { BlockRef } from './progress.ts';
import type { BitcoindRpc } from './rpc.ts';

/** Blocks kept by hash to find where a reorganisation began; a deeper one means scanning from the birthdays again. */
const MAX_RECENT = 300;
/** Blocks looked at before news of the tip is asked for again. */
const RESCAN_SLICE = 50;
const MAX_BLOCK_BYTES = 4_100_000;
const PRUNED = /pruned|not available|not fully downloaded/i;
const NO_SUCH_BLOCK = new Set([-5, -8]);

interface HeaderInfo {
  readonly height: number;
  readonly timeSeconds: number;
  /** Negative when the block is not in the best chain. */
  readonly confirmations: number;
  readonly chainWork: bigint;
}

/** Follows the node's best chain block by block, and goes back for scripts that are older than their watching. */
export class BlockFollower {
  readonly #rpc: BitcoindRpc;
  readonly #env: ChainEnvironment;
  readonly #ledger: ScriptLedger;
  #recent: BlockRef[] = [];
  #tip: ChainTip | undefined;
  #work = 0n;
  #workBelow: bigint | undefined;
  #rescan: { next: number; readonly records: ReadonlySet<ScriptRecord> } | undefined;

  constructor(rpc: BitcoindRpc, env: ChainEnvironment, ledger: ScriptLedger) {
    this.#rpc = rpc;
    this.#env = env;
    this.#ledger = ledger;
  }

  get tip(): ChainTip | undefined {
    return this.#tip;
  }
  /** Above the network's checkpoint. */
  get work(): bigint {
    return this.#work;
  }
  get recent(): readonly BlockRef[] {
    return this.#recent;
  }

  restore(recent: readonly BlockRef[]): void {
    this.#recent = [...recent];
  }

  /** The node must be of our network and on the chain of our checkpoint. */
  async checkNetwork(): Promise<void> {
    const { genesisHash, checkpoint } = chainParams[this.#env.network];
    const genesis = await this.#hashAt(0);
    if (genesis !== txidFromBytes(genesisHash) || txidFromBytes(networks[this.#env.network].chainHash) !== genesis) {
      throw new RoundFault({ code: 'other_network', reason: 'The node is for another network.' });
    }
    this.#workBelow = checkpoint.height === 0 ? 0n : undefined;
    const below = checkpoint.height === 0 ? undefined : await this.#hashAt(checkpoint.height - 1);
    if (below === undefined) return; // at the checkpoint's start, or still downloading blocks below it
    if (below !== txidFromBytes(checkpoint.previousHash)) {
      throw new RoundFault({ code: 'invalid_header', reason: "The node's chain is not the one of the built-in checkpoint." });
    }
    this.#workBelow = (await this.#header(below))?.chainWork;
  }

  /** Catches up with the node's best block. True when anything changed. */
  async advance(): Promise<boolean> {
    const best = await this.bestHash();
    if (best === this.#tip?.hash) return false;
    await this.#findFork();
    const header = await this.#header(best);
    if (!header || header.confirmations < 0) throw new RoundFault('moved');
    const last = this.#recent.at(-1);
    if (last === undefined) {
      this.#startAt(header.height, best);
    } else if (this.#ledger.size === 0 && last.height < header.height) {
      this.#recent = [{ height: header.height, hash: best }];
    } else {
      await this.#connectUpTo(header.height);
      if (this.#recent.at(-1)?.hash !== best) throw new RoundFault('moved');
    }
    this.#tip = { height: header.height, hash: best, timeSeconds: header.timeSeconds };
    this.#work = this.#workBelow === undefined ? 0n : header.chainWork - this.#workBelow;
    return true;
  }

  async bestHash(): Promise<string> {
    const best = await this.#rpc.call('getbestblockhash');
    if (!best.ok) throw faultOf(best.error);
    if (!isHash(best.value)) throw violation('The node sent a malformed block hash.');
    return best.value;
  }

  /** Looks through some old blocks; true while there are more. */
  async rescanSlice(): Promise<boolean> {
    const tipHeight = this.#tip?.height;
    if (tipHeight === undefined) return false;
    this.#rescan ??= this.#nextRescan(tipHeight);
    const rescan = this.#rescan;
    if (!rescan) return false;
    const end = Math.min(rescan.next + RESCAN_SLICE, tipHeight + 1);
    for (; rescan.next < end; rescan.next++) {
      const hash = await this.#hashAt(rescan.next);
      if (hash === undefined) throw new RoundFault('moved');
      this.#enter(await this.#block(hash, rescan.next), rescan.next);
    }
    if (rescan.next <= tipHeight) return true;
    for (const record of rescan.records) record.scannedFrom = Math.min(record.scannedFrom, record.fromHeight);
    this.#rescan = this.#nextRescan(tipHeight);
    return this.#rescan !== undefined;
  }

  get owesRescan(): boolean {
    return this.#rescan !== undefined || (this.#tip !== undefined && this.#nextRescan(this.#tip.height) !== undefined);
  }

  #nextRescan(tipHeight: number): { next: number; records: ReadonlySet<ScriptRecord> } | undefined {
    const records = new Set<ScriptRecord>();
    let next = Infinity;
    for (const record of this.#ledger.records) {
      if (record.scannedFrom <= record.fromHeight) continue;
      if (record.fromHeight > tipHeight) {
        record.scannedFrom = record.fromHeight; // every block from there on will be seen as it comes
        continue;
      }
      records.add(record);
      next = Math.min(next, record.fromHeight);
    }
    return records.size > 0 ? { next: Math.max(0, next), records } : undefined;
  }

  /** Nothing known below: what was found before belongs to a chain that we cannot follow any more. */
  #startAt(height: number, hash: string): void {
    this.#ledger.disconnectAbove(-1);
    for (const record of this.#ledger.records) record.scannedFrom = Infinity;
    this.#rescan = undefined;
    this.#recent = [{ height, hash }];
  }

  /** Goes back to the last block of ours that is in the node's best chain. */
  async #findFork(): Promise<void> {
    let undone = false;
    for (let last = this.#recent.at(-1); last; last = this.#recent.at(-1)) {
      const header = await this.#header(last.hash);
      if (header && header.confirmations >= 0 && header.height === last.height) break;
      this.#recent.pop();
      undone = true;
    }
    const last = this.#recent.at(-1);
    if (!undone || !last) return;
    this.#ledger.disconnectAbove(last.height);
    if (this.#rescan) this.#rescan.next = Math.min(this.#rescan.next, last.height + 1);
    // Whatever stops the round from here on, these blocks are no longer our tip.
    this.#tip = undefined;
  }

  async #connectUpTo(height: number): Promise<void> {
    for (let last = this.#recent.at(-1); last && last.height < height; last = this.#recent.at(-1)) {
      const next = last.height + 1;
      const hash = await this.#hashAt(next);
      if (hash === undefined) throw new RoundFault('moved');
      const block = await this.#block(hash, next);
      if (txidFromBytes(block.header.previousHash) !== last.hash) throw new RoundFault('moved');
      this.#enter(block, next);
      this.#recent.push({ height: next, hash });
      if (this.#recent.length > MAX_RECENT) this.#recent.shift();
    }
  }

  #enter(block: Block, height: number): void {
    if (this.#ledger.connect(block, height) === 'wrong_root') throw violation('The node sent a block whose transactions are not those of its header.');
  }

  async #hashAt(height: number): Promise<string | undefined> {
    const answer = await this.#rpc.call('getblockhash', height);
    if (!answer.ok && answer.error.kind === 'refused' && NO_SUCH_BLOCK.has(answer.error.code)) return undefined;
    if (!answer.ok) throw faultOf(answer.error);
    if (!isHash(answer.value)) throw violation('The node sent a malformed block hash.');
    return answer.value;
  }

  /** Undefined when the node does not know the block. */
  async #header(hash: string): Promise<HeaderInfo | undefined> {
    const answer = await this.#rpc.call('getblockheader', hash, true);
    if (!answer.ok && answer.error.kind === 'refused' && NO_SUCH_BLOCK.has(answer.error.code)) return undefined;
    if (!answer.ok) throw faultOf(answer.error);
    const { value } = answer;
    const ok = isRecord(value) && isCount(value['height']) && isCount(value['time']) && Number.isInteger(value['confirmations']) && isHash(value['chainwork']);
    if (!ok) throw violation('The node sent a malformed header.');
    return {
      height: value['height'] as number,
      timeSeconds: value['time'] as number,
      confirmations: value['confirmations'] as number,
      chainWork: BigInt(`0x${value['chainwork'] as string}`),
    };
  }

  async #block(hash: string, height: number): Promise<Block> {
    const answer = await this.#rpc.call('getblock', hash, 0);
    if (!answer.ok && answer.error.kind === 'refused' && PRUNED.test(answer.error.text)) {
      const reason = `The node has deleted block ${height}, which this wallet must see. Let the node download the chain again without pruning (prune=0, then restart it with -reindex), or use an Electrum server.`;
      throw new RoundFault({ code: 'pruned', reason });
    }
    if (!answer.ok && answer.error.kind === 'refused') throw new RoundFault('moved');
    if (!answer.ok) throw faultOf(answer.error);
    const bytes = bytesOfHex(answer.value, MAX_BLOCK_BYTES);
    if (!bytes) throw violation('The node sent a malformed block.');
    const block = await decodeBlock(bytes).catch((error: unknown) => {
      throw error instanceof DecodeError ? violation('The node sent a block that cannot be read.') : error;
    });
    if (block.hash !== hash) throw violation('The node sent another block than the one asked for.');
    return block;
  }
}
