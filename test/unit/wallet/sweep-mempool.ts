import { type OutPoint, type Tx, outPointKey, txWeight, txid } from '../../../core/bitcoin/transaction.ts';
import type { SweepPackage } from '../../../core/wallet/sweep-types.ts';

interface Entry {
  readonly id: string;
  readonly inputs: readonly string[];
  readonly feeSat: bigint;
  readonly vsize: number;
}

/** The fee rules of a mempool in a few lines, written apart from those of core: BIP 125 rules 3 and 4, a rising rate, packages of two. */
export class ModelMempool {
  readonly entries = new Map<string, Entry>();
  #minSatPerVb = 1;

  /** Whatever pays less is dropped. */
  setMin(satPerVb: number): void {
    this.#minSatPerVb = satPerVb;
    for (const { id, feeSat, vsize } of this.entries.values())
      if (Number(feeSat) < satPerVb * vsize && !this.#childOf(id)) this.#drop(id);
  }

  #childOf(id: string): Entry | undefined {
    return [...this.entries.values()].find(({ inputs }) => inputs.some((input) => input.startsWith(id)));
  }
  #drop(id: string): void {
    const child = this.#childOf(id);
    this.entries.delete(id);
    if (child) this.#drop(child.id);
  }

  /** A block or an attacker took this output. */
  spend(outPoint: OutPoint): void {
    for (const { id, inputs } of this.entries.values()) if (inputs.includes(outPointKey(outPoint))) this.#drop(id);
  }

  /** What the attacker of replacement cycling does: our transaction is gone, and nothing is in its place. */
  evict(tx: Tx): void {
    this.#drop(txid(tx));
  }

  /** Undefined when all is in; else why not. */
  offer({ txs, feeSat }: SweepPackage, parentFeeSat: bigint): string | undefined {
    const entries = txs.map((tx, i): Entry => ({
      id: txid(tx), inputs: tx.inputs.map(outPointKey), vsize: Math.ceil(txWeight(tx) / 4),
      feeSat: txs.length === 1 ? feeSat : i === 0 ? parentFeeSat : feeSat - parentFeeSat,
    })); // prettier-ignore
    const missing = entries.filter(({ id }) => !this.entries.has(id));
    const together = missing.reduce(
      (sum, { feeSat: fee, vsize }) => ({ fee: sum.fee + fee, vsize: sum.vsize + vsize }),
      { fee: 0n, vsize: 0 },
    );
    if (Number(together.fee) < this.#minSatPerVb * together.vsize) return 'min relay fee not met';
    for (const entry of missing) {
      const rivals = [...this.entries.values()].filter(({ inputs }) =>
        inputs.some((input) => entry.inputs.includes(input)),
      );
      const paid = rivals.reduce((sum, rival) => sum + rival.feeSat, 0n);
      if (rivals.some((rival) => entry.feeSat * BigInt(rival.vsize) <= rival.feeSat * BigInt(entry.vsize)))
        return 'new feerate is not higher';
      if (rivals.length > 0 && entry.feeSat < paid + BigInt(entry.vsize)) return 'not enough additional fees to relay';
      for (const { id } of rivals) this.#drop(id);
      this.entries.set(entry.id, entry);
    }
    return undefined;
  }
}
