import { describe, expect, it, onTestFinished } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { txid, txidBytes, type Tx } from '../../../core/bitcoin/transaction.ts';
import { signedLocalCommitment } from '../../../core/channel/sign.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { connectPeer } from '../../../core/io/peer-socket.ts';
import { system } from '../../../core/io/system.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { revokedRecordKey } from '../../../core/node/records.ts';
import { Towers } from '../../../core/node/tower/towers.ts';
import { Upload } from '../../../core/node/tower/uploads.ts';
import { Turn } from '../../../core/node/turns.ts';
import { decodeRevokedState } from '../../../core/channel/onchain/penalty-record.ts';
import { type TowerGrade, appointmentFor } from '../../../core/tower/make.ts';
import { hintOf, openBlob } from '../../../core/tower/seal.ts';
import { decodeTowerMessage } from '../../../core/tower/messages.ts';
import { decodeJustice } from '../../../core/tower/justice.ts';
import { type ChannelPair, keysOf, offer, reachNormal } from '../../support/channel-pair.ts';
import { type MemoryStore, createMemoryStore } from '../../support/memory-store.ts';
import { type ServerRig, TOWER_ID, serverRig } from '../../support/tower-server.ts';
import { until } from '../../support/headless-pair.ts';

const CHANNEL = 1;

interface Wallet {
  readonly pair: ChannelPair;
  readonly store: MemoryStore;
  readonly towers: Towers;
  /** How many states each tower lacked and whether it was there, at every telling. */
  readonly told: string[];
  /** Bob's commitments by number. */
  readonly commitments: Map<number, Tx>;
  readonly turn: (task: (turn: Turn) => void) => Promise<void>;
  /** One more update; what it revokes is stored and told. */
  readonly update: () => Promise<void>;
  readonly add: (rig: ServerRig, grade?: TowerGrade) => Promise<void>;
  readonly restarted: () => Promise<Wallet>;
}

async function walletWith(pair = reachNormal({ pushMsat: 500_000_000n }), store = createMemoryStore(), commitments = new Map<number, Tx>()): Promise<Wallet> {
  const turn = async (task: (turn: Turn) => void): Promise<void> => {
    const one = new Turn();
    task(one);
    const batch = one.batch();
    if (batch) await store.commit(batch);
    for (const effect of one.effects) effect();
  };
  const told: string[] = [];
  const towers: Towers = new Towers({
    store, log: silentLogger, chainHash: networks.regtest.chainHash, nodeKey: sha256(utf8('our node')),
    network: { dial: ({ nodeId, host, port, ourKey }) => connectPeer({ nodeId, host, port, ourKey: ourKey! }), listen: undefined },
    system: { ...system, soon: (task) => void setImmediate(task), timers: { after: (delayMs, task) => system.timers.after(Math.min(delayMs, 5), task) } },
    channels: () => [pair.alice], channel: () => pair.alice, keysOf: () => keysOf('alice'), enqueue: (task) => void turn(task), onChanged: () => void told.push(towers.views().map(({ state, channels }) => `${state} ${channels[0]?.behind}`).join()),
  }); // prettier-ignore
  await towers.load();
  towers.start();
  onTestFinished(() => towers.stop());
  const keep = (): void => void commitments.set(pair.bob.commitments.localNumber, signedLocalCommitment(pair.bob, keysOf('bob')).tx);
  keep();
  const update = async (): Promise<void> => {
    pair.do('alice', { ...offer(pair.alice.commitments.remoteNumber, 0n, 900), amountMsat: msat(2_000_000n) });
    pair.run();
    keep();
    const number = pair.alice.commitments.remoteNumber - 1;
    const record = pair.penalties.alice.get(number)!;
    await turn((one) => {
      one.write('revoked', revokedRecordKey(CHANNEL, number), record);
      towers.revoked(one, CHANNEL, number, record);
    });
  };
  return {
    pair, store, towers, told, commitments, turn, update,
    add: (rig, grade = 'signed') => turn((one) => towers.add(one, { nodeId: TOWER_ID, host: '127.0.0.1', port: rig.port, grade })),
    restarted: async () => {
      towers.stop();
      return walletWith(pair, createMemoryStore(store.image()), commitments);
    },
  };
}

const viewOf = ({ towers }: Wallet) => towers.views()[0]!;
const untilBehind = (wallet: Wallet, behind: number): Promise<unknown> => until(`behind ${behind}`, async () => viewOf(wallet), ({ state, channels }) => state === 'connected' && channels[0]?.behind === behind, 10_000);

