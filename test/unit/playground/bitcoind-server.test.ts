import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bitcoindCaller, type BitcoindCall } from '../../../core/playground/bitcoind-rpc.ts';
import { BitcoindChain, parentsFirst } from '../../../core/playground/bitcoind-chain.ts';
import { startChainHere, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { doubleSha256, parseTx } from '../../../core/playground/raw-tx.ts';
import { addressOf, scriptOf } from '../../../core/playground/regtest-address.ts';
import { coin, OPEN, outputOf, SINK, spend, txidOf } from './coins.ts';

let chain: ChainHandle;
let rpc: BitcoindCall;
beforeAll(async () => {
  chain = await startChainHere({ bitcoindUser: 'me', bitcoindPassword: 'p@ss:word' });
  rpc = bitcoindCaller(chain.bitcoindUrl);
});
afterEach(async () => {
  await chain.setPruneHeight(undefined);
  await chain.setFeerate(undefined);
});
afterAll(() => chain.stop());

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> => {
  const { origin, username, password } = new URL(chain.bitcoindUrl);
  const authorization = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  return fetch(origin, { method: 'POST', body, headers: { authorization, ...headers } });
};
const refusal = (code: number, message?: string): object => ({
  code,
  ...(message ? { message: expect.stringContaining(message) } : {}),
});

describe('HTTP', () => {
  it('wants the password', async () => {
    expect((await post('{}', { authorization: 'Basic bm86bm8=' })).status).toBe(401);
  });

  it('answers errors as old and new JSON-RPC want them', async () => {
    const old = await post('{"id":1,"method":"nope","params":[]}');
    expect(old.status).toBe(404);
    expect(await old.json()).toEqual({ id: 1, result: null, error: { code: -32601, message: 'Method not found' } });
    const modern = await post('{"jsonrpc":"2.0","id":1,"method":"nope","params":[]}');
    expect(modern.status).toBe(200);
    expect(await modern.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32601, message: 'Method not found' },
    });
    expect((await post('{{{')).status).toBe(500);
  });

  it('takes batches and named parameters', async () => {
    const batch = await post(
      '[{"id":1,"method":"getblockcount"},{"id":2,"method":"getblockhash","params":{"height":0}},{"id":3,"method":"getblockhash","params":{"depth":0}}]',
    );
    expect(await batch.json()).toMatchObject([
      { id: 1, result: await chain.height() },
      { id: 2, result: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206' },
      { id: 3, error: { code: -8 } },
    ]);
  });

  it('writes amounts as numbers with eight decimals', async () => {
    await chain.setFeerate(1.5);
    expect(await (await post('{"id":1,"method":"estimatesmartfee","params":[6]}')).text()).toContain(
      '"feerate":0.00001500',
    );
    expect(await (await post('{"id":1,"method":"getmempoolinfo"}')).text()).toContain('"mempoolminfee":0.00001000');
  });

  it('can be overrun', async () => {
    await chain.setBitcoindUnavailable(true);
    expect((await post('{"id":1,"method":"getblockcount"}')).status).toBe(503);
    await chain.setBitcoindUnavailable(false);
    expect((await post('{"id":1,"method":"getblockcount"}')).status).toBe(200);
  });
});

