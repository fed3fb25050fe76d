import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChainHere, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { dustLimitSat, scriptTypeOf } from '../../../core/playground/standard.ts';
import { coin, OPEN, openScript, outputOf, p2wsh, SINK, spend, txidOf } from './coins.ts';

let chain: ChainHandle;
beforeAll(async () => {
  chain = await startChainHere();
});
afterAll(() => chain.stop());

const refused = (reason: string): object => ({ accepted: false, reason });

describe('standardness', () => {
  const dust: readonly (readonly [string, string, bigint])[] = [
    ['pubkeyhash', `76a914${'11'.repeat(20)}88ac`, 546n],
    ['scripthash', `a914${'11'.repeat(20)}87`, 540n],
    ['witness_v0_keyhash', `0014${'11'.repeat(20)}`, 294n],
    ['witness_v0_scripthash', `0020${'11'.repeat(32)}`, 330n],
    ['witness_v1_taproot', `5120${'11'.repeat(32)}`, 330n],
    ['anchor', '51024e73', 240n],
  ];
  it.each(dust)(
    '%s: one satoshi under the dust limit is refused, the limit is taken',
    async (type, scriptHex, limitSat) => {
      expect(scriptTypeOf(scriptHex)).toBe(type);
      expect(dustLimitSat(scriptHex)).toBe(limitSat);
      const from = await coin(chain, 50_000n);
      const paying = (valueSat: bigint): string => spend([from], { feeSat: 1_000n, extra: [{ scriptHex, valueSat }] });
      expect(await chain.submit(paying(limitSat - 1n))).toMatchObject(refused('dust'));
      expect(await chain.submit(paying(limitSat))).toMatchObject({ accepted: true });
    },
  );

  it.each([
    ['version 0', { version: 0 }, 'version'],
    ['version 4', { version: 4 }, 'version'],
    ['a script of no known kind', { to: '51'.repeat(10) }, 'scriptpubkey'],
    [
      'two OP_RETURN outputs',
      {
        extra: [
          { scriptHex: '6a0101', valueSat: 0n },
          { scriptHex: '6a0102', valueSat: 0n },
        ],
      },
      'multi-op-return',
    ],
    ['84 bytes of OP_RETURN', { extra: [{ scriptHex: `6a4c51${'00'.repeat(81)}`, valueSat: 0n }] }, 'scriptpubkey'],
  ] as const)('%s is refused', async (_, change, reason) => {
    expect(await chain.submit(spend([await coin(chain, 50_000n)], { feeSat: 1_000n, ...change }))).toMatchObject(
      refused(reason),
    );
  });

  it('refuses over 400 000 weight', async () => {
    const from = await coin(chain, 50_000_000n);
    const outputs = (n: number) => Array.from({ length: n }, () => ({ scriptHex: SINK, valueSat: 294n }));
    expect(await chain.submit(spend([from], { feeSat: 200_000n, extra: outputs(3_300) }))).toMatchObject(
      refused('tx-size'),
    );
    expect(await chain.submit(spend([from], { feeSat: 200_000n, extra: outputs(3_100) }))).toMatchObject({
      accepted: true,
    });
  });

  it('refuses witness items over 80 bytes in P2WSH', async () => {
    const drop = '7551'; // DROP TRUE
    const from = { ...(await coin(chain, 50_000n, drop)), witness: ['00'.repeat(81), drop] };
    expect(await chain.submit(spend([from], { feeSat: 1_000n }))).toMatchObject(refused('bad-witness-nonstandard'));
    expect(
      await chain.submit(spend([{ ...from, witness: ['00'.repeat(80), drop] }], { feeSat: 1_000n })),
    ).toMatchObject({ accepted: true });
  });

  it('refuses a wrong signature, and a spend of nothing', async () => {
    const key = `21${'02'}${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}ac`;
    const from = await coin(chain, 50_000n, key);
    const signature = `3006020101020101${'01'}`;
    expect(await chain.submit(spend([{ ...from, witness: [signature, key] }], { feeSat: 1_000n }))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('script-verify-flag'),
    });
    expect(await chain.submit(spend([{ ...from, txid: 'ab'.repeat(32) }], { feeSat: 1_000n }))).toMatchObject(
      refused('bad-txns-inputs-missingorspent'),
    );
    expect(await chain.submit('nonsense')).toMatchObject(refused('TX decode failed'));
  });

  it('lets taproot and P2A spends through', async () => {
    for (const scriptHex of [`5120${'11'.repeat(32)}`, '51024e73']) {
      const txid = await chain.pay(scriptHex, 20_000n);
      await chain.mine(1);
      const witness = scriptHex.length > 10 ? ['00'.repeat(64)] : [];
      const sent = await chain.submit(spend([{ txid, vout: 0, valueSat: 20_000n, witness }], { feeSat: 500n }));
      expect(sent).toMatchObject({ accepted: true });
      await chain.mine(1);
      expect((await chain.tx(sent.txid))?.height).toBe(await chain.height());
    }
  });
});