async function justicesAt({ book }: ServerRig, tx: Tx): Promise<string[]> {
  const id = txidBytes(txid(tx));
  const kinds: string[] = [];
  for await (const blob of book.blobs(hintOf(id))) kinds.push(decodeJustice(openBlob(id, blob)!).proof.kind);
  return kinds;
}

async function expectAll(wallet: Wallet, rig: ServerRig, kind = 'signed'): Promise<void> {
  const { remoteNumber } = wallet.pair.alice.commitments;
  expect(remoteNumber).toBeGreaterThan(0);
  for (let number = 0; number < remoteNumber; number++) expect(await justicesAt(rig, wallet.commitments.get(number)!), `state ${number}`).toEqual([kind]);
  expect(await justicesAt(rig, wallet.commitments.get(remoteNumber)!)).toEqual([]);
}

describe('the towers of a wallet', () => {
  it('get the states of before they were added, and each new one', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    for (let i = 0; i < 20; i++) await wallet.update();
    await wallet.add(rig);
    await untilBehind(wallet, 0);
    for (let i = 0; i < 5; i++) await wallet.update();
    await untilBehind(wallet, 0);
    await expectAll(wallet, rig);
  });

  it('tell what changes: a tower that comes, is given states, goes away, is removed; nothing after the end', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    const untilTold = (wanted: string): Promise<unknown> => until(`told: ${wanted}`, async () => wallet.told.at(-1), (last) => last === wanted, 10_000);
    await wallet.add(rig);
    await untilTold('connected 0');
    for (let i = 0; i < 5; i++) await wallet.update();
    await untilBehind(wallet, 0);
    await untilTold('connected 0');
    rig.close();
    await wallet.update();
    await untilTold('away 1');
    await wallet.turn((one) => void wallet.towers.remove(one, TOWER_ID));
    await untilTold('');
    const count = wallet.told.length;
    wallet.towers.stop();
    await wallet.update();
    await new Promise((done) => setImmediate(done));
    expect(wallet.told).toHaveLength(count);
  });

  it('are behind while they are away, and nobody waits for them', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    rig.close();
    await until('the tower to be away', async () => viewOf(wallet), ({ state }) => state === 'away', 10_000);
    await wallet.update();
    await wallet.update();
    expect(viewOf(wallet).channels[0]).toMatchObject({ behind: 2 });
    const back = await serverRig({}, rig.store.image());
    await wallet.add(back);
    await untilBehind(wallet, 0);
    await expectAll(wallet, back);
  });

  it('are given again what they have lost', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    for (let i = 0; i < 4; i++) await wallet.update();
    await untilBehind(wallet, 0);
    rig.close();
    const empty = await serverRig();
    await wallet.add(empty);
    await untilBehind(wallet, 0);
    await expectAll(wallet, empty);
  });

  it('go on where they were after a restart of the wallet', async () => {
    const [first, rig] = [await walletWith(), await serverRig()];
    await first.add(rig);
    for (let i = 0; i < 4; i++) await first.update();
    await untilBehind(first, 0);
    await until('the cursor to be durable', async () => first.store.list('towerCursor'), (rows) => rows.length === 1, 5_000);
    const second = await first.restarted();
    await untilBehind(second, 0);
    await second.update();
    await untilBehind(second, 0);
    await expectAll(second, rig);
  });

  it('do not learn our node id, nor the channel id', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    const all = [...rig.store.image().records].map(([key, value]) => `${key} ${toHex(value)}`).join('\n');
    expect(all).not.toContain(toHex(wallet.pair.alice.channelId));
    expect(all).not.toContain(toHex(wallet.pair.alice.walletScript));
  });

  it('of our own get keys only when that is asked for, and everything anew when the grade changes', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await wallet.update();
    await untilBehind(wallet, 0);
    await wallet.add(rig, 'own');
    await untilBehind(wallet, 0);
    await until('the old session to be gone', async () => rig.book.counts.sessions, (sessions) => sessions === 1, 5_000);
    await expectAll(wallet, rig, 'own');
  });

  it('get everything anew in another grade although they were away when it changed', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    rig.close();
    await until('the tower to be away', async () => viewOf(wallet), ({ state }) => state === 'away', 10_000);
    const back = await serverRig({}, rig.store.image());
    await wallet.add({ ...back, port: 1 }, 'own');
    await wallet.add(back, 'own');
    await untilBehind(wallet, 0);
    expect(await justicesAt(back, wallet.commitments.get(0)!)).toContain('own');
  });

  it('are not believed when they claim more than there is', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    for (let i = 0; i < 5; i++) await wallet.update();
    await untilBehind(wallet, 0);
    // The same channel again, two states old: to it this tower claims what cannot be.
    wallet.towers.stop();
    const younger = await walletWith();
    await younger.add(rig);
    await younger.update();
    await untilBehind(younger, 0);
    expect(viewOf(younger).channels[0]!.acked).toBe(1);
  });

  it('delete a channel when nothing of it can be punished any more, also when they were away just then', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    rig.close();
    await until('the tower to be away', async () => viewOf(wallet), ({ state }) => state === 'away', 10_000);
    wallet.pair.alice = { ...wallet.pair.alice, phase: 'closed' };
    await wallet.turn((turn) => wallet.towers.forgotten(turn, wallet.pair.alice));
    const back = await serverRig({}, rig.store.image());
    expect(back.book.counts.sessions).toBe(1);
    await wallet.add(back);
    await until('the channel to be deleted', async () => back.book.counts.sessions, (sessions) => sessions === 0, 5_000);
    await until('the cursor to be gone', async () => wallet.store.list('towerCursor'), (rows) => rows.length === 0, 5_000);
  });

  it('are asked to delete when they are removed', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig()];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    await wallet.turn((turn) => void wallet.towers.remove(turn, TOWER_ID));
    await until('the channel to be deleted', async () => rig.book.counts.sessions, (sessions) => sessions === 0, 5_000);
    expect([...wallet.store.image().records.keys()].filter((key) => key.startsWith('tower'))).toEqual([]);
  });

  it('that refuse say why', async () => {
    const [wallet, rig] = [await walletWith(), await serverRig({ maxBlobsPerChannel: 1 })];
    await wallet.add(rig);
    await wallet.update();
    await untilBehind(wallet, 0);
    await wallet.update();
    await until('the refusal', async () => viewOf(wallet), ({ lastError }) => lastError?.startsWith('too_many_blobs') === true, 5_000);
    expect(viewOf(wallet).channels[0]).toMatchObject({ acked: 1, behind: 1 });
  });
});

