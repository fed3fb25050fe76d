import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BcoinChain } from '../../../core/playground/chain.ts';
import { BitcoindServer, type BitcoindServerOptions } from '../../../core/playground/bitcoind-server.ts';
import { ElectrumServer } from '../../../core/playground/electrum-server.ts';
import { Fees } from '../../../core/playground/fees.ts';
import { createChainSource } from '../../../core/io/chain-sources.ts';
import { FUZZ_COUNT, seededRandom } from '../../support/mutate.ts';
import { memoryBlobs, openScript, payTo, rig, spendOf, stopRigs } from './harness.ts';

let chain: BcoinChain;
let fees: Fees;
let closing: (() => Promise<unknown>)[] = [];
let scripts = 500;

const serve = async (options: BitcoindServerOptions = {}): Promise<BitcoindServer> => {
  const server = await BitcoindServer.start(chain, fees, options);
  closing.push(() => server.stop());
  return server;
};
const fresh = (): ReturnType<typeof openScript> => openScript(scripts++);
const at = (server: BitcoindServer): string => `bitcoind:${server.url}`;
const blocksAsked = (server: BitcoindServer): number => server.requests.filter(({ method }) => method === 'getblock').length;

beforeAll(async () => {
  chain = await BcoinChain.start({ blocks: 440 });
  fees = new Fees(chain);
});
afterEach(async () => {
  await stopRigs();
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => chain.stop());

describe('a node of our own', () => {
  it('shows a payment from the mempool through its blocks, its spend, and a reorg that undoes both', async () => {
    const { script, hex, witnessScript } = fresh();
    const { source, told } = rig(at(await serve()), {}, [[script, chain.index.height + 1]]);
    await told.until(() => told.syncedCount === 1);
    expect(told.heights(hex)).toEqual([]);
    expect(told.tip).toMatchObject({ height: chain.index.height, hash: chain.index.tip.hash });

    const outPoint = await payTo(chain, hex, 100_000n);
    await told.untilHeights(hex, [undefined]);
    await chain.mine(1);
    await told.untilTip(chain);
    const paidAt = chain.index.height;
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
    expect(told.faults).toEqual([]);
    expect(told.log.every((line) => line !== 'history mempool,mempool,mempool')).toBe(true);
  });

  it('is searched from the birthday of a script that is watched later, and only from there', async () => {
    const { script, hex, witnessScript } = fresh();
    const outPoint = await payTo(chain, hex, 50_000n);
    await chain.mine(1);
    const paidAt = chain.index.height;
    await chain.mine(4);
    const spend = spendOf({ outPoint, amountSat: 50_000n, witnessScript, to: fresh().script });
    await chain.submit(Buffer.from(spend.raw).toString('hex'));
    const server = await serve();
    const { source, told } = rig(at(server));
    await told.until(() => told.syncedCount === 1);
    expect(blocksAsked(server)).toBe(0);
    source.watchScript(script, paidAt + 1);
    await told.until(() => told.syncedCount === 2);
    expect(told.heights(hex)).toEqual([]);
    source.watchScript(script, paidAt);
    await told.untilHeights(hex, [paidAt, undefined]);
    expect(blocksAsked(server)).toBe(4 + 5);
    // Nothing half found was ever told: that would have been a coin without its spend.
    expect(told.log).not.toContain(`history ${paidAt}`);
    await chain.mine(1);
    await told.untilHeights(hex, [paidAt, paidAt + 5]);
  });

  it('goes on where it stopped, also after a reorg in between', async () => {
    const { blob, stored } = memoryBlobs();
    const { script, hex } = fresh();
    const birthday = chain.index.height + 1;
    const server = await serve();
    const first = rig(at(server), { blob }, [[script, birthday]]);
    await first.told.until(() => first.told.syncedCount === 1);
    await payTo(chain, hex, 30_000n);
    await chain.mine(3);
    await first.told.untilHeights(hex, [birthday]);
    await first.told.untilTip(chain);
    await stopRigs();
    await chain.reorg(1);
    await chain.mine(2);
    const before = blocksAsked(server);
    const second = rig(at(server), { blob }, [[script, birthday]]);
    await second.told.until(() => second.told.syncedCount === 1);
    expect(second.told.heights(hex)).toEqual([birthday]);
    await second.told.untilTip(chain);
    expect(blocksAsked(server) - before).toBe(4);
    await stopRigs();
    // A damaged store means searching again, nothing worse.
    for (const [name, bytes] of stored) stored.set(name, bytes.subarray(0, bytes.length - 9));
    const third = rig(at(server), { blob }, [[script, birthday]]);
    await third.told.untilHeights(hex, [birthday]);
  });

  it('that has pruned the blocks of a birthday says so, and tells no half history', async () => {
    const { script, hex } = fresh();
    await payTo(chain, hex, 30_000n);
    await chain.mine(5);
    const server = await serve({ pruneHeight: chain.index.height });
    const { told } = rig(at(server), {}, [[script, chain.index.height - 4]]);
    await told.untilFault('pruned');
    await told.until(() => told.tip?.hash === chain.index.tip.hash);
    expect([told.syncedCount, told.heights(hex), told.faults[0]?.isFinal]).toEqual([0, 'none', false]);
    expect(told.faults[0]?.fault.reason).toContain('-reindex');
    // New blocks are followed all the same.
    await chain.mine(1);
    await told.untilTip(chain);
    server.methods.context.pruneHeight = undefined;
    await told.untilHeights(hex, [chain.index.height - 5]);
    await told.until(() => told.syncedCount === 1);
  });

  it('that stops, or is overrun, is found again', async () => {
    const { script, hex } = fresh();
    const server = await serve();
    const { port } = server;
    const { source, told } = rig(at(server), {}, [[script, chain.index.height]]);
    await told.until(() => told.syncedCount === 1);
    server.unavailable = true;
    await told.untilFault('unreachable');
    await source.catchUp();
    expect(await source.publish(new Uint8Array(4))).toMatchObject({ ok: false, code: 'unreachable' });
    server.unavailable = false;
    await told.until(() => told.syncedCount === 2);
    await server.stop();
    closing = [];
    await told.until(() => told.faults.length === 2);
    await payTo(chain, hex, 31_000n);
    await chain.mine(1);
    await serve({ port });
    await told.untilHeights(hex, [chain.index.height]);
    await told.until(() => told.syncedCount === 3);
  });

  it('takes packages, and says in our words why it refuses', async () => {
    const { hex, witnessScript } = fresh();
    const middle = fresh();
    const { source, told } = rig(at(await serve()));
    await told.until(() => told.syncedCount === 1);
    const outPoint = await payTo(chain, hex, 80_000n);
    await chain.mine(1);
    const parent = spendOf({ outPoint, amountSat: 80_000n, witnessScript, to: middle.script, feeSat: 0n });
    expect(await source.publish(parent.raw)).toMatchObject({ code: 'fee_too_low' });
    const child = spendOf({ outPoint: { txid: parent.txid, vout: 0 }, amountSat: 80_000n, witnessScript: middle.witnessScript, to: fresh().script, feeSat: 5_000n });
    expect(await source.publish(child.raw)).toMatchObject({ code: 'missing_inputs' });
    expect(await source.publishPackage([parent.raw, child.raw])).toEqual({ ok: true });
    expect(chain.index.tx(child.txid)?.place).toBe('mempool');
    expect(await source.publish(Uint8Array.of(1, 2, 3))).toMatchObject({ code: 'rejected' });
  });

  it('gives fee rates, none on a silent network', async () => {
    const { source, told } = rig(at(await serve()));
    await told.until(() => told.syncedCount === 1);
    expect((await source.feeEstimates()).size).toBe(0);
    fees.estimate = { 2: 30, 12: 8 };
    expect((await source.feeEstimates()).get(2)).toBeCloseTo(30);
    fees.estimate = 20_000;
    expect((await source.feeEstimates()).size).toBe(0);
    fees.estimate = undefined;
  });

  it('lets us in by its cookie file, which changes with each start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cookie-'));
    closing.push(() => rm(folder, { recursive: true }));
    const cookie = join(folder, '.cookie');
    const server = await serve({ user: '__cookie__', password: 'first' });
    const { told } = rig(`bitcoind:http://127.0.0.1:${server.port}?cookie=${cookie}`);
    await told.untilFault('unreachable');
    await writeFile(cookie, '__cookie__:first\n');
    await told.until(() => told.syncedCount === 1);
    expect(told.faults[0]?.fault.reason).toContain('cookie');
  });

  it('of another network, or with another password, is no source', async () => {
    const server = await serve();
    const made = createChainSource(at(server), 'signet');
    if (!made.ok) throw new Error(made.error);
    const fault = await new Promise<unknown[]>((done) => {
      const nothing = (): void => undefined;
      made.value.start({ onTip: nothing, onHistory: nothing, onSynced: nothing, onFault: (f, isFinal) => done([f.code, isFinal]) });
    });
    expect(fault).toEqual(['other_network', true]);
    await made.value.catchUp();
    await made.value.stop();
    const { told } = rig(at(server).replace('pass', 'guess'));
    await told.untilFault('unreachable');
    expect(told.faults[0]?.fault.reason).toMatch(/password/);
  });
});