describe('fees', () => {
  it('takes 1 sat/vB and not less', async () => {
    const from = await coin(chain, 50_000n);
    const probe = spend([from], { feeSat: 1_000n });
    await chain.submit(probe);
    const { vsize } = (await chain.tx(txidOf(probe)))!;
    await chain.evict(txidOf(probe));
    expect(await chain.submit(spend([from], { feeSat: BigInt(vsize) - 1n }))).toMatchObject(
      refused('min relay fee not met'),
    );
    expect(await chain.submit(spend([from], { feeSat: BigInt(vsize) }))).toMatchObject({ accepted: true });
  });

  it('replaces without a signal, but only for a higher rate and the cost of relaying again', async () => {
    const from = await coin(chain, 50_000n);
    const first = spend([from], { feeSat: 1_000n, sequence: 0xffff_ffff });
    const child = spend([outputOf(first)], { feeSat: 2_000n });
    await chain.submit(first);
    await chain.submit(child);
    expect(await chain.submit(spend([from], { feeSat: 3_010n, to: SINK }))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('insufficient fee'),
    });
    expect(await chain.submit(spend([from], { feeSat: 999n, to: SINK }))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('insufficient fee'),
    });
    expect((await chain.mempoolTxids()).sort()).toEqual(expect.arrayContaining([txidOf(first), txidOf(child)].sort()));
    const second = spend([from], { feeSat: 3_200n, to: SINK });
    expect(await chain.submit(second)).toMatchObject({ accepted: true });
    const now = await chain.mempoolTxids();
    expect(now).toContain(txidOf(second));
    expect(now).not.toContain(txidOf(first));
    expect(now).not.toContain(txidOf(child));
  });

  it('a refused replacement leaves the old one and its child where they were', async () => {
    const script = openScript(7);
    const from = await coin(chain, 50_000n, script);
    const first = spend([from], { feeSat: 1_000n });
    const child = spend([outputOf(first)], { feeSat: 500n });
    await chain.submit(first);
    await chain.submit(child);
    const invalid = spend([{ ...from, witness: [openScript(8)] }], { feeSat: 9_000n });
    expect(await chain.submit(invalid)).toMatchObject({ accepted: false });
    expect(await chain.mempoolTxids()).toEqual(expect.arrayContaining([txidOf(first), txidOf(child)]));
  });

  it('takes a parent without fee only with a child that pays, and mines both', async () => {
    const from = await coin(chain, 50_000n);
    const parent = spend([from], { feeSat: 0n });
    const poorChild = spend([outputOf(parent)], { feeSat: 50n, to: SINK });
    const child = spend([outputOf(parent)], { feeSat: 1_000n });
    expect(await chain.submit(parent)).toMatchObject(refused('min relay fee not met'));
    expect((await chain.submitPackage([parent, poorChild])).map((r) => r.accepted)).toEqual([false, false]);
    expect(await chain.tx(txidOf(parent))).toBeUndefined();
    expect((await chain.submitPackage([parent, child])).map((r) => r.accepted)).toEqual([true, true]);
    await chain.mine(1);
    expect((await chain.tx(txidOf(parent)))?.height).toBe(await chain.height());
  });

  it('replaces by a package of two', async () => {
    const from = await coin(chain, 50_000n);
    const rival = spend([from], { feeSat: 1_000n, to: SINK });
    await chain.submit(rival);
    const parent = spend([from], { feeSat: 150n });
    const child = (feeSat: bigint): string => spend([outputOf(parent)], { feeSat, to: SINK });
    expect((await chain.submitPackage([parent, child(900n)])).some((r) => r.accepted)).toBe(false);
    expect(await chain.mempoolTxids()).toContain(txidOf(rival));
    expect((await chain.submitPackage([parent, child(4_000n)])).every((r) => r.accepted)).toBe(true);
    expect(await chain.mempoolTxids()).not.toContain(txidOf(rival));
  });

  it('takes a dust anchor only without fee and with a child that spends it', async () => {
    const from = await coin(chain, 50_000n);
    const parent = spend([from], { feeSat: 0n, version: 3, extra: [{ scriptHex: '51024e73', valueSat: 0n }] });
    const anchor = { txid: txidOf(parent), vout: 1, valueSat: 0n, witness: [] };
    expect(
      (await chain.submitPackage([parent, spend([outputOf(parent)], { feeSat: 1_000n, version: 3 })])).some(
        (r) => r.accepted,
      ),
    ).toBe(false);
    const child = spend([outputOf(parent), anchor], { feeSat: 1_000n, version: 3 });
    expect((await chain.submitPackage([parent, child])).every((r) => r.accepted)).toBe(true);
    // One child only: a second one has to pay the first one out.
    const sibling = (feeSat: bigint): string => spend([outputOf(parent)], { feeSat, version: 3, to: SINK });
    expect(await chain.submit(sibling(1_010n))).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('insufficient fee'),
    });
    expect(await chain.submit(sibling(3_000n))).toMatchObject({ accepted: true });
    expect(await chain.mempoolTxids()).not.toContain(txidOf(child));
  });

  it('holds version 3 to its own rules: one small child, and only among its kind', async () => {
    const parent = spend([await coin(chain, 90_000n)], { feeSat: 500n, version: 3 });
    await chain.submit(parent);
    const big = Array.from({ length: 30 }, () => ({ scriptHex: SINK, valueSat: 1_000n }));
    expect(await chain.submit(spend([outputOf(parent)], { feeSat: 5_000n, version: 3, extra: big }))).toMatchObject(
      refused('TRUC-violation'),
    );
    expect(await chain.submit(spend([outputOf(parent)], { feeSat: 500n, version: 2 }))).toMatchObject(
      refused('TRUC-violation'),
    );
    const child = spend([outputOf(parent)], { feeSat: 500n, version: 3 });
    expect(await chain.submit(child)).toMatchObject({ accepted: true });
    expect(await chain.submit(spend([outputOf(child)], { feeSat: 500n, version: 3 }))).toMatchObject(
      refused('TRUC-violation'),
    );
    const plain = spend([await coin(chain, 90_000n)], { feeSat: 500n });
    await chain.submit(plain);
    expect(await chain.submit(spend([outputOf(plain)], { feeSat: 500n, version: 3 }))).toMatchObject(
      refused('TRUC-violation'),
    );
  });

  it('gives a coin back when its spender is evicted', async () => {
    const script = openScript(8);
    const from = await coin(chain, 50_000n, script);
    const gone = spend([from], { feeSat: 500n });
    await chain.submit(gone);
    expect(await chain.spenderOf(from.txid, 0)).toBe(txidOf(gone));
    expect(await chain.balanceOf(p2wsh(script))).toBe(0n);
    expect(await chain.evict(txidOf(gone))).toBe(true);
    expect(await chain.spenderOf(from.txid, 0)).toBeUndefined();
    expect(await chain.balanceOf(p2wsh(script))).toBe(50_000n);
  });

  it('keeps no more than 25 unconfirmed in a row', async () => {
    let last = spend([await coin(chain, 90_000n)], { feeSat: 500n });
    for (let i = 0; i < 25; i++) {
      expect(await chain.submit(last)).toMatchObject({ accepted: true });
      last = spend([outputOf(last)], { feeSat: 500n });
    }
    expect(await chain.submit(last)).toMatchObject(refused('too-long-mempool-chain'));
  });

  it('drops what pays under a risen minimum, and takes a payment again when it falls', async () => {
    await chain.mine(1);
    const from = await coin(chain, 50_000n);
    const cheap = spend([from], { feeSat: 300n });
    await chain.submit(cheap);
    await chain.setMempoolMinFeerate(20);
    expect(await chain.mempoolTxids()).not.toContain(txidOf(cheap));
    expect(await chain.submit(cheap)).toMatchObject(refused('min relay fee not met'));
    await chain.setMempoolMinFeerate(1);
    expect(await chain.submit(cheap)).toMatchObject({ accepted: true });
  });

  it('check says the same and changes nothing', async () => {
    await chain.mine(1);
    const from = await coin(chain, 50_000n);
    const first = spend([from], { feeSat: 1_000n });
    await chain.submit(first);
    const before = await chain.mempoolTxids();
    const better = spend([from], { feeSat: 3_000n });
    expect(await chain.check([better])).toMatchObject([{ accepted: true }]);
    expect(await chain.check([spend([from], { feeSat: 1_001n })])).toMatchObject([{ accepted: false }]);
    expect(await chain.mempoolTxids()).toEqual(before);
    expect(await chain.tx(txidOf(better))).toBeUndefined();
  });
});

