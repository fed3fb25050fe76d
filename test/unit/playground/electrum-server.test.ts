import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChainHere, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { LIES } from '../../../core/playground/electrum-lies.ts';
import { coin, OPEN, openScript, outputOf, p2wsh, SINK, spend, txidOf } from './coins.ts';
import { ElectrumClient } from './electrum-client.ts';

let chain: ChainHandle;
let client: ElectrumClient;
beforeAll(async () => {
  chain = await startChainHere();
  client = await ElectrumClient.connect(chain.electrumPort);
});
afterEach(() => chain.truth());
afterAll(async () => {
  client.close();
  await chain.stop();
});

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const twice = (bytes: Uint8Array): Buffer => sha256(sha256(bytes));
const flip = (hex: string): Buffer => Buffer.from(hex, 'hex').reverse();
const hashOf = (scriptHex: string): string => sha256(Buffer.from(scriptHex, 'hex')).reverse().toString('hex');
const merkleRootOf = (headerHex: string): string => headerHex.slice(72, 136);
const blockHashOf = (headerHex: string): string => twice(Buffer.from(headerHex, 'hex')).reverse().toString('hex');

/** The check of a wallet, written anew: not with the server's own code. */
function rootOf(txid: string, pos: number, branch: readonly string[]): string {
  let hash = flip(txid);
  for (const [level, sibling] of branch.entries()) {
    const pair = (pos >> level) & 1 ? [flip(sibling), hash] : [hash, flip(sibling)];
    hash = twice(Buffer.concat(pair));
  }
  return hash.toString('hex');
}

interface Proof {
  block_height: number;
  pos: number;
  merkle: string[];
}
let tag = 1000;
const freshScript = (): { witnessScript: string; scriptHex: string; hash: string } => {
  const witnessScript = openScript(++tag);
  const scriptHex = p2wsh(witnessScript);
  return { witnessScript, scriptHex, hash: hashOf(scriptHex) };
};

