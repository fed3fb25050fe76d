import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { connectPeer } from '../../../core/io/peer-socket.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import type { PeerLink } from '../../../core/transport/link.ts';
import { ourInit } from '../../../core/wire/init.ts';
import { encodeMessage, messageType } from '../../../core/wire/messages.ts';
import { seededRandom } from '../../support/mutate.ts';
import { type Expected, NOTHING_SPENT, type Wallet, type World, channelOf, expectHarmless, invoiceOf, makeWallet, openChannel, pay, startWorld, untilAtRest, uriOf } from './world.ts';

let world: World;
let alice: Wallet;
let bob: Wallet;
/** Where Bob listens. */
let port: number;
const random = seededRandom(5);
const servers: Server[] = [];

beforeAll(async () => {
  world = await startWorld();
  [alice, bob] = [world.keep(await makeWallet(world.chain, 5_000_000n)), world.keep(await makeWallet(world.chain))];
  port = Number((await bob.call('node.info')).listen!.split(':')[1]);
  await openChannel(world.chain, alice, bob);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await world.stop();
});

const NODE_ID = toHex(publicKey(new Uint8Array(32).fill(7)));
const malformed = (happened: RegExp): Expected => ({ code: 'peer_address_malformed', happened, money: NOTHING_SPENT, advice: /copy it again|choose another/i });

describe('the address of a peer', () => {
  test.each([
    ['empty', '', /node id must be 66 hex digits/],
    ['with a node id that is too short', `${NODE_ID.slice(2)}@127.0.0.1:9735`, /node id must be 66 hex digits/],
    ['with a node id that is no hex', `${NODE_ID.slice(0, -1)}g@127.0.0.1:9735`, /node id must be 66 hex digits/],
    ['with a node id of a wrong form', `04${NODE_ID.slice(2)}@127.0.0.1:9735`, /begin with 02 or 03/],
    ['with a node id that is no key', `02${'ff'.repeat(32)}@127.0.0.1:9735`, /no valid public key/],
    ['without a host', `${NODE_ID}@`, /host is missing/],
    ['with a host that is none', `${NODE_ID}@exa mple:9735`, /name or an IP address/],
    ['with a number out of range in its IP address', `${NODE_ID}@127.0.0.256:9735`, /name or an IP address/],
    ['with an IPv6 address without brackets', `${NODE_ID}@::1:9735`, /in brackets/],
    ['with port 0', `${NODE_ID}@127.0.0.1:0`, /from 1 to 65535/],
    ['with a port that is too high', `${NODE_ID}@127.0.0.1:65536`, /from 1 to 65535/],
    ['with a port that is no number', `${NODE_ID}@127.0.0.1:http`, /from 1 to 65535/],
  ])('%s', async (_, address, happened) => {
    await expectHarmless(alice, () => alice.ask('peer.connect', { address }), malformed(happened));
    await expectHarmless(alice, () => alice.ask('channel.open', { peer: address, capacitySat: '100000' }), malformed(happened));
  });

  test('that is our own', async () => {
    const address = await uriOf(alice);
    await expectHarmless(alice, () => alice.ask('peer.connect', { address }), malformed(/this wallet itself/));
  });
});

