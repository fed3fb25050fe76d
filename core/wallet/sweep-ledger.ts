import { outPointKey } from '../bitcoin/transaction.ts';
import type { Coin, CoinWithStatus, Ledger } from './ledger.ts';
import type { SweepState } from './sweep-types.ts';

/**
 * The coins that `planSweeps` may use: confirmed ones that are free, and those that only an unconfirmed sweep of ours
 * spends, which is told by its other inputs. Without the latter a sweep would take a new coin with every block.
 */
export function coinsForSweeps(
  ledger: Ledger,
  unspent: readonly CoinWithStatus[],
  { entries }: SweepState,
): readonly Coin[] {
  const free = unspent.filter(({ status }) => status === 'confirmed');
  const sweeps = ledger.transactions.filter(
    ({ height, facts }) => height === undefined && facts.inputKeys.some((key) => entries.has(key)),
  );
  const keys = new Set(sweeps.flatMap(({ facts }) => facts.inputKeys).filter((key) => ledger.spenders.has(key)));
  const inFlight = [...keys].flatMap((key) => ledger.coins.get(key) ?? []).filter(({ height }) => height !== undefined);
  const known = new Set(free.map(outPointKey));
  return [...free, ...inFlight.filter((coin) => !known.has(outPointKey(coin)))];
}
