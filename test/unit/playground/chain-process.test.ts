import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitcoindCaller } from '../../../core/playground/bitcoind-rpc.ts';
import { startChainProcess, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { coin, OPEN, openScript, p2wsh, SINK, spend, txidOf } from './coins.ts';
import { ElectrumClient } from './electrum-client.ts';

describe('a test network in a process of its own', () => {
  let chain: ChainHandle;
  beforeAll(async () => {
    chain = await startChainProcess({ feerateSatPerVb: 7 });
  });
  afterAll(() => chain.stop());

  it('serves both protocols over one chain', async () => {
    const electrum = await ElectrumClient.connect(chain.electrumPort);
    const rpc = bitcoindCaller(chain.bitcoindUrl);
    expect(await rpc('getblockcount')).toBe(450);
    expect(await electrum.call('blockchain.headers.subscribe')).toMatchObject({ height: 450 });
    await rpc('generatetodescriptor', 1, `raw(${SINK})`);
    await electrum.until(() => electrum.notices.length === 1);
    expect(electrum.notices[0]).toMatchObject({ params: [{ height: 451 }] });
    expect(await electrum.call('blockchain.estimatefee', 2)).toBe(0.00007);
    expect((await chain.electrumRequests()).map((r) => r.method)).toEqual([
      'blockchain.headers.subscribe',
      'blockchain.estimatefee',
    ]);
    expect(await chain.bitcoindRequests()).toHaveLength(2);
    electrum.close();
  });

  it('carries amounts, heights and refusals over', async () => {
    const script = p2wsh(openScript(5));
    const txid = await chain.pay(script, 123_456n);
    expect(await chain.tx(txid)).toMatchObject({ height: undefined, feeSat: 2_000n });
    expect(await chain.balanceOf(script)).toBe(123_456n);
    expect(await chain.tx('00'.repeat(32))).toBeUndefined();
    expect(await chain.block(100_000)).toBeUndefined();
    await expect(chain.pay(script, 10n ** 15n)).rejects.toThrow('the faucet is empty');
    await expect(chain.reorg(0)).rejects.toThrow('at least one block');
    await expect(chain.reorg(400)).rejects.toThrow('cannot lose blocks');
    await expect(chain.tell('nonsense' as never)).rejects.toThrow('no such lie');
  });

  it('waits for what happens on the chain', async () => {
    const from = await coin(chain, 50_000n);
    const raw = spend([from], { feeSat: 500n });
    const [seen, mined, spent] = [
      chain.untilTx(txidOf(raw)),
      chain.untilTx(txidOf(raw), 2),
      chain.untilSpent(from.txid, 0),
    ];
    await chain.submit(raw);
    expect(await seen).toBe(raw);
    expect(await spent).toBe(txidOf(raw));
    await chain.mine(2);
    expect(await mined).toBe(raw);
    await expect(chain.untilTx('00'.repeat(32), 0, 1)).rejects.toThrow('in vain');
  });

  it('can pay many at once', async () => {
    const paid = await Promise.all(Array.from({ length: 30 }, () => chain.pay(OPEN, 10_000n)));
    expect(new Set(paid).size).toBe(30);
    await chain.mine(1);
    expect(await chain.mempoolTxids()).toEqual([]);
  });
});

describe('life and death', () => {
  it('stop ends the process; later calls fail instead of hanging', async () => {
    const chain = await startChainProcess({ blocks: 1 });
    await chain.stop();
    await chain.stop();
    expect(() => process.kill(chain.pid!, 0)).toThrow('ESRCH');
    await expect(chain.height()).rejects.toThrow('the chain process');
  });

  it('a killed process fails what waits for it', async () => {
    const chain = await startChainProcess({ blocks: 1 });
    const waiting = chain.untilMempool(1);
    process.kill(chain.pid!, 'SIGKILL');
    await expect(waiting).rejects.toThrow('SIGKILL');
  });

  it('takes the bitcoind that is named, and says so when it does not start', async () => {
    await expect(startChainProcess({ bitcoindBinary: '/nonexistent/bitcoind' })).rejects.toThrow('ENOENT');
  });

  it('a port that is taken is an error', async () => {
    const chain = await startChainProcess({ blocks: 1 });
    await expect(startChainProcess({ blocks: 1, electrumPort: chain.electrumPort })).rejects.toThrow('EADDRINUSE');
    await chain.stop();
  });

  it('serves TLS with a given certificate', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'chain-tls-'));
    try {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=localhost',
          '-keyout',
          join(dir, 'key'),
          '-out',
          join(dir, 'cert'),
        ],
        { stdio: 'ignore' },
      );
      const tls = { certPem: readFileSync(join(dir, 'cert'), 'utf8'), keyPem: readFileSync(join(dir, 'key'), 'utf8') };
      const chain = await startChainProcess({ blocks: 1, tls });
      const client = await ElectrumClient.connect(chain.electrumTlsPort!, true);
      expect(await client.call('server.ping')).toBeNull();
      const plain = createConnection(chain.electrumTlsPort!, '127.0.0.1').on('error', () => undefined);
      plain.write('not TLS\n');
      await once(plain, 'close'); // and that does not end the server
      expect(await client.call('server.ping')).toBeNull();
      client.close();
      await chain.stop();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