describe('time locks', () => {
  it('relative: a CSV of 3 blocks holds for 3 blocks', async () => {
    const from = await coin(chain, 50_000n, '53b27551'); // 3 CSV DROP TRUE
    const sweep = spend([from], { feeSat: 500n, sequence: 3 });
    expect(await chain.submit(spend([from], { feeSat: 500n, sequence: 2 }))).toMatchObject({ accepted: false });
    expect(await chain.submit(sweep)).toMatchObject(refused('non-BIP68-final'));
    await chain.mine(1);
    expect(await chain.submit(sweep)).toMatchObject(refused('non-BIP68-final'));
    await chain.mine(1);
    expect(await chain.submit(sweep)).toMatchObject({ accepted: true });
  });

  it('absolute: a locktime holds until that block', async () => {
    const from = await coin(chain, 50_000n);
    const tip = await chain.height();
    const later = spend([from], { feeSat: 500n, locktime: tip + 2, sequence: 0xffff_fffe });
    expect(await chain.submit(later)).toMatchObject(refused('non-final'));
    await chain.mine(2);
    expect(await chain.submit(later)).toMatchObject({ accepted: true });
  });
});

describe('reorganisations', () => {
  it('return transactions, with relative locks too, and mine them again', async () => {
    await chain.mine(1);
    const locked = await coin(chain, 50_000n, '51b27551');
    await chain.mine(3);
    const sweep = spend([locked], { feeSat: 500n, sequence: 1 });
    const after = spend([outputOf(sweep)], { feeSat: 500n });
    await chain.submit(sweep);
    await chain.submit(after);
    const [lost] = await chain.mine(1);
    const height = await chain.height();
    await chain.reorg(2);
    expect(await chain.height()).toBe(height + 1);
    expect((await chain.block(height))?.hash).not.toBe(lost);
    expect(await chain.mempoolTxids()).toEqual([txidOf(sweep), txidOf(after)]);
    expect(await chain.spenderOf(locked.txid, 0)).toBe(txidOf(sweep));
    await chain.mine(1);
    expect((await chain.tx(txidOf(after)))?.height).toBe(height + 2);
  });

  it('invalidate cuts the chain; balances follow', async () => {
    await chain.mine(1);
    const script = p2wsh(openScript(99));
    await chain.pay(script, 70_000n);
    await chain.mine(2);
    const height = await chain.height();
    await chain.invalidate(height - 1);
    expect(await chain.height()).toBe(height - 2);
    expect(await chain.utxosOf(script)).toMatchObject([{ valueSat: 70_000n, height: undefined }]);
    await chain.mine(1);
    expect(await chain.balanceOf(script)).toBe(70_000n);
    expect(await chain.utxosOf(script)).toMatchObject([{ height: height - 1 }]);
  });

  it('a double spend can take the place of what was mined', async () => {
    const from = await coin(chain, 50_000n);
    const honest = spend([from], { feeSat: 1_000n });
    const double = spend([from], { feeSat: 2_000n, to: SINK });
    await chain.submit(honest);
    await chain.mine(1);
    await chain.reorg(1);
    await chain.mineTxs([double]);
    expect(await chain.mempoolTxids()).not.toContain(txidOf(honest));
    expect(await chain.tx(txidOf(honest))).toBeUndefined();
    expect(await chain.spenderOf(from.txid, 0)).toBe(txidOf(double));
    await expect(chain.mineTxs([honest])).rejects.toThrow('bad-txns-inputs-missingorspent');
  });

  it('mines what would not relay, when told to', async () => {
    const from = await coin(chain, 50_000n);
    const odd = spend([from], { feeSat: 0n, version: 4, extra: [{ scriptHex: OPEN, valueSat: 1n }] });
    expect(await chain.submit(odd)).toMatchObject({ accepted: false });
    await chain.mineTxs([odd]);
    expect((await chain.tx(txidOf(odd)))?.height).toBe(await chain.height());
  });
});
