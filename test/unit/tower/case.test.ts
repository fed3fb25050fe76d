import { beforeAll, describe, expect, it } from 'vitest';
import { type Tx, decodeTx, txid, txidBytes } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { type Case, caseAfterBlock, caseAfterReorg, climbed, decodeCase, encodeCase, isResolved, openCase, publications } from '../../../core/tower/case.ts';
import { decodeJustice, encodeJustice } from '../../../core/tower/justice.ts';
import { openBlob } from '../../../core/tower/seal.ts';
import { type Breach, appointed, breachWith } from './kit.ts';

const HTLCS = [{ by: 'alice', amountSat: 20_000 }, { by: 'bob', amountSat: 30_000 }] as const;
let breach: Breach;
let plains: Uint8Array[];
const block = (...txs: readonly Tx[]): ReadonlyMap<string, Tx> => new Map(txs.map((tx) => [txid(tx), tx]));
const through = (value: Case): Case => decodeCase(encodeCase(value));
const opened = (): Case => through(openCase(breach.tx, 100, plains)!);

beforeAll(() => {
  breach = breachWith('static_remotekey', HTLCS);
  plains = appointed(breach, 'signed').blobs.map((blob) => openBlob(txidBytes(txid(breach.tx)), blob)!);
});

describe('a case', () => {
  it('is opened by what fits the transaction and by nothing else', () => {
    const other = breachWith('static_remotekey', []);
    expect(openCase(breach.tx, 100, [])).toBeUndefined();
    expect(openCase(breach.tx, 100, [Uint8Array.of(1, 2, 3), new Uint8Array(0)])).toBeUndefined();
    expect(openCase(other.tx, 100, plains)).toBeUndefined();
    // Right in form, with signatures of somebody else: as the cheater himself could send it.
    const justice = decodeJustice(plains[0]!);
    const forged = encodeJustice({ ...justice, proof: { ...justice.proof, signatures: (justice.proof.kind === 'signed' ? justice.proof.signatures : []).map((each) => each.map((one) => one.map((byte) => byte ^ 1))) } as never });
    expect(openCase(breach.tx, 100, [forged])).toBeUndefined();
    expect(openCase(breach.tx, 100, [forged, ...plains, ...plains])?.justices.length).toBe(1);
  });

  it('publishes one transaction an output, a step higher with every block and never lower', () => {
    let value = opened();
    const rates = new Map<string, number[]>();
    for (const height of [100, 100, 101, 102, 103, 104]) {
      const [next, published] = publications(value, height, height === 104 ? 250 : 2_400);
      for (const { key, feeratePerKw } of published) rates.set(key, [...(rates.get(key) ?? []), feeratePerKw]);
      value = through(next);
    }
    expect(rates.size).toBe(3);
    for (const list of rates.values()) {
      expect(list).toEqual(list.toSorted((a, b) => a - b));
      expect([list[0], list[1]]).toEqual([2_500, 2_500]);
      expect(list[2]).toBeGreaterThan(list[1]!);
    }
  });

  it('climbs at once when the network asks for more', () => {
    const [value, [first]] = publications(opened(), 100, 300);
    expect(first).toMatchObject({ feeratePerKw: 500, canClimb: true });
    const [, again] = publications(climbed(value, first!.key), 100, 300);
    expect(again.find(({ key }) => key === first!.key)?.feeratePerKw).toBe(2_500);
  });

  it('is resolved when everything is taken and six deep', () => {
    const [value, published] = publications(opened(), 100, 2_500);
    const after = caseAfterBlock(value, 101, block(...published.map(({ rawTx }) => decodeTx(rawTx))));
    expect(publications(after, 101, 2_500)[1]).toEqual([]);
    expect(isResolved(after, 105)).toBe(false);
    expect(isResolved(after, 106)).toBe(true);
    expect(isResolved(opened(), 500)).toBe(false);
  });

  it('follows the cheater to the second stage of an HTLC, once that is in a block', () => {
    const value = opened();
    const keys = new Set(publications(value, 100, 2_500)[1].map(({ key }) => key));
    const vout = breach.commitment.outputs.findIndex(({ kind }) => kind.endsWith('_htlc'));
    const stage = breach.commitment.htlcs.find((htlc) => htlc.vout === vout)!.tx;
    const after = caseAfterBlock(value, 101, block(stage));
    const then = publications(after, 101, 2_500)[1].map(({ key }) => key);
    expect(then).toContain(`${txid(stage)}:0`);
    expect(then).not.toContain(`${txid(breach.tx)}:${vout}`);
    expect(keys.has(`${txid(stage)}:0`)).toBe(false);
    expect(isResolved(after, 200)).toBe(false);
  });

  it('begins anew when a reorganisation takes back a spend, and waits when it takes back the breach', () => {
    const [value, published] = publications(opened(), 100, 2_500);
    const after = caseAfterBlock(value, 101, block(...published.map(({ rawTx }) => decodeTx(rawTx))));
    const undone = caseAfterReorg(after, 101);
    expect(publications(undone, 102, 2_500)[1].length).toBe(3);
    const gone = through(caseAfterReorg(after, 100));
    expect(publications(gone, 102, 2_500)[1]).toEqual([]);
    expect(isResolved(gone, 900)).toBe(false);
    const back = caseAfterBlock(gone, 103, block(breach.tx));
    expect(publications(back, 103, 2_500)[1].length).toBe(3);
  });

  it('is the same case when a block has nothing of it, or comes twice', () => {
    const value = opened();
    expect(caseAfterBlock(value, 101, new Map())).toBe(value);
    const [, published] = publications(value, 100, 2_500);
    const spends = block(...published.map(({ rawTx }) => decodeTx(rawTx)));
    const once = caseAfterBlock(value, 101, spends);
    expect(toHex(encodeCase(caseAfterBlock(once, 101, spends)))).toBe(toHex(encodeCase(once)));
  });
});
