import { describe, expect, it } from 'vitest';
import { decodeTx, encodeTx, txid as txidOf, txidBytes, type Tx } from '../../../core/bitcoin/transaction.ts';
import { parseHeader } from '../../../core/chain/header.ts';
import { merkleRootOf } from '../../../core/chain/merkle.ts';
import { decodeBlock, ScriptLedger, type Block } from '../../../core/io/bitcoind/ledger.ts';
import { LineSplitter } from '../../../core/io/electrum/line-splitter.ts';
import { bytesOfHex, nestsTooDeep, parseForeignJson } from '../../../core/io/foreign-json.ts';
import { bestResult, publishResultOf } from '../../../core/io/publish-errors.ts';
import { concat } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { mineHeader } from './mini-chain.ts';

describe('lines', () => {
  it('come out whole however they came in', () => {
    for (const step of [1, 2, 3, 7, 100]) {
      const lines = new LineSplitter(100);
      const text = Buffer.from('{"a":1}\n\nzwei\ndrei…\nrest');
      const out: string[] = [];
      for (let at = 0; at < text.length; at += step) out.push(...(lines.push(text.subarray(at, at + step)) ?? ['overflow']).map(String));
      expect(out).toEqual(['{"a":1}', '', 'zwei', 'drei…']);
    }
  });

  it('end where they are too long, with or without an end', () => {
    const endless = new LineSplitter(100);
    expect(endless.push(Buffer.alloc(60, 'x'))).toEqual([]);
    expect(endless.push(Buffer.alloc(60, 'x'))).toBeUndefined();
    const ended = new LineSplitter(100);
    ended.push(Buffer.alloc(60, 'x'));
    expect(ended.push(Buffer.from(`${'x'.repeat(41)}\n`))).toBeUndefined();
    expect(new LineSplitter(100).push(Buffer.from(`${'x'.repeat(100)}\n`))).toHaveLength(1);
  });
});

describe('foreign JSON', () => {
  it('is refused when it nests too deep, but brackets in strings do not count', () => {
    const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
    expect([nestsTooDeep(nested(64)), nestsTooDeep(nested(65))]).toEqual([false, true]);
    expect(parseForeignJson(nested(100_000))).toEqual({ ok: false, error: 'too_deep' });
    const inString = JSON.stringify({ a: `\\"${'['.repeat(500)}\\`, b: '"\\\\"', c: [1] });
    expect(parseForeignJson(Buffer.from(inString))).toEqual({ ok: true, value: JSON.parse(inString) as unknown });
    expect(parseForeignJson(Buffer.from('{"a":'))).toEqual({ ok: false, error: 'not_json' });
  });

  it('hex is whole and bounded', () => {
    expect(bytesOfHex('00ff', 2)).toEqual(Uint8Array.of(0, 255));
    for (const bad of ['0', '0g', '00ff00', 'ÿ0', 7, null, '00 f']) expect(bytesOfHex(bad, 2)).toBeUndefined();
  });
});

describe('what servers say of a broadcast', () => {
  it.each([
    ['the transaction was rejected by network rules.\n\nmin relay fee not met, 100 < 200', 'fee_too_low'],
    ['mempool min fee not met', 'fee_too_low'],
    ['insufficient fee, rejecting replacement 12; new feerate 1 <= old feerate 2', 'fee_too_low'],
    ['bad-txns-inputs-missingorspent', 'missing_inputs'],
    ['Missing inputs', 'missing_inputs'],
    ['txn-mempool-conflict', 'conflict'],
    ['bad-txns-inputs-spent', 'conflict'],
    ['non-BIP68-final', 'rejected'],
    ['<b>Update required</b> https://wallet.example', 'rejected'],
  ] as const)('%j is %s', (text, code) => {
    const result = publishResultOf(text);
    expect(result).toMatchObject({ ok: false, code });
    expect(JSON.stringify(result)).not.toMatch(/https|<b>|Update/);
  });

  it.each(['txn-already-in-mempool', 'txn-already-known', 'Transaction already in block chain', 'Transaction outputs already in utxo set'])(
    '%j is success', (text) => expect(publishResultOf(text)).toEqual({ ok: true })); // prettier-ignore

  it('one acceptance is enough, else the most telling refusal counts', () => {
    const refused = (text: string) => publishResultOf(text);
    expect(bestResult([refused('x'), { ok: true }])).toEqual({ ok: true });
    expect(bestResult([refused('x'), refused('min relay fee not met'), refused('Missing inputs')])).toMatchObject({ code: 'fee_too_low' });
    expect(bestResult([])).toMatchObject({ code: 'unreachable' });
  });
});