describe('blocks', () => {
  it('are the same at every verbosity', async () => {
    const from = await coin(chain, 40_000n);
    const tip = await rpc<string>('getbestblockhash');
    expect(await rpc('getblockhash', await chain.height())).toBe(tip);
    const raw = await rpc<string>('getblock', tip, 0);
    const header = await rpc<string>('getblockheader', tip, false);
    expect(raw.startsWith(header)).toBe(true);
    expect(doubleSha256(Buffer.from(header, 'hex')).reverse().toString('hex')).toBe(tip);
    const listed = await rpc<{ tx: string[]; confirmations: number; size: number; previousblockhash: string }>(
      'getblock',
      tip,
      1,
    );
    expect(listed).toMatchObject({ confirmations: 1, size: raw.length / 2, height: await chain.height() });
    expect(listed.tx).toContain(from.txid);
    const full = await rpc<{ tx: { txid: string; hex: string; fee?: number; vout: { value: number }[] }[] }>(
      'getblock',
      tip,
      2,
    );
    expect(full.tx.map((tx) => tx.txid)).toEqual(listed.tx);
    for (const tx of full.tx) expect(parseTx(tx.hex).txid).toBe(tx.txid);
    expect(full.tx.find((tx) => tx.txid === from.txid)).toMatchObject({ fee: 0.00002, vout: [{ value: 0.0004 }, {}] });
    expect(raw.slice(header.length)).toBe(`${'0'}${full.tx.length}${full.tx.map((tx) => tx.hex).join('')}`);
    expect(await rpc('getblockheader', tip)).toMatchObject({
      hash: tip,
      nTx: full.tx.length,
      previousblockhash: listed.previousblockhash,
    });
    expect(await rpc('getblockchaininfo')).toMatchObject({ chain: 'regtest', bestblockhash: tip, pruned: false });
  });

  it('say what is not there', async () => {
    await expect(rpc('getblockhash', 1_000_000)).rejects.toMatchObject(refusal(-8, 'out of range'));
    await expect(rpc('getblock', '00'.repeat(32))).rejects.toMatchObject(refusal(-5, 'Block not found'));
    await expect(rpc('getblock', 'ab')).rejects.toMatchObject(refusal(-8));
  });

  it('are gone when pruned, headers are not', async () => {
    await chain.setPruneHeight(100);
    const below = await rpc<string>('getblockhash', 99);
    await expect(rpc('getblock', below, 0)).rejects.toMatchObject(refusal(-1, 'Block not available (pruned data)'));
    expect(await rpc('getblock', await rpc('getblockhash', 100), 0)).toMatch(/^[0-9a-f]+$/);
    expect(await rpc('getblockheader', below)).toMatchObject({ height: 99 });
    expect(await rpc('getblockchaininfo')).toMatchObject({ pruned: true, pruneheight: 100 });
  });
});

