import { expect, test } from 'vitest';
import type { NodePorts } from '../../core/node/ports.ts';
import type { PeerLink } from '../../core/transport/link.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import type { StoreBatch } from '../../core/store/port.ts';
import type { NodeName } from '../support/rig-keys.ts';
import { runEpisode } from './world/episode.ts';
import { SCENARIOS, type Scenario } from './world/scenarios.ts';

type Wrap = (name: NodeName, ports: NodePorts) => NodePorts;

const scenario = (name: string): Scenario => SCENARIOS.find((known) => known.name === name)!;

/** What breaks in the first seeds with the fault planted, up to one that breaks `wanted`; nothing breaks in the same runs without it. */
async function invariantsBroken(name: string, wrap: Wrap, { seeds = 12, wanted }: { readonly seeds?: number; readonly wanted?: string } = {}): Promise<readonly string[]> {
  const broken = new Set<string>();
  for (let seed = 1; seed <= seeds; seed++) {
    const planted = await runEpisode({ scenario: scenario(name), seed, wrap });
    for (const line of planted.broken) broken.add(line.split(':')[0]!);
    if (planted.broken.length > 0) expect((await runEpisode({ scenario: scenario(name), seed })).broken).toEqual([]);
    if (wanted === undefined ? broken.size > 0 : broken.has(wanted)) break;
  }
  return [...broken];
}

const onlyA = (change: (ports: NodePorts) => NodePorts): Wrap => (name, ports) => (name === 'A' ? change(ports) : ports);
const batches = (change: (batch: StoreBatch) => StoreBatch) => onlyA((ports) => ({ ...ports, store: { ...bound(ports.store), commit: (batch) => ports.store.commit(change(batch)) } }));
const bound = (store: NodePorts['store']): NodePorts['store'] => ({
  commit: (batch) => store.commit(batch), get: (table, key) => store.get(table, key), list: (table, range) => store.list(table, range), count: (table) => store.count(table),
  journal: (range) => store.journal(range), ledger: (range) => store.ledger(range), balanceMsat: (account) => store.balanceMsat(account), balances: () => store.balances(), close: () => store.close(),
}); // prettier-ignore

test('a disk that says "written" too early breaks I-5', async () => {
  const wrap = onlyA((ports) => ({ ...ports, store: { ...bound(ports.store), commit: (batch) => { ports.store.commit(batch).catch(() => undefined); return Promise.resolve(); } } })); // prettier-ignore
  expect(await invariantsBroken('payments', wrap)).toContain('I-5');
});

test('a second file that is not written breaks I-5', async () => {
  const wrap = onlyA((ports) => ({ ...ports, highWater: { ...ports.highWater, raise: () => Promise.resolve() } }));
  expect(await invariantsBroken('payments', wrap)).toContain('I-5');
});

test('books that are not written break I-13', async () => {
  expect(await invariantsBroken('payments', batches((batch) => ({ ...batch, ledger: [] })))).toContain('I-13');
});

test('a node that goes on after its disk failed breaks I-7', async () => {
  const wrap = onlyA((ports) => ({ ...ports, store: { ...bound(ports.store), commit: (batch) => ports.store.commit(batch).catch(() => undefined) } }));
  expect(await invariantsBroken('crashes', wrap, { seeds: 30 })).toContain('I-7');
});

test('a node that publishes what no relay takes breaks I-28', async () => {
  // Its transactions lose their last witness item: scripts fail.
  const cut = (raw: Uint8Array): Uint8Array => raw.map((byte, i) => (i === raw.length - 12 ? byte ^ 1 : byte));
  const wrap = onlyA((ports) => ({ ...ports, chain: { ...ports.chain, publish: (raw) => ports.chain.publish(cut(raw)), publishPackage: (raws) => ports.chain.publishPackage(raws.map(cut)) } }));
  expect(await invariantsBroken('force closes', wrap)).toContain('I-28');
});

test('a victim that publishes nothing loses money and never gets done: I-13, I-29', async () => {
  const wrap = onlyA((ports) => ({ ...ports, chain: { ...ports.chain, publish: () => Promise.resolve({ ok: true }), publishPackage: () => Promise.resolve({ ok: true }) } }));
  expect(await invariantsBroken('cheat: any revoked commitment', wrap)).toEqual(expect.arrayContaining(['I-13', 'I-29']));
});

/** What A sends, changed on its way out. */
const lines = (change: (bytes: Uint8Array) => readonly Uint8Array[]): Wrap => onlyA((ports) => {
  const wrapped = (link: PeerLink): PeerLink => ({
    theirNodeId: link.theirNodeId, isIncoming: link.isIncoming, host: link.host, port: link.port, bufferedBytes: link.bufferedBytes,
    start: (handler) => link.start(handler), close: (detail) => link.close(detail), send: (bytes) => change(bytes).forEach((changed) => link.send(changed)),
  });
  const { dial, listen } = ports.network;
  return {
    ...ports,
    network: {
      dial: async (target) => {
        const result = await dial(target);
        return result.ok ? { ok: true, value: wrapped(result.value) } : result;
      },
      listen: listen && ((onPeer) => listen((link) => onPeer(wrapped(link)))),
    },
  };
}); // prettier-ignore
const nameOf = (bytes: Uint8Array): string => {
  const decoded = decodeMessage(bytes);
  return decoded.known ? decoded.message.name : '';
};

test('a node that complains without a reason breaks I-33', async () => {
  const wrap = lines((bytes) => {
    const decoded = decodeMessage(bytes);
    const isRevocation = decoded.known && decoded.message.name === 'revoke_and_ack';
    return isRevocation ? [bytes, encodeMessage({ name: 'error', channelId: decoded.message.channelId, data: new Uint8Array(3) })] : [bytes];
  });
  expect(await invariantsBroken('payments', wrap)).toContain('I-33');
});

test('a node that does not answer breaks I-32', async () => {
  expect(await invariantsBroken('payments', lines((bytes) => (nameOf(bytes) === 'revoke_and_ack' ? [] : [bytes])), { wanted: 'I-32' })).toContain('I-32');
});

test('a node that signs twice, and differently, breaks I-2', async () => {
  let count = 0;
  const wrap = lines((bytes) => {
    const decoded = decodeMessage(bytes);
    if (!decoded.known || decoded.message.name !== 'commitment_signed' || ++count % 5 !== 0) return [bytes];
    return [bytes, encodeMessage({ ...decoded.message, signature: decoded.message.signature.map((byte, i) => (i === 63 ? byte ^ 1 : byte)) })];
  });
  expect((await invariantsBroken('payments', wrap)).some((name) => name === 'I-2' || name === 'I-5')).toBe(true);
});
