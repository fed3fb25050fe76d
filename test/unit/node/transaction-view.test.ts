import { expect, test } from 'vitest';
import { scriptToAddress } from '../../../core/bitcoin/address.ts';
import { networks } from '../../../core/bitcoin/network.ts';
import { sat } from '../../../core/lib/units.ts';
import { transactionContext, transactionView } from '../../../core/node/transaction-view.ts';
import type { WalletTransaction } from '../../../core/wallet/transactions.ts';

const key = (txid: string, vout: number): string => `${txid}:${vout}`;
const script = (byte: number): Uint8Array => Uint8Array.of(0, 20, ...new Uint8Array(20).fill(byte));
const pays = (byte: number, amount: bigint) => ({ script: script(byte), amountSat: sat(amount) });
const line = (fields: Partial<WalletTransaction>): WalletTransaction => ({
  txid: 'aa', netSat: 5n, feeSat: undefined, vsize: 100, height: 7, txIndex: 0, timeSeconds: undefined, label: undefined, isOwnPending: false, isCoinbase: false,
  outputs: [], foreignInputKeys: [], foreignOutputs: [], ...fields,
}); // prettier-ignore

const CHANNEL = { fundingOutPoint: { txid: 'fund', vout: 1 }, spend: { txid: 'close' }, outputSpends: [{ outPoint: { txid: 'close', vout: 0 }, txid: 'sweep' }] };
const context = transactionContext(networks.regtest, [CHANNEL as never], (one) => one === key('close', 2));
const kindOf = (fields: Partial<WalletTransaction>): string => transactionView(line(fields), context).kind;

test('what opens, closes or sweeps a channel is told from money that came from others', () => {
  expect(kindOf({ txid: 'fund', netSat: -5n })).toBe('channel_open');
  expect(kindOf({ txid: 'close', foreignInputKeys: [key('fund', 1)] })).toBe('channel_close');
  // Seen by the channel, and kept with it; or only looked out for, as a sweep that nobody has reported yet.
  expect(kindOf({ txid: 'sweep', foreignInputKeys: [key('close', 0)] })).toBe('channel_close');
  expect(kindOf({ txid: 'later', foreignInputKeys: [key('stranger', 0), key('close', 2)] })).toBe('channel_close');
  // The peer pays from its own share: that is a payment.
  expect(kindOf({ txid: 'later', foreignInputKeys: [key('close', 1)] })).toBe('received');
  expect(kindOf({ netSat: -5n, feeSat: sat(5n) })).toBe('moved');
  expect(kindOf({ netSat: -5n, feeSat: sat(2n) })).toBe('sent');
});

test('who was paid is said of our own payments only, and of one with very many outputs the first', () => {
  const sent = transactionView(line({ netSat: -1_410n, feeSat: sat(410n), foreignOutputs: [pays(1, 900n), { script: Uint8Array.of(0x6a), amountSat: sat(100n) }] }), context);
  expect(sent.paid).toEqual([{ address: scriptToAddress(script(1), networks.regtest), amountSat: 900n }, { amountSat: 100n }]);
  expect(transactionView(line({ foreignOutputs: [pays(1, 900n)] }), context)).not.toHaveProperty('paid');
  const many = Array.from({ length: 300 }, (_, index) => pays(index % 200, 10n));
  expect(transactionView(line({ netSat: -3_100n, feeSat: sat(100n), foreignOutputs: many }), context).paid).toHaveLength(20);
});
