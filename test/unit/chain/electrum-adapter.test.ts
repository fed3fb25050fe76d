import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { BcoinChain } from '../../../core/playground/chain.ts';
import { ElectrumServer } from '../../../core/playground/electrum-server.ts';
import type { Lie } from '../../../core/playground/electrum-lies.ts';
import { Fees } from '../../../core/playground/fees.ts';
import { headerHash, meetsTarget, targetOfBits } from '../../../core/chain/header.ts';
import { createChainSource, parseChainSpec } from '../../../core/io/chain-sources.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { FUZZ_COUNT, seededRandom } from '../../support/mutate.ts';
import { OTHER_TLS_TEST_KEY, SERVER_TLS_TEST_KEY } from '../../support/tls-test-keys.ts';
import { memoryBlobs, openScript, payTo, rig, spendOf, stopRigs } from './harness.ts';

let chain: BcoinChain;
let fees: Fees;
let servers: ElectrumServer[] = [];
let scripts = 0;

const serve = async (options: Parameters<typeof ElectrumServer.start>[2] = {}): Promise<ElectrumServer> => {
  const server = await ElectrumServer.start(chain, fees, options);
  servers.push(server);
  return server;
};
const liar = async (...lies: Lie[]): Promise<ElectrumServer> => {
  const server = await serve();
  for (const lie of lies) server.tell(lie);
  return server;
};
const at = ({ port }: { port: number }): string => `electrum:tcp://127.0.0.1:${port}`;
const fresh = (): ReturnType<typeof openScript> => openScript(scripts++);

const proxies: Server[] = [];

/** Passes requests on and answers through `mangle`; an empty line says nothing. */
async function mangling(target: number, mangle: (line: Buffer) => Buffer): Promise<number> {
  const proxy = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => undefined).on('close', () => (client.destroy(), upstream.destroy()));
    client.pipe(upstream);
    let rest = Buffer.alloc(0);
    upstream.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        client.write(Buffer.concat([mangle(rest.subarray(0, end)), Buffer.from('\n')]));
        rest = rest.subarray(end + 1);
      }
    });
  });
  proxies.push(proxy);
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return (proxy.address() as AddressInfo).port;
}