describe('an upload', () => {
  it('sends a state at once when it has caught up, before anything that comes later in the turn', async () => {
    const { pair } = await walletWith();
    const order: string[] = [];
    const upload = new Upload({
      session: new Uint8Array(16), appoint: ({ number, record }) => appointmentFor(pair.alice, keysOf('alice'), { number, state: decodeRevokedState(record), grade: 'signed' }), soon: (task) => task(), onError: (error) => order.push(String(error)),
      read: async () => [], send: (bytes) => {
        const decoded = decodeTowerMessage(bytes);
        order.push(decoded.known ? decoded.message.name : 'unknown');
      },
    }, 0, 100_000); // prettier-ignore
    upload.work();
    await new Promise((resolve) => setImmediate(resolve));
    pair.do('alice', { ...offer(0, 0n, 900), amountMsat: msat(2_000_000n) });
    pair.run();
    upload.revoked({ number: 0, record: pair.penalties.alice.get(0)! });
    order.push('our next revoke_and_ack');
    expect(order).toEqual(['tower_upload', 'our next revoke_and_ack']);
  });

  it('waits for the tower when too much is not acknowledged, and goes on with the acknowledgement', async () => {
    const { pair } = await walletWith();
    for (let i = 0; i < 30; i++) {
      pair.do('alice', { kind: 'update_fee', feeratePerKw: feeratePerKw(2_500 + i) });
      pair.run();
    }
    const { remoteNumber } = pair.alice.commitments;
    expect(remoteNumber).toBe(30);
    const sent: number[] = [];
    const upload = new Upload({
      session: new Uint8Array(16), appoint: ({ number, record }) => appointmentFor(pair.alice, keysOf('alice'), { number, state: decodeRevokedState(record), grade: 'signed' }), soon: (task) => task(), onError: () => undefined, windowBytes: 5_000,
      read: async (from, limit) => Array.from({ length: Math.min(limit, remoteNumber - from) }, (_, index) => ({ number: from + index, record: pair.penalties.alice.get(from + index)! })),
      send: (bytes) => {
        const decoded = decodeTowerMessage(bytes);
        if (decoded.known && decoded.message.name === 'tower_upload') sent.push(...decoded.message.appointments.map(({ sequence }) => Number(sequence)));
      },
    }, 0, 100_000); // prettier-ignore
    const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    upload.work();
    for (let i = 0; i < 5; i++) await settled();
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    upload.ack(3);
    await settled();
    expect(sent.length).toBe(8);
    while (sent.length < remoteNumber) {
      upload.ack(sent.length);
      await settled();
    }
    expect(sent).toEqual(Array.from({ length: 30 }, (_, number) => number));
  });
});
