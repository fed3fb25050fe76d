import type { Answer } from '../../core/api.ts';

type Transaction = Answer<'wallet.transactions'>[number];

export interface ChainSums {
  /** What others got, or a channel. */
  readonly sentSat: bigint;
  readonly feeSat: bigint;
  /** What it cost this wallet. */
  readonly togetherSat: bigint;
  /** Of what was sent, what no output that the engine names has. */
  readonly restSat: bigint;
}

/** What a transaction of ours paid, apart from its fee; undefined where nothing was sent or the fee is not known. */
export function chainSums({ netSat, feeSat, paid = [] }: Pick<Transaction, 'netSat' | 'feeSat' | 'paid'>): ChainSums | undefined {
  if (netSat >= 0n || feeSat === undefined || -netSat <= feeSat) return undefined;
  const sentSat = -netSat - feeSat;
  return { sentSat, feeSat, togetherSat: -netSat, restSat: paid.reduce((rest, { amountSat }) => rest - amountSat, sentSat) };
}