describe('transactions', () => {
  it('are found in the mempool, or in the block that is named', async () => {
    const from = await coin(chain, 40_000n);
    const raw = spend([from], { feeSat: 1_000n });
    expect(await rpc('sendrawtransaction', raw)).toBe(txidOf(raw));
    expect(await rpc('sendrawtransaction', raw)).toBe(txidOf(raw)); // again: no error
    expect(await rpc('getrawtransaction', txidOf(raw))).toBe(raw);
    expect(await rpc('getrawmempool')).toEqual([txidOf(raw)]);
    expect(await rpc('getrawmempool', true)).toMatchObject({ [txidOf(raw)]: { fees: { base: 0.00001 }, depends: [] } });
    expect(await rpc('gettxout', from.txid, 0)).toBeNull();
    expect(await rpc('gettxout', from.txid, 0, false)).toMatchObject({
      value: 0.0004,
      confirmations: 1,
      scriptPubKey: { hex: OPEN, address: addressOf(OPEN), type: 'witness_v0_scripthash' },
    });
    expect(await rpc('gettxout', txidOf(raw), 0)).toMatchObject({ confirmations: 0, coinbase: false });
    expect(await rpc('gettxout', txidOf(raw), 0, false)).toBeNull();
    expect(await rpc('gettxspendingprevout', [{ txid: from.txid, vout: 0 }])).toEqual([
      { txid: from.txid, vout: 0, spendingtxid: txidOf(raw) },
    ]);
    await chain.mine(1);
    await expect(rpc('getrawtransaction', txidOf(raw))).rejects.toMatchObject(refusal(-5, 'Use -txindex'));
    const tip = await rpc<string>('getbestblockhash');
    expect(await rpc('getrawtransaction', txidOf(raw), 1, tip)).toMatchObject({
      hex: raw,
      confirmations: 1,
      blockhash: tip,
    });
    await expect(rpc('getrawtransaction', from.txid, 0, tip)).rejects.toMatchObject(refusal(-5, 'provided block'));
    await expect(rpc('sendrawtransaction', raw)).rejects.toMatchObject(refusal(-27, 'already in utxo set'));
    expect(await rpc('scantxoutset', 'start', [`raw(${OPEN})`])).toMatchObject({
      success: true,
      unspents: expect.arrayContaining([expect.objectContaining({ txid: txidOf(raw), amount: 0.00039 })]),
    });
  });

  it('are refused with the codes of Core', async () => {
    const from = await coin(chain, 4_000_000n);
    await expect(rpc('sendrawtransaction', 'zz')).rejects.toMatchObject(refusal(-22));
    await expect(
      rpc('sendrawtransaction', spend([{ ...from, txid: 'cd'.repeat(32) }], { feeSat: 500n })),
    ).rejects.toMatchObject(refusal(-25, 'missingorspent'));
    await expect(rpc('sendrawtransaction', spend([from], { feeSat: 10n }))).rejects.toMatchObject(
      refusal(-26, 'min relay fee not met'),
    );
    const rich = spend([from], { feeSat: 3_000_000n });
    await expect(rpc('sendrawtransaction', rich)).rejects.toMatchObject(refusal(-25, 'Fee exceeds maximum'));
    await expect(rpc('sendrawtransaction', rich, 0.001)).rejects.toMatchObject(refusal(-25));
    expect(await rpc('testmempoolaccept', [rich], 0)).toMatchObject([
      { txid: txidOf(rich), allowed: true, fees: { base: 0.03 } },
    ]);
    expect(await rpc('testmempoolaccept', [spend([from], { feeSat: 10n })])).toMatchObject([
      { allowed: false, 'reject-reason': 'min relay fee not met' },
    ]);
    expect(await rpc('getrawmempool')).not.toContain(txidOf(rich));
    expect(await rpc('sendrawtransaction', rich, 0)).toBe(txidOf(rich));
  });

  it('come in packages', async () => {
    const from = await coin(chain, 40_000n);
    const parent = spend([from], { feeSat: 0n });
    const child = spend([outputOf(parent)], { feeSat: 1_000n });
    expect(await rpc('submitpackage', [parent, spend([outputOf(parent)], { feeSat: 20n })])).toMatchObject({
      package_msg: 'transaction failed',
      'tx-results': { [parseTx(parent).wtxid]: { error: 'min relay fee not met' } },
    });
    expect(await rpc('submitpackage', [parent, child])).toMatchObject({
      package_msg: 'success',
      'tx-results': {
        [parseTx(parent).wtxid]: { txid: txidOf(parent), fees: { base: 0 } },
        [parseTx(child).wtxid]: { txid: txidOf(child) },
      },
    });
    await expect(rpc('submitpackage', [child, parent])).rejects.toMatchObject(refusal(-25, 'topology'));
    await expect(rpc('submitpackage', [])).rejects.toMatchObject(refusal(-8));
  });
});

