import { expect, test } from 'vitest';
import { type Tx, outPointKey, txid } from '../../../core/bitcoin/transaction.ts';
import { ledgerOf, unspentCoins } from '../../../core/wallet/ledger.ts';
import { initialState } from '../../../core/wallet/state.ts';
import { coinsForSweeps } from '../../../core/wallet/sweep-ledger.ts';
import { applyHistories, openView } from '../../../core/wallet/view.ts';
import { bareTx, foreignScript } from '../../support/wallet-chain.ts';
import { scriptAt } from '../../support/wallet-kit.ts';
import { sat } from '../../../core/lib/units.ts';
import { Sweeper, claimOf, ownTx, rate } from './sweep-kit.ts';

/** A wallet that received one coin on each of two addresses, and in which `spenders` wait or are confirmed. */
function walletWith(spenders: readonly { readonly tx: Tx; readonly height: number | undefined }[]) {
  const { view } = openView(initialState, 1000, scriptAt);
  const histories = [0, 1].map((index) => {
    const script = scriptAt({ kind: 'p2wpkh', branch: 'receive', index });
    const tx = bareTx([{ txid: '99'.repeat(32), vout: index }], [{ script, amountSat: sat(50_000n) }]);
    const paid = { txid: txid(tx), tx, height: 900, txIndex: 1 };
    const spent = spenders.filter((one) => one.tx.inputs.some((input) => input.txid === paid.txid));
    return {
      script,
      entries: [
        paid,
        ...spent.map(({ tx: spender, height }) => ({ txid: txid(spender), tx: spender, height, txIndex: height && 2 })),
      ],
    };
  });
  const applied = applyHistories({ view, state: initialState, histories, scriptOf: scriptAt, nowSeconds: 1 });
  const ledger = ledgerOf(applied.view, applied.state);
  return { ledger, unspent: unspentCoins(ledger, applied.view, applied.state) };
}

const claims = [claimOf({ kind: 'htlc_success', amountSat: 500_000n, deadlineHeight: 1200 })];

test("a sweep keeps its coin while it waits, and whoever else's spend takes it away", () => {
  const sweeper = new Sweeper();
  const coinsWith = (...spenders: Parameters<typeof walletWith>[0]) => {
    const { ledger, unspent } = walletWith(spenders);
    return coinsForSweeps(ledger, unspent, sweeper.state);
  };
  const before = coinsWith();
  expect(before).toHaveLength(2);
  const first = sweeper.only({ claims, coins: before });
  const keys = before.map(outPointKey).toSorted();
  const seen = coinsWith({ tx: ownTx(first), height: undefined });
  expect(seen.map(outPointKey).toSorted()).toEqual(keys);
  expect(sweeper.only({ claims, coins: seen, height: 1001 }).step).toBe('again');
  // The replacement is out, but the source still lists what it replaced.
  const second = sweeper.only({ claims, coins: seen, height: 1002, feerateFor: () => rate(30) });
  expect(second.coins).toEqual(first.coins);
  expect(
    coinsWith({ tx: ownTx(first), height: undefined })
      .map(outPointKey)
      .toSorted(),
  ).toEqual(keys);

  const own = keys.filter((key) => key !== outPointKey(first.coins[0]!));
  expect(coinsWith({ tx: ownTx(second), height: 1003 }).map(outPointKey)).toEqual(own);
  const payment = bareTx(
    [{ txid: first.coins[0]!.txid, vout: first.coins[0]!.vout }],
    [{ script: foreignScript(1), amountSat: sat(49_000n) }],
  );
  expect(coinsWith({ tx: payment, height: undefined }).map(outPointKey)).toEqual(own);
});