const payment = (n: number, script: Uint8Array, witness: readonly Uint8Array[] = []): Tx => ({
  version: 2, locktime: n, outputs: [{ amountSat: sat(1n), script }],
  inputs: [{ txid: 'bb'.repeat(32), vout: n, scriptSig: new Uint8Array(0), sequence: 0, witness }],
}); // prettier-ignore

describe('blocks', () => {
  const script = new Uint8Array(34).fill(3);

  it('whose transactions are not those of their header enter nothing', () => {
    const txs = [payment(0, new Uint8Array(1)), payment(1, script), payment(2, new Uint8Array(2))];
    const root = merkleRootOf(txs.map((tx) => txidBytes(txidOf(tx))));
    if (!root.ok) throw new Error(root.error);
    const header = parseHeader(mineHeader({ previousHash: new Uint8Array(32), timeSeconds: 1, merkleRoot: root.value }));
    const block = (list: readonly Tx[]): Block => ({ hash: '', header, txs: list });
    const ledger = new ScriptLedger();
    const record = ledger.add(script, 0);
    expect(ledger.connect(block([txs[0]!, txs[1]!]), 5)).toBe('wrong_root');
    expect(ledger.connect(block([...txs, txs[2]!]), 5)).toBe('wrong_root');
    expect(record.entries.size).toBe(0);
    expect(ledger.connect(block(txs), 5)).toBe('ok');
    expect([...record.entries.values()]).toMatchObject([{ height: 5, txIndex: 1 }]);
  });

  it('that are undone leave their transactions waiting, as long as the mempool has them', () => {
    const [kept, lost] = [payment(1, script), payment(2, script)];
    const root = merkleRootOf([kept, lost].map((tx) => txidBytes(txidOf(tx))));
    if (!root.ok) throw new Error(root.error);
    const header = parseHeader(mineHeader({ previousHash: new Uint8Array(32), timeSeconds: 1, merkleRoot: root.value }));
    const ledger = new ScriptLedger();
    const record = ledger.add(script, 0);
    ledger.connect({ hash: '', header, txs: [kept, lost] }, 7);
    ledger.disconnectAbove(6);
    ledger.retainWaiting(new Set([txidOf(kept)]));
    expect([...record.entries.values()]).toMatchObject([{ txid: txidOf(kept), height: undefined, txIndex: undefined }]);
  });

  it('at the limits of consensus are read: a 3.9 MB witness item, 500 000 items, thousands of transactions', async () => {
    const big = payment(1, script, [new Uint8Array(3_900_000).fill(7)]);
    const many = payment(2, script, Array.from({ length: 500_000 }, (_, i) => Uint8Array.of(i & 0xff)));
    const header = mineHeader({ previousHash: new Uint8Array(32), timeSeconds: 1 });
    for (const txs of [[big], [many], Array.from({ length: 5_000 }, (_, n) => payment(n, script))]) {
      const count = txs.length < 0xfd ? Uint8Array.of(txs.length) : Uint8Array.of(0xfd, txs.length & 0xff, txs.length >> 8);
      const block = await decodeBlock(concat(header, count, ...txs.map(encodeTx)));
      expect(block.txs.length).toBe(txs.length);
      expect(txidOf(block.txs[0]!)).toBe(txidOf(decodeTx(encodeTx(txs[0]!))));
    }
  });
});