describe('fees and mining', () => {
  it('estimates what it was told, or nothing', async () => {
    expect(await rpc('estimatesmartfee', 6)).toEqual({ errors: ['Insufficient data or no feerate found'], blocks: 6 });
    await chain.setFeerate({ 2: 40, 10: 4 });
    expect(await rpc('estimatesmartfee', 2, 'ECONOMICAL')).toEqual({ feerate: 0.0004, blocks: 2 });
    expect(await rpc('estimatesmartfee', 144)).toEqual({ feerate: 0.00004, blocks: 144 });
    await expect(rpc('estimatesmartfee', 0)).rejects.toMatchObject(refusal(-8));
    await chain.setMempoolMinFeerate(8);
    expect(await rpc('getmempoolinfo')).toMatchObject({ mempoolminfee: 0.00008, minrelaytxfee: 0.00001 });
    expect(await rpc('estimatesmartfee', 144)).toMatchObject({ feerate: 0.00008 });
    await chain.setMempoolMinFeerate(1);
  });

  it('mines to addresses and scripts, and forgets blocks', async () => {
    for (const script of [
      SINK,
      OPEN,
      `5120${'33'.repeat(32)}`,
      `76a914${'33'.repeat(20)}88ac`,
      `a914${'33'.repeat(20)}87`,
    ])
      expect(scriptOf(addressOf(script)!)).toBe(script);
    const taproot = addressOf(`5120${'33'.repeat(32)}`)!;
    const hashes = await rpc<string[]>('generatetoaddress', 2, taproot);
    expect(await rpc('getbestblockhash')).toBe(hashes[1]);
    expect(await chain.utxosOf(`5120${'33'.repeat(32)}`)).toHaveLength(2);
    await rpc('generatetodescriptor', 1, `raw(${SINK})`);
    await rpc('invalidateblock', hashes[1]);
    expect(await rpc('getbestblockhash')).toBe(hashes[0]);
    await expect(rpc('generatetoaddress', 1, 'bc1qxyz')).rejects.toMatchObject(refusal(-5));
    expect(await rpc('getnetworkinfo')).toMatchObject({ relayfee: 0.00001 });
  });
});

describe('a chain kept by a bitcoind', () => {
  it('is followed and driven over RPC: tried on this server, which speaks the same', async () => {
    const remote = await BitcoindChain.connect(chain.bitcoindUrl);
    expect(remote.index.height).toBe(await chain.height());
    const txid = await remote.pay(SINK, 12_345n);
    expect(remote.index.mempoolTxids).toEqual(await chain.mempoolTxids());
    await remote.mine(1);
    expect(remote.index.tx(txid)?.place).toBe(await chain.height());
    const [from] = [await coin(chain, 40_000n)];
    const parent = spend([from], { feeSat: 0n });
    const child = spend([outputOf(parent)], { feeSat: 1_000n });
    expect(await remote.submit(parent)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('min relay fee not met'),
    });
    expect(await remote.submitPackage([parent, child])).toEqual([
      { accepted: true, txid: txidOf(parent) },
      { accepted: true, txid: txidOf(child) },
    ]);
    expect(remote.index.spenderOf(from.txid, 0)).toBe(txidOf(parent));
    await remote.mine(1);
    const height = remote.index.height;
    await remote.reorg(2);
    expect(remote.index.height).toBe(height + 1);
    expect(remote.index.tip.hash).toBe((await chain.block(height + 1))?.hash);
    expect(new Set(remote.index.mempoolTxids)).toEqual(new Set(await chain.mempoolTxids()));
    await remote.mine(2, { empty: true });
    expect(remote.index.mempoolTxids).toContain(txidOf(child));
    const other = await coin(chain, 40_000n);
    const [first, second] = [spend([other], { feeSat: 500n }), spend([other], { feeSat: 5_000n, to: SINK })];
    await remote.submit(first);
    expect(remote.index.mempoolTxids).toContain(txidOf(first));
    await remote.submit(second);
    expect(remote.index.mempoolTxids).not.toContain(txidOf(first));
    expect(remote.index.spenderOf(other.txid, 0)).toBe(txidOf(second));
    await remote.stop();
  });

  it('brings the mempool into the order of its parents', () => {
    const a = spend([{ txid: 'ab'.repeat(32), vout: 0, valueSat: 50_000n, witness: [] }], { feeSat: 1n });
    const b = spend([outputOf(a)], { feeSat: 1n });
    const c = spend([outputOf(b)], { feeSat: 1n });
    expect(parentsFirst([c, a, b].map(parseTx)).map((tx) => tx.hex)).toEqual([a, b, c]);
  });
});
