import { describe, expect, it } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { TOWER_FAULTS, TOWER_VERSION, encodeTowerMessage } from '../../../core/tower/messages.ts';
import { appointmentAt, bareClient, serverRig, sessionNamed } from '../../support/tower-server.ts';

const session = sessionNamed('a channel');
const upload = (...numbers: readonly number[]) => ({ name: 'tower_upload', session, appointments: numbers.map((number) => appointmentAt(number)) }) as const;
const { chainHash } = networks.regtest;

describe('a tower', () => {
  it('introduces itself with its terms and how far it sees', async () => {
    const { port } = await serverRig({ maxChannels: 3 });
    const client = await bareClient(port, 'wallet', false);
    client.send({ name: 'tower_hello', version: TOWER_VERSION, chainHash });
    expect(await client.inbox.next()).toMatchObject({ name: 'tower_terms', maxChannels: 3 });
    expect(await client.inbox.next()).toEqual({ name: 'tower_status', blockHeight: 77, isWatching: true });
  });

  it('acknowledges what is on disk, and not before', async () => {
    const rig = await serverRig();
    const client = await bareClient(rig.port, 'wallet');
    rig.store.hold();
    client.send(upload(0, 1));
    client.send({ name: 'tower_hello', version: TOWER_VERSION, chainHash });
    // The terms come a second time, so the upload was read; its ack waits for the disk.
    expect((await client.inbox.next()).name).toBe('tower_terms');
    expect(client.inbox.all.some(({ name }) => name === 'tower_ack')).toBe(false);
    const image = rig.store.image();
    expect([...image.records.keys()].filter((key) => key.startsWith('towerBlob'))).toEqual([]);
    rig.store.release();
    await client.inbox.next();
    expect(await client.inbox.next()).toEqual({ name: 'tower_ack', session, nextSequence: 2n });
    expect([...rig.store.image().records.keys()].filter((key) => key.startsWith('towerBlob')).length).toBe(2);
    expect(rig.storedHints.length).toBe(2);
  });

  it('loses nothing acknowledged when it dies, and takes what it had not acknowledged again', async () => {
    const rig = await serverRig();
    const client = await bareClient(rig.port, 'wallet');
    client.send(upload(0, 1, 2));
    expect(await client.inbox.next()).toMatchObject({ nextSequence: 3n });
    rig.store.hold();
    client.send(upload(3, 4));
    client.send({ name: 'tower_hello', version: TOWER_VERSION, chainHash });
    await client.inbox.next();
    const image = rig.store.crash();
    rig.close();

    const second = await serverRig({}, image);
    const again = await bareClient(second.port, 'wallet');
    again.send({ name: 'tower_session', session });
    expect(await again.inbox.next()).toMatchObject({ name: 'tower_ack', nextSequence: 3n });
    again.send(upload(2, 3, 4));
    expect(await again.inbox.next()).toMatchObject({ nextSequence: 5n });
    for (let number = 0; number < 5; number++) {
      const blobs = [];
      for await (const blob of second.book.blobs(appointmentAt(number).hint)) blobs.push(blob);
      expect(blobs).toEqual([appointmentAt(number).blob]);
    }
    expect(second.book.counts).toEqual({ clients: 1, sessions: 1, totalBytes: 500n });
  });

  it('keeps clients apart: the same session name of another is another session', async () => {
    const { port } = await serverRig();
    const [one, two] = [await bareClient(port, 'one'), await bareClient(port, 'two')];
    one.send(upload(0, 1, 2));
    await one.inbox.next();
    two.send({ name: 'tower_session', session });
    expect(await two.inbox.next()).toMatchObject({ nextSequence: 0n });
    two.send({ name: 'tower_close', session });
    expect((await two.inbox.next()).name).toBe('tower_closed');
    one.send({ name: 'tower_session', session });
    expect(await one.inbox.next()).toMatchObject({ nextSequence: 3n });
  });

  it('deletes a channel that is closed, hints and all', async () => {
    const rig = await serverRig();
    const client = await bareClient(rig.port, 'wallet');
    client.send(upload(...Array.from({ length: 40 }, (_, index) => index)));
    await client.inbox.next();
    client.send({ name: 'tower_close', session });
    expect(await client.inbox.next()).toEqual({ name: 'tower_closed', session });
    expect([...rig.store.image().records.keys()].filter((key) => key.startsWith('tower'))).toEqual([]);
    expect(rig.book.counts.totalBytes).toBe(0n);
  });

  it('deletes what nobody asks about any more', async () => {
    const rig = await serverRig({ retentionSeconds: 1_000 });
    const client = await bareClient(rig.port, 'wallet');
    client.send(upload(0));
    await client.inbox.next();
    expect(await rig.book.prune(rig.clock.nowMs / 1000 + 999)).toBe(0);
    expect(await rig.book.prune(rig.clock.nowMs / 1000 + 1_001)).toBe(1);
    expect([...rig.store.image().records.keys()].filter((key) => key.startsWith('tower'))).toEqual([]);
  });
});

