import { expect, test } from 'vitest';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import type { HistoryEntry, ScriptHistory } from '../../../core/bitcoin/history.ts';
import { txid } from '../../../core/bitcoin/transaction.ts';
import { balanceOf, ledgerOf, spendableCoins, unspentCoins } from '../../../core/wallet/ledger.ts';
import { planSend } from '../../../core/wallet/send.ts';
import { initialState } from '../../../core/wallet/state.ts';
import { walletTransactions } from '../../../core/wallet/transactions.ts';
import { applyHistories, openView } from '../../../core/wallet/view.ts';
import { bareTx, foreignScript, standInScript } from '../../support/wallet-chain.ts';

const SCRIPTS = 5_000;

// Counts work instead of time: a ledger that looked at every coin for every entry would never end here.
test('ten thousand coins and twenty thousand entries are handled', () => {
  const scriptAt = (index: number): Uint8Array => standInScript({ kind: 'p2wpkh', branch: 'receive', index });
  const counter = { handedOutCount: SCRIPTS, usedCount: 0 };
  const state = {
    ...initialState,
    counters: { ...initialState.counters, p2wpkh: { receive: counter, change: { handedOutCount: 0, usedCount: 0 } } },
  };
  let made = 0;
  const incomes: HistoryEntry[] = [];
  const histories: ScriptHistory[] = Array.from({ length: SCRIPTS }, (_, index) => {
    const script = scriptAt(index);
    const income = (): HistoryEntry => {
      const tx = bareTx(
        [{ txid: toHex(new Uint8Array(32).fill(8)), vout: made++ }],
        [{ script, amountSat: sat(20_000n) }],
      );
      return { tx, txid: txid(tx), height: 100 + index, txIndex: 1 };
    };
    const received = [income(), income(), income()];
    const spending = bareTx(
      [{ txid: received[0]!.txid, vout: 0 }],
      [{ script: foreignScript(1), amountSat: sat(19_000n) }],
    );
    incomes.push(...received);
    return {
      script,
      entries: [...received, { tx: spending, txid: txid(spending), height: 6_000 + index, txIndex: 1 }],
    };
  });
  let asked = 0;
  const scriptOf = (path: Parameters<typeof standInScript>[0]): Uint8Array => {
    asked++;
    return standInScript(path);
  };
  const opened = openView(state, 20_000, scriptOf).view;
  const applied = applyHistories({ view: opened, state, histories, scriptOf, nowSeconds: 1 });
  const ledger = ledgerOf(applied.view, applied.state);
  const coins = unspentCoins(ledger, applied.view, applied.state);
  expect(asked).toBe(SCRIPTS + 80);
  expect(coins).toHaveLength(10_000);
  expect(balanceOf(coins).confirmedSat).toBe(200_000_000n);
  const lines = walletTransactions(ledger, applied.state, (height) => height);
  expect(lines).toHaveLength(20_000);
  expect(lines[0]!.height).toBe(6_000 + SCRIPTS - 1);
  const planned = planSend({
    coins: spendableCoins(coins), outputs: [{ script: foreignScript(2), amountSat: sat(10_000_000n) }], feerateSatPerVb: 1.5,
    changeScript: standInScript({ kind: 'p2wpkh', branch: 'change', index: 0 }), tipHeight: 20_000, entropy: new Uint8Array(32),
  }); // prettier-ignore
  expect(planned.ok && planned.value.coins.length).toBeGreaterThan(500);
});
