import { type OutPoint, type Tx, type TxOutput, encodeTx, outPointKey, txid } from '../../../core/bitcoin/transaction.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import type { SideName } from '../../support/channel-pair.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';

export interface Mined {
  readonly tx: Tx;
  readonly txid: string;
  readonly height: number;
  readonly by: SideName;
  readonly feeSat: bigint;
}

export interface Offer {
  readonly tx: Tx;
  readonly by: SideName;
}

/** What bcoin said of a transaction with its witness: the same one comes in many cells. */
const verdicts = new Map<string, string>();
export const checked = { scripts: 0, transactions: 0 };

function verdictOn(tx: Tx, spent: readonly TxOutput[]): string {
  checked.transactions++;
  const key = toHex(sha256(encodeTx(tx)));
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  checked.scripts += tx.inputs.length;
  const verdict = scriptVerdict(tx, spent);
  verdicts.set(key, verdict);
  return verdict;
}

/** What happened to the chain, in its order; heights between blocks that hold nothing are not told. */
export type Happening = { readonly height: number; readonly txs: readonly Tx[] } | { readonly undone: number };

interface Unspent {
  readonly output: TxOutput;
  readonly height: number;
}

/** Blocks with the rules that closes depend on: no double spends, no money from nothing, both kinds of locks, scripts. */
export class GridChain {
  tip: number;
  mined: Mined[] = [];
  readonly happenings: Happening[] = [];
  readonly #given = new Map<string, Unspent>();
  #unspent = new Map<string, Unspent>();
  #spenders = new Map<string, Mined>();

  constructor(tip: number) {
    this.tip = tip;
  }

  give(outPoint: OutPoint, output: TxOutput): void {
    this.#given.set(outPointKey(outPoint), { output, height: 0 });
    this.#unspent.set(outPointKey(outPoint), { output, height: 0 });
  }

  isUnspent(outPoint: OutPoint): boolean {
    return this.#unspent.has(outPointKey(outPoint));
  }

  spenderOf(outPoint: OutPoint): Mined | undefined {
    return this.#spenders.get(outPointKey(outPoint));
  }

  outputOf({ txid: id, vout }: OutPoint): TxOutput | undefined {
    return this.#given.get(`${id}:${vout}`)?.output ?? this.mined.find((one) => one.txid === id)?.tx.outputs[vout];
  }

  /** What can be mined in the next block, first come, first served; what was offered although it can never be, or not yet, throws. */
  mine(offers: readonly Offer[]): readonly Mined[] {
    const height = ++this.tip;
    const before = this.mined.length;
    for (const { tx, by } of offers) {
      const spent = tx.inputs.map((input) => this.#unspent.get(outPointKey(input)));
      if (spent.includes(undefined)) continue;
      const inputs = spent as readonly Unspent[];
      const refusal = refusalOf(tx, inputs, height);
      if (refusal !== undefined) throw new Error(`${by} offered for block ${height} what it must refuse: ${refusal}`);
      const feeSat = inputs.reduce((sum, { output }) => sum + output.amountSat, 0n) - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
      this.#apply({ tx, txid: txid(tx), height, by, feeSat });
    }
    const mined = this.mined.slice(before);
    this.happenings.push({ height, txs: mined.map(({ tx }) => tx) });
    return mined;
  }

  #apply(one: Mined): void {
    this.mined.push(one);
    for (const input of one.tx.inputs) {
      this.#unspent.delete(outPointKey(input));
      this.#spenders.set(outPointKey(input), one);
    }
    for (const [vout, output] of one.tx.outputs.entries()) this.#unspent.set(`${one.txid}:${vout}`, { output, height: one.height });
  }

  /** The last blocks never were. */
  undo(depth: number): void {
    this.happenings.push({ undone: depth });
    this.tip -= depth;
    const kept = this.mined.filter(({ height }) => height <= this.tip);
    this.mined = [];
    this.#unspent = new Map(this.#given);
    this.#spenders = new Map();
    for (const one of kept) this.#apply(one);
  }
}

function refusalOf(tx: Tx, inputs: readonly Unspent[], height: number): string | undefined {
  const inSat = inputs.reduce((sum, { output }) => sum + output.amountSat, 0n);
  if (tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n) > inSat) return 'pays more than it has';
  // Heights only: the lock time of a commitment is a date long gone.
  if (tx.locktime < 500_000_000 && tx.locktime >= height && tx.inputs.some(({ sequence }) => sequence !== 0xffff_ffff)) return 'lock time';
  if (tx.inputs.some(({ sequence }, i) => (sequence & 0x8040_0000) === 0 && inputs[i]!.height + (sequence & 0xffff) > height)) return 'input too young';
  const verdict = verdictOn(tx, inputs.map(({ output }) => output));
  return verdict === 'valid' ? undefined : `script: ${verdict}`;
}
