import { toHex } from '../../core/lib/bytes.ts';
import { sat } from '../../core/lib/units.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { type ScriptHistory } from '../../core/bitcoin/history.ts';
import {
  type OutPoint,
  type Tx,
  type TxOutput,
  outPointKey,
  txid,
  unsignedInput,
} from '../../core/bitcoin/transaction.ts';
import type { ScriptPath } from '../../core/wallet/accounts.ts';

const COINBASE_POINT: OutPoint = { txid: '0'.repeat(64), vout: 0xffff_ffff };

/** A script of the right shape for a path, without the work of deriving keys. */
export function standInScript({ kind, branch, index }: ScriptPath): Uint8Array {
  const hash = sha256(new TextEncoder().encode(`${kind} ${branch} ${index}`));
  return kind === 'p2wpkh' ? Uint8Array.of(0, 20, ...hash.subarray(0, 20)) : Uint8Array.of(0x51, 32, ...hash);
}

export const foreignScript = (n: number): Uint8Array =>
  Uint8Array.of(0, 20, ...sha256(new TextEncoder().encode(`foreign ${n}`)).subarray(0, 20));

/** Transactions without signatures, told apart by their lock time. */
export const bareTx = (inputs: readonly OutPoint[], outputs: readonly TxOutput[], locktime = 0): Tx => ({
  version: 2, inputs: inputs.map((point) => unsignedInput(point, 0xffff_fffd)), outputs, locktime,
}); // prettier-ignore

export interface Placed {
  readonly tx: Tx;
  readonly txid: string;
  readonly height: number | undefined;
  readonly txIndex: number | undefined;
}

/** Blocks and a mempool that are always consistent: the truth that histories are cut from. */
export class TestChain {
  readonly blocks: Tx[][] = [];
  mempool: Tx[] = [];
  #made = 0;

  get tipHeight(): number {
    return this.blocks.length;
  }

  /** Heights count from 1. */
  placed(): readonly Placed[] {
    const inBlocks = this.blocks.flatMap((block, i) =>
      block.map((tx, txIndex) => ({
        tx,
        txid: txid(tx),
        height: (i + 1) as number | undefined,
        txIndex: txIndex as number | undefined,
      })),
    );
    return [...inBlocks, ...this.mempool.map((tx) => ({ tx, txid: txid(tx), height: undefined, txIndex: undefined }))];
  }

  unspent(): Map<string, OutPoint & TxOutput> {
    const unspent = new Map<string, OutPoint & TxOutput>();
    for (const { tx, txid: id } of this.placed()) {
      for (const input of tx.inputs) unspent.delete(outPointKey(input));
      tx.outputs.forEach((output, vout) => unspent.set(`${id}:${vout}`, { ...output, txid: id, vout }));
    }
    return unspent;
  }

  make(inputs: readonly OutPoint[], outputs: readonly TxOutput[]): Tx {
    return bareTx(inputs, outputs, ++this.#made);
  }

  broadcast(tx: Tx): void {
    this.mempool.push(tx);
  }

  mine(count: number, reward: Uint8Array): void {
    const coinbase = this.make([COINBASE_POINT], [{ amountSat: sat(5_000_000n), script: reward }]);
    // Parents stand before children in the mempool.
    this.blocks.push([coinbase, ...this.mempool.slice(0, count)]);
    this.mempool = this.mempool.slice(count);
  }

  /** Takes a transaction out of the mempool with all that hangs on it. */
  evict(gone: Tx): void {
    const ids = new Set([txid(gone)]);
    this.mempool = this.mempool.filter((tx) => {
      if (tx !== gone && !tx.inputs.some((input) => ids.has(input.txid))) return true;
      ids.add(txid(tx));
      return false;
    });
  }

  /** The blocks' transactions wait again, but for their coinbases. */
  disconnect(depth: number): void {
    for (let i = 0; i < depth && this.blocks.length > 0; i++) {
      const [coinbase, ...others] = this.blocks.pop()!;
      this.mempool = [coinbase!, ...others, ...this.mempool];
      this.evict(coinbase!);
    }
  }

  historyOf(script: Uint8Array): ScriptHistory {
    const hex = toHex(script);
    const paying = new Set<string>();
    const entries = this.placed().filter(({ tx, txid: id }) => {
      let touches = tx.inputs.some((input) => paying.has(outPointKey(input)));
      tx.outputs.forEach((output, vout) => {
        if (toHex(output.script) !== hex) return;
        paying.add(`${id}:${vout}`);
        touches = true;
      });
      return touches;
    });
    return { script, entries: entries.map(({ tx, txid: id, height, txIndex }) => ({ tx, txid: id, height, txIndex })) };
  }
}