beforeAll(async () => {
  chain = await BcoinChain.start({ blocks: 440 });
  fees = new Fees(chain);
});
afterEach(async () => {
  await stopRigs();
  for (const proxy of proxies.splice(0)) proxy.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => chain.stop());

describe('an Electrum server', () => {
  it('shows a payment from the mempool through its blocks, its spend, and a reorg that undoes both', async () => {
    const { script, hex, witnessScript } = fresh();
    const { source, told } = rig(at(await serve()), {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    expect(told.heights(hex)).toEqual([]);
    expect(told.tip?.height).toBe(chain.index.height);
    expect(told.log.slice(-3)).toEqual(['history ', `tip ${chain.index.height}`, 'synced']);

    const outPoint = await payTo(chain, hex, 100_000n);
    await told.untilHeights(hex, [undefined]);
    await chain.mine(1);
    await told.untilTip(chain);
    const paidAt = chain.index.height;
    // The history that came with the block was told before it.
    expect(told.log.slice(-2)).toEqual([`history ${paidAt}`, `tip ${paidAt}`]);
    expect(told.histories.get(hex)).toMatchObject([{ txid: outPoint.txid, height: paidAt, txIndex: 1 }]);

    const spend = spendOf({ outPoint, amountSat: 100_000n, witnessScript, to: fresh().script });
    expect(await source.publish(spend.raw)).toEqual({ ok: true });
    expect(await source.publish(spend.raw)).toEqual({ ok: true });
    await told.untilHeights(hex, [paidAt, undefined]);
    await chain.mine(1);
    await told.untilHeights(hex, [paidAt, paidAt + 1]);

    await chain.reorg(2);
    await told.untilHeights(hex, [undefined, undefined]);
    await told.untilTip(chain);
    await chain.mine(1);
    await told.untilHeights(hex, [chain.index.height, chain.index.height]);
    expect(told.histories.get(hex)?.map(({ txid }) => txid)).toEqual([outPoint.txid, spend.txid]);
    expect(told.faults).toEqual([]);
  });

  it('is asked about scripts that are watched later, and tells a doubly spent coin', async () => {
    const { script, hex, witnessScript } = fresh();
    const outPoint = await payTo(chain, hex, 50_000n);
    await chain.mine(3);
    const { source, told } = rig(at(await serve()));
    await told.until(() => told.syncedCount === 1);
    source.watchScript(script, 0);
    source.watchScript(script, 0);
    await told.until(() => told.syncedCount === 2);
    expect(told.heights(hex)).toEqual([chain.index.height - 2]);
    const plan = { outPoint, amountSat: 50_000n, witnessScript };
    const first = spendOf({ ...plan, to: fresh().script });
    const second = spendOf({ ...plan, to: fresh().script, feeSat: 9_000n });
    await source.publish(first.raw);
    await told.until(() => told.histories.get(hex)?.[1]?.txid === first.txid);
    expect(await source.publish(second.raw)).toEqual({ ok: true });
    await told.until(() => told.histories.get(hex)?.[1]?.txid === second.txid && told.histories.get(hex)?.length === 2);
    expect((await source.publish(first.raw)).ok).toBe(false);
  });

  it('that restarts or cuts the line is found again, and what it missed is told', async () => {
    const { script, hex } = fresh();
    const server = await serve();
    const { port } = server;
    const { told } = rig(at(server), {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    server.dropClients();
    await told.until(() => told.syncedCount === 2);
    await server.stop();
    servers = servers.filter((other) => other !== server);
    await payTo(chain, hex, 60_000n);
    await chain.mine(2);
    await serve({ port });
    await told.untilHeights(hex, [chain.index.height - 1]);
    await told.until(() => told.syncedCount === 3);
    expect(new Set(told.faults.map(({ fault }) => fault.code))).toEqual(new Set(['unreachable']));
  });

  it('syncs a branch that grew while nobody looked, from a stored header chain', async () => {
    const { blob, stored } = memoryBlobs();
    const first = rig(at(await serve()), { blob });
    await first.told.until(() => first.told.syncedCount === 1);
    await stopRigs();
    expect(stored.get('headers')?.length).toBe(4 + 80 * (chain.index.height + 1));
    await chain.reorg(5);
    await chain.mine(3);
    const server = await serve();
    const second = rig(at(server), { blob });
    await second.told.untilTip(chain);
    const asked = server.requests.filter(({ method }) => method === 'blockchain.block.headers').map(({ params }) => Number(params[0]));
    expect(Math.min(...asked)).toBeGreaterThan(chain.index.height - 20);
  });

  it('answers catch-up and resolves it also while away', async () => {
    const { script, hex } = fresh();
    const server = await serve();
    const { source, told } = rig(at(server), {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    await payTo(chain, hex, 70_000n);
    await chain.mine(1);
    await source.catchUp();
    expect([told.heights(hex), told.tip?.height]).toEqual([[chain.index.height], chain.index.height]);
    await server.stop();
    servers = [];
    await told.untilFault('unreachable');
    await source.catchUp();
    expect(await source.publish(new Uint8Array(10))).toMatchObject({ ok: false, code: 'unreachable' });
  });

  it('gives fee rates; an absurd one counts for nothing, none at all is an empty table', async () => {
    const server = await serve();
    const { source, told } = rig(at(server));
    await told.until(() => told.syncedCount === 1);
    expect((await source.feeEstimates()).size).toBe(0);
    fees.estimate = { 2: 30, 12: 8, 1008: 0.4 };
    expect([...(await source.feeEstimates())].map(([target, rate]) => [target, Math.round(rate)])).toEqual([[2, 30], [6, 30], [12, 8], [36, 8], [144, 8], [1008, 1]]);
    server.tell('absurdFee');
    expect((await source.feeEstimates()).size).toBe(0);
    server.truth();
    server.tell('zeroFee');
    expect((await source.feeEstimates()).size).toBe(0);
    fees.estimate = undefined;
  }); // prettier-ignore

  it('refuses broadcasts with reasons that become our own words', async () => {
    const { hex, witnessScript } = fresh();
    const server = await serve();
    const { source, told } = rig(at(server));
    await told.until(() => told.syncedCount === 1);
    const outPoint = await payTo(chain, hex, 80_000n);
    const plan = { outPoint, amountSat: 80_000n, witnessScript, to: fresh().script };
    expect(await source.publish(spendOf({ ...plan, feeSat: 1n }).raw)).toMatchObject({ code: 'fee_too_low' });
    expect(await source.publish(spendOf({ ...plan, outPoint: { txid: '12'.repeat(32), vout: 0 } }).raw)).toMatchObject({ code: 'missing_inputs' });
    server.tell('refuseBroadcast');
    const refused = await source.publish(spendOf(plan).raw);
    expect(refused).toEqual({ ok: false, code: 'rejected', reason: "The network's rules refuse it." });
    server.truth();
    const child = spendOf({ outPoint: { txid: spendOf(plan).txid, vout: 0 }, amountSat: 78_000n, witnessScript: openScript(scripts - 1).witnessScript, to: fresh().script });
    expect(await source.publishPackage([spendOf(plan).raw, child.raw])).toEqual({ ok: true });
    expect(chain.index.tx(child.txid)?.place).toBe('mempool');
  });
});

describe('a dishonest server', () => {
  it.each(['falseMerkleProof', 'falseMerklePosition'] as const)('%s: is dropped, its claim is not believed', async (lie) => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 90_000n);
    await payTo(chain, hex, 91_000n);
    await chain.mine(1);
    const { told } = rig(at(await liar(lie)), {}, [[script, 0]]);
    await told.untilFault('invalid_merkle_proof');
    expect(told.syncedCount).toBe(0);
    expect(told.heights(hex)).not.toContain(chain.index.height);
  });

  it('fakeConfirmations: a claimed block without a proof is the mempool', async () => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 90_000n);
    const { told } = rig(at(await liar('fakeConfirmations')), {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    expect(told.heights(hex)).toEqual([undefined]);
    await chain.mine(1);
  });

  it.each(['wrongChain', 'wrongTransaction', 'garbage'] as const)('%s: is dropped', async (lie) => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 90_000n);
    await chain.mine(1);
    const { told } = rig(at(await liar(lie)), {}, [[script, 0]]);
    await told.untilFault(lie === 'wrongChain' ? 'invalid_header' : 'protocol_violation');
    expect(told.syncedCount).toBe(0);
  });

  it('wrongHeader: a tip without its work is refused', async () => {
    // Regtest asks for hardly any work: mine until the server's changed byte does lose it.
    for (;;) {
      const header = fromHex(chain.index.tip.headerHex);
      header[76]! ^= 1;
      if (!meetsTarget(headerHash(header), must(targetOfBits(0x207fffff), 'target'))) break;
      await chain.mine(1);
    }
    const { told } = rig(at(await liar('wrongHeader')));
    await told.untilFault('invalid_header');
    expect(told.tip).toBeUndefined();
  });

  it('hugeAnswer: is cut off at the limit', async () => {
    const { told } = rig(at(await liar('hugeAnswer')), { tuning: { maxLineBytes: 1_000_000 } });
    await told.untilFault('protocol_violation');
    expect(told.tip).toBeUndefined();
  });

  it('stall: counts as away when its time is out', async () => {
    const { told } = rig(at(await liar('stall')), { tuning: { requestTimeoutMs: 50 } });
    await told.untilFault('unreachable');
    expect(told.faults[0]).toMatchObject({ isFinal: false, fault: { reason: expect.stringContaining('does not answer') } });
  });

  it('of another network is given up for good', async () => {
    const server = await serve();
    const made = createChainSource(at(server), 'mainnet');
    if (!made.ok) throw new Error(made.error);
    const fault = await new Promise<unknown[]>((done) => {
      const nothing = (): void => undefined;
      made.value.start({ onTip: nothing, onHistory: nothing, onSynced: nothing, onFault: (f, isFinal) => done([f.code, isFinal]) });
    });
    expect(fault).toEqual(['other_network', true]);
    await made.value.catchUp();
    await made.value.stop();
  });

  it('cannot hide a spend, freeze the tip or swallow a broadcast when another one is honest', async () => {
    const { script, hex, witnessScript } = fresh();
    const outPoint = await payTo(chain, hex, 95_000n);
    await chain.mine(1);
    const paidAt = chain.index.height;
    const bad = await liar('hideSpends', 'frozenTip', 'swallowBroadcast');
    const { source, told } = rig([at(bad), at(await serve())], {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    const spend = spendOf({ outPoint, amountSat: 95_000n, witnessScript, to: fresh().script });
    expect(await source.publish(spend.raw)).toEqual({ ok: true });
    expect(chain.index.tx(spend.txid)?.place).toBe('mempool');
    await told.untilHeights(hex, [paidAt, undefined]);
    await chain.mine(1);
    await told.untilHeights(hex, [paidAt, paidAt + 1]);
    await told.untilTip(chain);
  });

  it('that lies about proofs leaves the honest one working', async () => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 96_000n);
    await chain.mine(1);
    const { told } = rig([at(await liar('falseMerkleProof')), at(await serve())], {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    expect(told.heights(hex)).toEqual([chain.index.height]);
    expect(told.faults.every(({ isFinal }) => !isFinal)).toBe(true);
  });

  it('that goes away takes its unproven words with it, not what it proved', async () => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 97_000n);
    await chain.mine(1);
    const going = await serve();
    const { told } = rig([at(going), at(await liar('hideHistory'))], {}, [[script, 0]]);
    await payTo(chain, hex, 98_000n);
    await told.untilHeights(hex, [chain.index.height, undefined]);
    await told.until(() => told.syncedCount === 1);
    await going.stop();
    servers = servers.filter((server) => server !== going);
    await told.untilHeights(hex, [chain.index.height]);
    expect(told.faults.map(({ fault, isFinal }) => [fault.code, isFinal])).toEqual([['unreachable', false]]);
    await chain.mine(1);
  });
});

describe('TLS', () => {
  it('trusts a certificate on first use and refuses another one later', async () => {
    const known = new Map<string, string>();
    const trustCertificate = (server: string, fingerprint: string): boolean => {
      if (!known.has(server)) known.set(server, fingerprint);
      return known.get(server) === fingerprint;
    };
    const server = await serve({ tls: SERVER_TLS_TEST_KEY });
    const port = must(server.tlsPort, 'TLS port');
    const spec = `electrum:tls://127.0.0.1:${port}`;
    const first = rig(spec, { trustCertificate });
    await first.told.until(() => first.told.syncedCount === 1);
    expect([...known.values()][0]).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    await stopRigs();
    await server.stop();
    servers = [];
    await serve({ tls: { ...OTHER_TLS_TEST_KEY, port } });
    const second = rig(spec, { trustCertificate });
    await second.told.untilFault('unreachable');
    expect(second.told.tip).toBeUndefined();
    const careless = rig(spec);
    await careless.told.untilFault('unreachable');
    expect(careless.told.tip).toBeUndefined();
  });
});

describe('behind a proxy', () => {
  it('that never announces a script, its history comes with the block all the same', async () => {
    const { script, hex } = fresh();
    const { port } = await serve();
    const silent = await mangling(port, (line) => (line.includes('"method":"blockchain.scripthash.subscribe"') ? Buffer.alloc(0) : line));
    const { told } = rig(at({ port: silent }), {}, [[script, 0]]);
    await told.until(() => told.syncedCount === 1);
    await payTo(chain, hex, 33_000n);
    await chain.mine(1);
    await told.untilTip(chain);
    expect(told.log.slice(-2)).toEqual([`history ${chain.index.height}`, `tip ${chain.index.height}`]);
  });

  it(`${FUZZ_COUNT} damaged answers break nothing, and no damaged history is believed`, async () => {
    const { script, hex } = fresh();
    const outPoint = await payTo(chain, hex, 99_000n);
    await chain.mine(1);
    const random = seededRandom(Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32)));
    const tokens = ['null', '-1', '{}', '[]', '""', '1e999', '"'.padEnd(9, 'f'), '['.repeat(100), '99999999999999999999', '"__proto__"', '\u0000', 'true'];
    let damaged = 0;
    let done: (() => void) | undefined;
    const enough = new Promise<void>((resolve) => { done = resolve; }); // prettier-ignore
    const { port } = await serve();
    const proxied = await mangling(port, (line) => {
      // One in four is damaged, so that conversations come far; another genesis hash would rightly end them for good.
      if (damaged >= FUZZ_COUNT || random.below(4) !== 0 || line.includes('genesis_hash')) return line;
      if (++damaged === FUZZ_COUNT) done?.();
      const from = random.below(line.length);
      const to = from + random.below(12);
      const insert = random.below(2) === 0 ? Buffer.from(random.pick(tokens)) : Buffer.from(random.bytes(random.below(4)));
      return Buffer.concat([line.subarray(0, from), insert, line.subarray(to)]);
    });
    const { told } = rig(at({ port: proxied }), { tuning: { backoffMinMs: 0, backoffMaxMs: 1, requestTimeoutMs: 40, pingMs: 1 } }, [[script, 0]]);
    await enough;
    const paidAt = chain.index.height;
    // On regtest every second damaged header still has enough work to stand beside the true one: one more block decides.
    await chain.mine(1);
    await told.untilHeights(hex, [paidAt]);
    await told.untilTip(chain);
    expect(told.histories.get(hex)?.[0]?.txid).toBe(outPoint.txid);
  }, 120_000);
});

describe('chain source specs', () => {
  it.each([
    ['electrum:tcp://localhost:50001', { kind: 'electrum', server: { protocol: 'tcp', host: 'localhost', port: 50001 } }],
    ['electrum:tls://[::1]', { kind: 'electrum', server: { protocol: 'tls', host: '::1', port: 50002 } }],
    ['bitcoind:http://us%40er:p%3Ass@h:18443', { kind: 'bitcoind', server: { protocol: 'http', host: 'h', port: 18443, login: { user: 'us@er', password: 'p:ss' } } }],
    ['bitcoind:http://h?cookie=/a/.cookie', { kind: 'bitcoind', server: { protocol: 'http', host: 'h', port: 18443, login: { cookieFile: '/a/.cookie' } } }],
  ])('%s', (spec, parsed) => expect(parseChainSpec(spec, 'regtest')).toEqual({ ok: true, value: parsed })); // prettier-ignore

  it.each(['', 'electrum:', 'electrum:http://x:1', 'bitcoind:tcp://u:p@x', 'bitcoind:http://x:1', 'http://x', 'electrum:tcp://', 'electrum:tcp://x:99999'])(
    'refuses %j', (spec) => expect(parseChainSpec(spec, 'regtest').ok).toBe(false)); // prettier-ignore
});