describe('what it knows', () => {
  it('introduces itself as 1.4', async () => {
    expect(await client.call('server.version', 'test', '1.4')).toEqual([expect.any(String), '1.4']);
    expect(await client.call('server.features')).toMatchObject({
      hash_function: 'sha256',
      genesis_hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    });
    expect(await client.call('server.ping')).toBeNull();
    expect(typeof (await client.call('server.banner'))).toBe('string');
    expect(await client.ask('server.unknown')).toMatchObject({ error: { code: -32601 } });
    expect(await client.ask('blockchain.scripthash.get_history', 'xyz')).toMatchObject({ error: { code: -32602 } });
    expect(await client.ask('blockchain.transaction.get', '00'.repeat(32))).toMatchObject({ error: { code: 2 } });
  });

  it('serves headers that build on each other', async () => {
    const { hex, count } = await client.call<{ hex: string; count: number }>('blockchain.block.headers', 0, 5_000);
    const headers = hex.match(/.{160}/g)!;
    expect(count).toBe(headers.length);
    expect(count).toBe((await chain.height()) + 1);
    for (let h = 1; h < headers.length; h++)
      expect(headers[h]!.slice(8, 72)).toBe(flip(blockHashOf(headers[h - 1]!)).toString('hex'));
    expect(await client.call('blockchain.block.header', 7)).toBe(headers[7]);
    expect(await client.ask('blockchain.block.header', 1_000_000)).toMatchObject({ error: { code: 1 } });
  });

  it('proves a header up to a checkpoint', async () => {
    const checkpoint = 301;
    const { header, branch, root } = await client.call<{ header: string; branch: string[]; root: string }>(
      'blockchain.block.header',
      200,
      checkpoint,
    );
    expect(rootOf(blockHashOf(header), 200, branch)).toBe(flip(root).toString('hex'));
    const chunk = await client.call<{ hex: string; branch: string[]; root: string }>(
      'blockchain.block.headers',
      195,
      6,
      checkpoint,
    );
    expect(chunk).toMatchObject({ branch, root });
  });

  it.each([1, 2, 3, 6])('proves each of %i more transactions to be in their block', async (more) => {
    for (let i = 0; i < more; i++) await chain.pay(SINK, 10_000n);
    const txids = await chain.mempoolTxids();
    await chain.mine(1);
    const height = await chain.height();
    const header = await client.call<string>('blockchain.block.header', height);
    for (const txid of txids) {
      const proof = await client.call<Proof>('blockchain.transaction.get_merkle', txid, height);
      expect(proof.block_height).toBe(height);
      expect(rootOf(txid, proof.pos, proof.merkle)).toBe(merkleRootOf(header));
      expect(await client.call('blockchain.transaction.id_from_pos', height, proof.pos, true)).toEqual({
        tx_hash: txid,
        merkle: proof.merkle,
      });
      expect(await client.call('blockchain.transaction.id_from_pos', height, proof.pos)).toBe(txid);
    }
  });

  it('follows a script through its life', async () => {
    const { witnessScript, scriptHex, hash } = freshScript();
    expect(await client.call('blockchain.scripthash.subscribe', hash)).toBeNull();
    const from = await coin(chain, 60_000n, witnessScript);
    const height = await chain.height();
    const first = spend([from], { feeSat: 1_000n });
    const second = spend([outputOf(first)], { feeSat: 700n, to: scriptHex });
    await chain.submit(first);
    await chain.submit(second);
    const history = await client.call<{ tx_hash: string; height: number }[]>('blockchain.scripthash.get_history', hash);
    expect(history).toEqual([
      { tx_hash: from.txid, height },
      { tx_hash: txidOf(first), height: 0, fee: 1_000 },
      { tx_hash: txidOf(second), height: -1, fee: 700 },
    ]);
    expect(await client.call('blockchain.scripthash.get_mempool', hash)).toEqual(history.slice(1));
    expect(await client.call('blockchain.scripthash.get_balance', hash)).toEqual({
      confirmed: 60_000,
      unconfirmed: -1_700,
    });
    expect(await client.call('blockchain.scripthash.listunspent', hash)).toEqual([
      { tx_hash: txidOf(second), tx_pos: 0, height: 0, value: 58_300 },
    ]);
    const status = sha256(Buffer.from(history.map((h) => `${h.tx_hash}:${h.height}:`).join(''))).toString('hex');
    expect(await client.call('blockchain.scripthash.subscribe', hash)).toBe(status);

    await chain.mineTxs([first]); // the child's parent is confirmed now, and the child's height goes from -1 to 0
    expect(await client.call('blockchain.scripthash.get_history', hash)).toMatchObject([
      { height },
      { height: height + 1 },
      { tx_hash: txidOf(second), height: 0 },
    ]);
    expect(await client.call('blockchain.scripthash.listunspent', hash)).toMatchObject([{ tx_hash: txidOf(second) }]);
    expect(await chain.utxosOf(OPEN)).not.toContainEqual(expect.objectContaining({ txid: txidOf(first) }));
    await chain.mine(1);
    expect(await client.call('blockchain.scripthash.get_balance', hash)).toEqual({ confirmed: 58_300, unconfirmed: 0 });
  });

  it('gives transactions raw and explained', async () => {
    const from = await coin(chain, 60_000n);
    const { hex, height } = (await chain.tx(from.txid))!;
    expect(await client.call('blockchain.transaction.get', from.txid)).toBe(hex);
    expect(await client.call('blockchain.transaction.get', from.txid, true)).toMatchObject({
      txid: from.txid,
      hex,
      confirmations: 1,
      blockhash: (await chain.block(height!))!.hash,
      vout: [{ n: 0, value: 0.0006 }, { n: 1 }],
    });
  });

  it('broadcasts, and says why not', async () => {
    const from = await coin(chain, 60_000n);
    const poor = spend([from], { feeSat: 10n });
    expect(await client.ask('blockchain.transaction.broadcast', poor)).toMatchObject({
      error: { code: 1, message: expect.stringContaining('min relay fee not met') },
    });
    const good = spend([from], { feeSat: 1_000n });
    expect(await client.call('blockchain.transaction.broadcast', good)).toBe(txidOf(good));
    expect(await chain.mempoolTxids()).toContain(txidOf(good));
    expect(await client.call('mempool.get_fee_histogram')).toEqual([[expect.any(Number), expect.any(Number)]]);
  });

  it('tells the fee rates it was given', async () => {
    expect(await client.call('blockchain.estimatefee', 6)).toBe(-1);
    await chain.setFeerate({ 2: 50, 6: 12.5, 144: 1 });
    expect(await client.call('blockchain.estimatefee', 1)).toBe(0.0005);
    expect(await client.call('blockchain.estimatefee', 10)).toBe(0.000125);
    expect(await client.call('blockchain.relayfee')).toBe(0.00001);
    await chain.setFeerate(undefined);
  });
});