/** A server on this machine that does `greet` with everybody who comes. */
async function serverThat(greet: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    greet(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `${NODE_ID}@127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const unreachable = (happened: RegExp): Expected => ({ code: 'peer_unreachable', happened, money: NOTHING_SPENT, advice: /check the address/i });
const impostor: Expected = { code: 'peer_handshake_failed', happened: /does not hold the key/, money: NOTHING_SPENT, advice: /check the address/i };

describe('a host', () => {
  test('where nobody listens', async () => {
    await expectHarmless(alice, () => alice.ask('peer.connect', { address: `${NODE_ID}@127.0.0.1:1` }), unreachable(/does not answer/));
    await expectHarmless(alice, () => alice.ask('channel.open', { peer: `${NODE_ID}@127.0.0.1:1`, capacitySat: '100000' }), unreachable(/does not answer/));
  });

  test('whose name does not exist', async () => {
    await expectHarmless(alice, () => alice.ask('peer.connect', { address: `${NODE_ID}@nowhere.invalid:9735` }), unreachable(/does not answer/));
  });

  test('with another key', async () => {
    await expectHarmless(alice, () => alice.ask('peer.connect', { address: `${NODE_ID}@127.0.0.1:${port}` }), impostor);
  });

  test('that hangs up', async () => {
    const address = await serverThat((socket) => socket.destroy());
    await expectHarmless(alice, () => alice.ask('peer.connect', { address }), impostor);
  });

  test('that answers with rubbish', async () => {
    const address = await serverThat((socket) => socket.end(random.bytes(65_535)));
    await expectHarmless(alice, () => alice.ask('peer.connect', { address }), impostor);
  });

  test('that stalls in the handshake, while payments go on', async () => {
    const address = await serverThat(() => undefined);
    const stalled = alice.ask('peer.connect', { address });
    for (let i = 0; i < 5; i++) expect(await pay(alice, await invoiceOf(bob, 10_000n))).toMatchObject({ ok: true, value: { state: 'succeeded' } });
    await untilAtRest(alice, bob);
    await expectHarmless(alice, () => stalled, unreachable(/does not answer/));
  });
});

/** A stranger's connection to Bob, with or without our init. */
async function stranger(key: number, { init }: { readonly init: boolean }): Promise<{ readonly link: PeerLink; readonly closed: Promise<string> }> {
  const { nodeId } = await bob.call('node.info');
  const dialled = await connectPeer({ host: '127.0.0.1', port, nodeId: fromHex(nodeId!), ourKey: new Uint8Array(32).fill(key) });
  if (!dialled.ok) throw new Error(dialled.error.detail);
  const link = dialled.value;
  const closed = new Promise<string>((resolve) => link.start({ onMessage: () => undefined, onClose: ({ code }) => resolve(code) }));
  if (init) link.send(encodeMessage(ourInit({ chainHash: networks.regtest.chainHash })));
  return { link, closed };
}

/** Alice's channel with Bob pays as if nothing were. */
async function paysOn(times: number): Promise<void> {
  for (let i = 0; i < times; i++) expect(await pay(alice, await invoiceOf(bob, 20_000n))).toMatchObject({ ok: true, value: { state: 'succeeded' } });
}

const typed = (type: number, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(2 + body.length);
  new DataView(bytes.buffer).setUint16(0, type);
  bytes.set(body, 2);
  return bytes;
};

describe('while a channel goes on paying, a stranger', () => {
  test('sends 65 535 bytes of rubbish in place of a handshake, ten times at once', async () => {
    const gone = Array.from({ length: 10 }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(random.bytes(65_535));
      await once(socket, 'close');
    });
    await paysOn(3);
    await Promise.all(gone);
  });

  test.each([
    ['of no type that exists, an even one', 0xfffe],
    ['as a channel message', messageType('update_add_htlc')],
    ['as an opening', messageType('open_channel')],
    ['as gossip', messageType('node_announcement')],
    ['as a commitment', messageType('commitment_signed')],
  ])('sends 65 535 bytes of rubbish after the handshake, %s', async (_, type) => {
    const before = await bob.call('channel.list');
    const { link, closed } = await stranger(0x31, { init: true });
    link.send(typed(type, random.bytes(65_533)));
    await paysOn(2);
    expect(['closed', 'protocol_violation']).toContain(await closed);
    const after = await bob.call('channel.list');
    expect(after.map(({ channelId, state, live }) => ({ channelId, state, live }))).toEqual(before.map(({ channelId, state, live }) => ({ channelId, state, live })));
  });

  test('sends rubbish before its init', async () => {
    const { link, closed } = await stranger(0x32, { init: false });
    link.send(typed(messageType('ping'), random.bytes(65_533)));
    await paysOn(2);
    expect(['closed', 'protocol_violation']).toContain(await closed);
  });

  test('floods with the largest messages that may be ignored', async () => {
    const { link, closed } = await stranger(0x33, { init: true });
    const odd = typed(0xfffd, new Uint8Array(65_533));
    const flooding = new AbortController();
    void closed.then(() => flooding.abort());
    const memoryBefore = process.memoryUsage().rss;
    let sent = 0;
    const flood = setInterval(() => {
      for (let i = 0; i < 20 && !flooding.signal.aborted; i++, sent++) link.send(odd);
    }, 10);
    try {
      await paysOn(20);
    } finally {
      clearInterval(flood);
      link.close('enough');
    }
    expect(sent).toBeGreaterThan(20);
    // Both ends of the flood live in this process; what was not read yet may wait, but not pile up without bound.
    expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(600 * 1024 * 1024);
  });

  test('opens more channels than anybody may, and none of them is there afterwards', async () => {
    const { link, closed } = await stranger(0x34, { init: true });
    const before = (await bob.call('channel.list')).length;
    for (let i = 0; i < 200; i++) link.send(typed(messageType('open_channel'), random.bytes(319)));
    await paysOn(2);
    link.close('enough');
    await closed;
    expect((await bob.call('channel.list')).length).toBe(before);
    expect(await channelOf(bob)).toMatchObject({ state: 'normal', live: true });
  });
});