/** A proxy before a node that passes answers through `mangle`; its spec. */
async function mangling(server: BitcoindServer, mangle: (answer: Buffer, request: Buffer) => Buffer): Promise<string> {
  const proxy = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) parts.push(chunk);
      const body = Buffer.concat(parts);
      const upstream = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body, headers: { authorization: request.headers.authorization ?? '' } });
      const answer = mangle(Buffer.from(await upstream.arrayBuffer()), body);
      response.writeHead(upstream.status);
      response.end(answer);
    })().catch(() => response.destroy());
  });
  closing.push(() => new Promise((done) => proxy.close(done)));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return `bitcoind:http://user:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

describe('hostile answers', () => {
  it('another block than the one asked for is refused', async () => {
    const { script, hex } = fresh();
    const server = await serve();
    const other = (await server.methods.call('getblock', [chain.index.tip.hash, 0])) as string;
    await payTo(chain, hex, 20_000n);
    await chain.mine(1);
    const spec = await mangling(server, (answer, request) =>
      request.includes('"getblock"') ? Buffer.from(JSON.stringify({ id: (JSON.parse(request.toString()) as { id: number }).id, result: other, error: null })) : answer); // prettier-ignore
    const { told } = rig(spec, {}, [[script, chain.index.height]]);
    await told.untilFault('protocol_violation');
    expect(told.heights(hex)).toBe('none');
  });

  it(`${FUZZ_COUNT} damaged ones break nothing, and no damaged block is believed`, async () => {
    const { script, hex } = fresh();
    const outPoint = await payTo(chain, hex, 99_000n);
    await chain.mine(1);
    const random = seededRandom(Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32)));
    const tokens = ['null', '-1', '{}', '[]', '""', '1e999', '['.repeat(100), '99999999999999999999', '"__proto__"', '\u0000', 'true', 'ff'];
    let damaged = 0;
    let done: (() => void) | undefined;
    const enough = new Promise<void>((resolve) => { done = resolve; }); // prettier-ignore
    const server = await serve();
    const genesis = chain.index.block(0)?.hash ?? '';
    const spec = await mangling(server, (answer) => {
      if (damaged >= FUZZ_COUNT || random.below(3) !== 0 || answer.includes(genesis)) return answer;
      if (++damaged === FUZZ_COUNT) done?.();
      const from = random.below(answer.length);
      const insert = random.below(2) === 0 ? Buffer.from(random.pick(tokens)) : Buffer.from(random.bytes(random.below(4)));
      return Buffer.concat([answer.subarray(0, from), insert, answer.subarray(from + random.below(12))]);
    });
    const { told } = rig(spec, { tuning: { backoffMinMs: 0, backoffMaxMs: 1, pollMs: 1 } }, [[script, chain.index.height - 2]]);
    await enough;
    await chain.mine(1);
    await told.untilHeights(hex, [chain.index.height - 1]);
    await told.untilTip(chain);
    expect(told.histories.get(hex)?.[0]?.txid).toBe(outPoint.txid);
  }, 120_000);
});

describe('a node and an Electrum server together', () => {
  it('one tip, the union of what they know, and either may go', async () => {
    const { script, hex, witnessScript } = fresh();
    const node = await serve();
    const electrum = await ElectrumServer.start(chain, fees);
    closing.push(() => electrum.stop());
    electrum.tell('hideSpends');
    const outPoint = await payTo(chain, hex, 40_000n);
    await chain.mine(1);
    const paidAt = chain.index.height;
    const { source, told } = rig([at(node), `electrum:tcp://127.0.0.1:${electrum.port}`], {}, [[script, paidAt]]);
    await told.until(() => told.syncedCount === 1);
    const spend = spendOf({ outPoint, amountSat: 40_000n, witnessScript, to: fresh().script });
    expect(await source.publish(spend.raw)).toEqual({ ok: true });
    await told.untilHeights(hex, [paidAt, undefined]);
    await chain.mine(1);
    await told.untilHeights(hex, [paidAt, paidAt + 1]);
    await told.untilTip(chain);
    expect(told.log.filter((line) => line === `tip ${paidAt + 1}`)).toHaveLength(1);

    node.unavailable = true;
    electrum.truth();
    await told.untilFault('unreachable');
    await chain.mine(1);
    await told.untilTip(chain);
    await told.untilHeights(hex, [paidAt, paidAt + 1]);
    node.unavailable = false;
    electrum.tell('frozenTip');
    await chain.mine(1);
    await told.untilTip(chain);
    expect(told.faults.every(({ isFinal }) => !isFinal)).toBe(true);
  });

  it('what only the one that left had seen waiting goes with it, what lies deep stays', async () => {
    const { script, hex } = fresh();
    const node = await serve();
    const electrum = await ElectrumServer.start(chain, fees);
    closing.push(() => electrum.stop());
    electrum.tell('hideHistory');
    await payTo(chain, hex, 41_000n);
    await chain.mine(1);
    const deep = chain.index.height;
    await chain.mine(5);
    await payTo(chain, hex, 42_000n);
    const { told } = rig([at(node), `electrum:tcp://127.0.0.1:${electrum.port}`], {}, [[script, deep]]);
    await told.until(() => told.syncedCount === 1);
    expect(told.heights(hex)).toEqual([deep, undefined]);
    node.unavailable = true;
    await told.untilHeights(hex, [deep]);
    node.unavailable = false;
    await told.untilHeights(hex, [deep, undefined]);
    await chain.mine(1);
  });
});
