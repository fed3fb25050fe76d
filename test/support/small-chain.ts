import { type OutPoint, type Tx, type TxOutput, outPointKey, txid } from '../../core/bitcoin/transaction.ts';
import { scriptVerdict } from '../unit/tx/interpreter.ts';

interface Unspent {
  readonly output: TxOutput;
  readonly height: number;
}

/**
 * A chain of the transactions that it is given, one call a transaction: it takes only what the rules of the network allow at
 * that height, so that a height, an amount or a witness which is wrong by one is refused.
 */
export class SmallChain {
  readonly #unspent = new Map<string, Unspent>();
  readonly confirmed: { readonly tx: Tx; readonly height: number; readonly feeSat: bigint }[] = [];
  #coins = 0;

  /** An output out of nowhere, old enough for everything. */
  coin(output: TxOutput): OutPoint {
    const outPoint = { txid: (++this.#coins).toString(16).padStart(64, 'c0'), vout: 0 };
    this.#unspent.set(outPointKey(outPoint), { output, height: 0 });
    return outPoint;
  }

  add(outPoint: OutPoint, output: TxOutput): void {
    this.#unspent.set(outPointKey(outPoint), { output, height: 0 });
  }

  outputOf(outPoint: OutPoint): TxOutput | undefined {
    return this.#unspent.get(outPointKey(outPoint))?.output;
  }

  /** Why a block at `height` could not hold it; undefined when it could. */
  refusal(tx: Tx, height: number): string | undefined {
    const spent = tx.inputs.map((input) => this.#unspent.get(outPointKey(input)));
    if (spent.includes(undefined)) return 'input spent or unknown';
    const inputs = spent as readonly Unspent[];
    const sumSat = inputs.reduce((sum, { output }) => sum + output.amountSat, 0n);
    if (tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n) > sumSat) return 'pays more than it has';
    // Heights only; a commitment's lock time is a date long gone, and its input's sequence has no BIP 68 meaning.
    if (tx.locktime < 500_000_000 && tx.locktime >= height && tx.inputs.some(({ sequence }) => sequence !== 0xffff_ffff)) return 'locked';
    const isYoung = tx.inputs.some(({ sequence }, i) => (sequence & 0x8040_0000) === 0 && inputs[i]!.height + (sequence & 0xffff) > height);
    if (isYoung) return 'input too young';
    const verdict = scriptVerdict(tx, inputs.map(({ output }) => output));
    return verdict === 'valid' ? undefined : `script: ${verdict}`;
  }

  /** The first height, from `from` on, at which a block could hold it; what no waiting mends is an error. */
  earliest(tx: Tx, from: number): number {
    let height = from;
    for (; ; height++) {
      const refusal = this.refusal(tx, height);
      if (refusal === undefined) return height;
      if (refusal !== 'locked' && refusal !== 'input too young') throw new Error(`never: ${refusal}`);
    }
  }

  confirm(tx: Tx, height: number): void {
    const refusal = this.refusal(tx, height);
    if (refusal !== undefined) throw new Error(`refused at ${height}: ${refusal}`);
    const paidSat = tx.inputs.reduce((sum, input) => sum + this.outputOf(input)!.amountSat, 0n);
    for (const input of tx.inputs) this.#unspent.delete(outPointKey(input));
    const id = txid(tx);
    for (const [vout, output] of tx.outputs.entries()) this.#unspent.set(outPointKey({ txid: id, vout }), { output, height });
    this.confirmed.push({ tx, height, feeSat: paidSat - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n) });
  }
}