describe('what it tells unasked', () => {
  it('the tip before the scripts, each once, and nothing that did not change', async () => {
    const other = await ElectrumClient.connect(chain.electrumPort);
    const [ours, notOurs] = [freshScript(), freshScript()];
    await other.call('blockchain.headers.subscribe');
    for (const { hash } of [ours, notOurs]) await other.call('blockchain.scripthash.subscribe', hash);
    await chain.pay(ours.scriptHex, 5_000n);
    await chain.mine(1);
    await other.call('server.ping');
    const tip = await chain.height();
    const status = await other.call('blockchain.scripthash.subscribe', ours.hash);
    expect(other.notices).toEqual([
      { method: 'blockchain.scripthash.subscribe', params: [ours.hash, expect.stringMatching(/^[0-9a-f]{64}$/)] },
      {
        method: 'blockchain.headers.subscribe',
        params: [{ height: tip, hex: await other.call('blockchain.block.header', tip) }],
      },
      { method: 'blockchain.scripthash.subscribe', params: [ours.hash, status] },
    ]);
    await other.call('blockchain.scripthash.unsubscribe', ours.hash);
    await chain.pay(ours.scriptHex, 5_000n);
    await other.call('server.ping');
    expect(other.notices).toHaveLength(3);
    other.close();
  });

  it('that a parent is confirmed now, to those who only know the child', async () => {
    const { hash, scriptHex } = freshScript();
    const parent = spend([await coin(chain, 60_000n)], { feeSat: 1_000n });
    const child = spend([outputOf(parent)], { feeSat: 1_000n, to: scriptHex });
    await chain.submit(parent);
    await chain.submit(child);
    const before = await client.call('blockchain.scripthash.subscribe', hash);
    await chain.mineTxs([parent]);
    await client.call('server.ping');
    const told = client.notices.filter((n) => n.params[0] === hash);
    expect(told).toHaveLength(1);
    expect(told[0]!.params[1]).not.toBe(before);
  });

  it('nothing about a replacement that failed', async () => {
    const { hash, witnessScript } = freshScript();
    const from = await coin(chain, 60_000n, witnessScript);
    await chain.submit(spend([from], { feeSat: 1_000n }));
    await client.call('blockchain.scripthash.subscribe', hash);
    const told = client.notices.length;
    const invalid = spend([{ ...from, witness: [openScript(1)] }], { feeSat: 9_000n });
    expect(await chain.submit(invalid)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('script-verify-flag'),
    });
    await client.call('server.ping');
    expect(client.notices).toHaveLength(told);
  });

  it('a reorganisation: new tip, script back in the mempool', async () => {
    const { hash, scriptHex } = freshScript();
    await chain.pay(scriptHex, 5_000n);
    await chain.mine(1);
    const mined = await client.call('blockchain.scripthash.subscribe', hash);
    await chain.reorg(1);
    await client.until(() => client.notices.some((n) => n.params[0] === hash));
    expect(client.notices.findLast((n) => n.params[0] === hash)?.params[1]).not.toBe(mined);
    expect(await client.call('blockchain.scripthash.get_history', hash)).toMatchObject([{ height: 0 }]);
    await chain.mine(1);
  });
});