describe('what a tower refuses', () => {
  it.each([
    ['too_many_channels', { maxChannels: 1 }, { name: 'tower_upload', session: sessionNamed('another'), appointments: [appointmentAt(0)] }],
    ['too_many_blobs', { maxBlobsPerChannel: 1 }, upload(1)],
    ['too_many_bytes', { maxBytesPerChannel: 150n }, upload(1)],
    ['blob_too_large', { maxBlobBytes: 100 }, { name: 'tower_upload', session, appointments: [appointmentAt(1, { blob: new Uint8Array(101) })] }],
    ['out_of_order', {}, { name: 'tower_upload', session, appointments: [appointmentAt(2, { isLast: false }), appointmentAt(3)] }],
    ['tower_full', { maxTotalBytes: 150n }, upload(1)],
  ] as const)('%s: in words, and the connection stays', async (fault, terms, message) => {
    const { port } = await serverRig(terms);
    const client = await bareClient(port, 'wallet');
    client.send(upload(0));
    expect((await client.inbox.next()).name).toBe('tower_ack');
    client.send(message);
    expect(await client.inbox.next()).toMatchObject({ name: 'tower_error', code: TOWER_FAULTS[fault], session: message.session });
    client.send({ name: 'tower_session', session });
    expect(await client.inbox.next()).toMatchObject({ nextSequence: 1n });
  });

  it('a client beyond the greatest number of them', async () => {
    const { port } = await serverRig({ maxClients: 1 });
    const [one, two] = [await bareClient(port, 'one'), await bareClient(port, 'two')];
    one.send(upload(0));
    await one.inbox.next();
    two.send(upload(0));
    expect(await two.inbox.next()).toMatchObject({ code: TOWER_FAULTS.tower_full });
    one.send(upload(1));
    expect((await one.inbox.next()).name).toBe('tower_ack');
  });

  it.each([
    ['unsupported_version', { name: 'tower_hello', version: 9, chainHash }],
    ['other_chain', { name: 'tower_hello', version: TOWER_VERSION, chainHash: new Uint8Array(32) }],
    ['not_introduced', upload(0)],
  ] as const)('%s: and hangs up', async (fault, message) => {
    const { port } = await serverRig();
    const client = await bareClient(port, 'wallet', false);
    client.send(message);
    expect(await client.inbox.next()).toMatchObject({ name: 'tower_error', code: TOWER_FAULTS[fault] });
    await client.closed.next();
  });

  it('malformed: and hangs up', async () => {
    const { port } = await serverRig();
    const client = await bareClient(port, 'wallet');
    client.link.send(encodeTowerMessage(upload(0)).subarray(0, 30));
    expect(await client.inbox.next()).toMatchObject({ code: TOWER_FAULTS.malformed });
    await client.closed.next();
  });

  it('odd types that it does not know are passed over, even ones end the connection', async () => {
    const { port } = await serverRig();
    const client = await bareClient(port, 'wallet');
    client.link.send(Uint8Array.of(0xff, 0xff, 1));
    client.send({ name: 'tower_session', session });
    expect((await client.inbox.next()).name).toBe('tower_ack');
    client.link.send(Uint8Array.of(0xff, 0xfe, 1));
    await client.closed.next();
  });

  it('a flood: and hangs up, while another client is served', async () => {
    const { port } = await serverRig();
    const [flood, calm] = [await bareClient(port, 'flood'), await bareClient(port, 'calm')];
    for (let i = 0; i < 3_000; i++) flood.send({ name: 'tower_session', session });
    await flood.closed.next();
    expect(flood.inbox.all.at(-1)).toMatchObject({ name: 'tower_error', code: TOWER_FAULTS.too_fast });
    calm.send(upload(0));
    expect((await calm.inbox.next()).name).toBe('tower_ack');
  });

  it('everything once it cannot write, and says so', async () => {
    const rig = await serverRig();
    const client = await bareClient(rig.port, 'wallet');
    rig.store.failNextCommit({ code: 'disk_full' });
    client.send(upload(0));
    expect(await client.inbox.next()).toMatchObject({ name: 'tower_error', code: TOWER_FAULTS.storage_failed });
    await client.closed.next();
  });
});