describe('the wire', () => {
  it('answers in order, takes batches, and bears nonsense', async () => {
    const raw = await ElectrumClient.connect(chain.electrumPort);
    raw.write('not json\n[{"id":900,"method":"server.ping"},{"id":901,"method":"nope"}]\n');
    await raw.until(() => raw.oddLines.length === 2);
    expect(JSON.parse(raw.oddLines[0]!)).toMatchObject({ error: { code: -32700 } });
    expect(JSON.parse(raw.oddLines[1]!)).toMatchObject([
      { id: 900, result: null },
      { id: 901, error: { code: -32601 } },
    ]);
    const from = await coin(chain, 60_000n);
    // Both in one packet: the first has to wait for the chain, the second would not.
    const lines = [
      { id: 902, method: 'blockchain.transaction.broadcast', params: [spend([from], { feeSat: 1_000n })] },
      { id: 903, method: 'server.ping' },
    ];
    raw.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await raw.until(() => raw.oddLines.length === 4);
    expect(raw.oddLines.slice(2).map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([902, 903]);
    raw.close();
  });

  it('drops clients when told and takes them again', async () => {
    const other = await ElectrumClient.connect(chain.electrumPort);
    await other.call('server.ping');
    const gone = other.closed;
    await chain.dropClients();
    await gone;
    client = await ElectrumClient.connect(chain.electrumPort);
    expect(await client.call('server.ping')).toBeNull();
  });
});

describe('lies', () => {
  it('every named lie is one that can be told', async () => {
    for (const lie of LIES) {
      await chain.tell(lie);
      await chain.tell(lie, false);
    }
    await expect(chain.tell('nonsense' as never)).rejects.toThrow('no such lie');
  });

  it('falseMerkleProof and falseMerklePosition do not lead to the root', async () => {
    const { txid } = await coin(chain, 10_000n);
    const header = await client.call<string>('blockchain.block.header', await chain.height());
    for (const lie of ['falseMerkleProof', 'falseMerklePosition'] as const) {
      await chain.tell(lie);
      const proof = await client.call<Proof>('blockchain.transaction.get_merkle', txid, 0);
      expect(rootOf(txid, proof.pos, proof.merkle)).not.toBe(merkleRootOf(header));
      await chain.truth();
    }
  });

  it('hideHistory and hideSpends', async () => {
    const { hash, witnessScript } = freshScript();
    const from = await coin(chain, 10_000n, witnessScript);
    await client.call('blockchain.scripthash.subscribe', hash);
    const gone = spend([from], { feeSat: 500n });
    await chain.submit(gone);
    await chain.tell('hideSpends');
    expect(await client.call('blockchain.scripthash.get_history', hash)).toMatchObject([{ tx_hash: from.txid }]);
    await chain.truth();
    expect(await client.call('blockchain.scripthash.get_history', hash)).toHaveLength(2);
    await chain.tell('hideHistory');
    expect(await client.call('blockchain.scripthash.get_history', hash)).toEqual([]);
    expect(await client.call('blockchain.scripthash.subscribe', hash)).toBeNull();
  });

  it('wrongHeader, frozenTip, absurdFee, swallowBroadcast, refuseBroadcast', async () => {
    const honest = await client.call<{ height: number; hex: string }>('blockchain.headers.subscribe');
    await chain.tell('wrongHeader');
    expect((await client.call<{ hex: string }>('blockchain.headers.subscribe')).hex).not.toBe(honest.hex);
    await chain.truth();
    await chain.tell('frozenTip');
    await chain.mine(2);
    expect(await client.call('blockchain.headers.subscribe')).toEqual(honest);
    await chain.tell('absurdFee');
    expect(await client.call('blockchain.estimatefee', 2)).toBe(5);
    const tx = spend([await coin(chain, 10_000n)], { feeSat: 500n });
    await chain.tell('swallowBroadcast');
    expect(await client.call('blockchain.transaction.broadcast', tx)).toBe(txidOf(tx));
    expect(await chain.mempoolTxids()).not.toContain(txidOf(tx));
    await chain.truth();
    await chain.tell('refuseBroadcast');
    expect(await client.ask('blockchain.transaction.broadcast', tx)).toMatchObject({
      error: { message: expect.stringContaining('Update required') },
    });
    await chain.truth();
    expect(await client.call('blockchain.transaction.broadcast', tx)).toBe(txidOf(tx));
  });

  it('stall holds the answers until it ends; garbage is not JSON', async () => {
    await chain.tell('stall');
    const late = client.call('server.ping');
    await chain.mine(1); // and no notice of it either
    expect(await Promise.race([late, 'still waiting'])).toBe('still waiting');
    await chain.truth();
    expect(await late).toBeNull();
    await chain.tell('garbage');
    const odd = client.oddLines.length;
    void client.ask('server.ping');
    await client.until(() => client.oddLines.length > odd);
    expect(client.oddLines.at(-1)).toContain('<html>');
  });
});
