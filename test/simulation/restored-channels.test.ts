import { describe, expect, test } from 'vitest';
import type { Answer } from '../../core/api.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { CrashRig, type FaultPlan, type RigImage, type RigOptions, type Watcher } from '../support/crash-rig.ts';
import { CAPACITY_SAT, isIdle, isQuiet, openParams, startOf } from '../support/crash-scenarios.ts';
import { viewOf } from '../support/invariant-views.ts';
import { onChainSat } from '../support/invariants-at-rest.ts';
import { EMPTY_IMAGE } from '../support/memory-store.ts';
import { NODE_IDS } from '../support/rig-keys.ts';

const nothing = (): void => undefined;
const RESTORED_FROM = 1 << 20;

interface Seen {
  readonly published: string[];
  readonly alarms: string[];
  readonly errors: string[];
  readonly events: Answer<'backup.status'>[];
}
const watching = (): Seen & Watcher => {
  const seen: Seen = { published: [], alarms: [], errors: [], events: [] };
  return {
    ...seen, onSend: nothing, onDelivered: nothing, onDurable: nothing, onStarted: nothing,
    onPublish: (side) => void seen.published.push(side),
    onEvent: (side, name, data) => void (side === 'A' && name === 'backup.updated' && seen.events.push(data as Answer<'backup.status'>)),
    onLog: (side, level, text) => {
      if (side === 'A' && level === 'alarm') seen.alarms.push(text);
      if (side === 'A' && level === 'error') seen.errors.push(text);
    },
  }; // prettier-ignore
};

async function answerOf<T>(rig: CrashRig, call: ReturnType<CrashRig['call']>): Promise<T> {
  await rig.drain();
  if (call.state !== 'answered') throw new Error(`${call.state}: ${JSON.stringify(call.answer)} ${String(call.answer)}`);
  return call.answer as T;
}

interface Lost {
  readonly image: RigImage;
  readonly without: RigOptions['without'];
  readonly file: string;
  /** What B's newest commitment pays A, before its fee. */
  readonly oursMsat: bigint;
}

/** A paid B, made a file, paid again, and then its disk died: words and file are left. `meanwhile` happens before its end. */
async function lost(setting: Parameters<typeof startOf>[0], payments: number, meanwhile: (rig: CrashRig) => Promise<void> = async () => undefined): Promise<Lost> {
  const start = await startOf(setting);
  const rig = new CrashRig(start.image, { without: start.without }, {}, watching());
  await rig.settle(() => isQuiet(rig));
  const { file } = await answerOf<Answer<'backup.run'>>(rig, rig.call('A', 'backup.run', {}));
  for (const invoice of start.invoices.B.slice(0, payments)) {
    rig.call('A', 'payment.send', { invoice, payAgain: false, timeoutMs: 60_000 });
    await rig.settle(() => isQuiet(rig));
  }
  const oursMsat = rig.node('A').channels.all()[0]!.commitments.ourMsat;
  await meanwhile(rig);
  const image = rig.image();
  return { image: { ...image, sides: { ...image.sides, A: { image: EMPTY_IMAGE, marks: new Map() } } }, without: start.without, file, oursMsat };
}

async function restart({ image, without }: Lost, seen: Watcher, plan: FaultPlan = {}, over: RigOptions = {}): Promise<CrashRig> {
  const rig = new CrashRig(image, { without: without ?? [], restored: 'A', ...over }, plan, seen);
  rig.start('A');
  await rig.settle(() => isIdle(rig));
  return rig;
}

/** B closes by its commitment while nobody is there to see it. */
async function closedByPeer(gone: Lost): Promise<Lost> {
  const rig = new CrashRig(gone.image, { without: gone.without ?? [], isolated: true }, {}, watching());
  rig.start('B');
  await rig.drain();
  rig.call('B', 'channel.forceClose', { channelId: toHex(rig.node('B').channels.all()[0]!.channelId) });
  await rig.drain();
  for (let i = 0; i < 30; i++) {
    rig.chain.mine();
    await rig.drain();
  }
  return { ...gone, image: rig.image() };
}

const channelOfA = (rig: CrashRig) => rig.node('A').channels.all()[0]!;
const isOver = (rig: CrashRig): boolean => rig.node('A').channels.all().every(({ phase }) => phase === 'closed');

/** Blocks, with time between for whoever has something to do, until A's channel is forgotten. */
async function untilOver(rig: CrashRig): Promise<void> {
  expect(await rig.settle(() => channelOfA(rig).spend !== undefined)).toBe(true);
  for (let i = 0; i < 8; i++) {
    rig.chain.mine();
    await rig.settle(() => isIdle(rig));
  }
  rig.chain.mine(100);
  expect(await rig.settle(() => isIdle(rig) && isOver(rig))).toBe(true);
}

/** The wallet says what the chain says, the books say what the wallet says, and every account together is nothing. */
function expectBooks(rig: CrashRig, restoredSat: bigint | undefined): void {
  const balances = viewOf(rig.durable('A')).balances;
  const chainSat = onChainSat(rig, 'A');
  expect(rig.node('A').onchain.coins().reduce((sum, { amountSat }) => sum + amountSat, 0n)).toBe(chainSat);
  expect(balances.get('wallet')).toBe(chainSat * 1000n);
  expect([...balances.values()].reduce((sum, one) => sum + one, 0n)).toBe(0n);
  for (const [account, balance] of balances) if (/^(channel|closing):/u.test(account)) expect([account, balance]).toEqual([account, 0n]);
  expect(balances.get('penalties') ?? 0n).toBe(0n);
  if (restoredSat !== undefined) expect(balances.get('restored') ?? 0n).toBe(-restoredSat * 1000n);
}

describe.each(['anchors', 'static'] as const)('a wallet with a channel (%s) that has only its words and a file', (setting) => {
  test.each([0, 3])('after %i payments gets its balance from an honest peer, to the satoshi, and the books say from where', async (payments) => {
    const gone = await lost(setting, payments);
    const seen = watching();
    const rig = await restart(gone, seen);
    const before = onChainSat(rig, 'A');
    const drill = await answerOf<Answer<'backup.drill'>>(rig, rig.call('A', 'backup.drill', { file: gone.file }));
    expect(drill).toMatchObject({ channels: [{ capacitySat: CAPACITY_SAT, peerNodeId: toHex(NODE_IDS.B), isKnown: false }], missing: [] });
    expect(rig.node('A').channels.all()).toEqual([]);
    expect(await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }))).toEqual({ restored: 1, skipped: 0 });
    expect(await answerOf(rig, rig.call('A', 'backup.status', {}))).toMatchObject({ isCurrent: true, file: { channels: 1 } });
    const [view] = await answerOf<Answer<'channel.list'>>(rig, rig.call('A', 'channel.list', { includeClosed: false }));
    expect(view).toMatchObject({ isRestored: true, ourMsat: 0n, theirMsat: 0n, sendableMsat: 0n, receivableMsat: 0n });
    await untilOver(rig);
    expect(channelOfA(rig).spend?.spendClass).toBe('future');
    // What B's commitment pays A is what A had, less the fee where A, who opened, pays it; the sweep cost the rest.
    const paid = rig.chain.all().find(({ txid }) => txid === channelOfA(rig).spend!.txid)!.tx;
    const sweep = rig.chain.all().find(({ tx }) => tx.inputs.some((input) => input.txid === channelOfA(rig).spend!.txid && tx.outputs.some(({ script }) => toHex(script) === toHex(channelOfA(rig).walletScript))))!.tx;
    const swept = paid.outputs[sweep.inputs[0]!.vout]!.amountSat;
    const outSat = paid.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const anchorsSat = setting === 'anchors' ? 660n : 0n;
    expect(swept).toBe(gone.oursMsat / 1000n - (CAPACITY_SAT - outSat) - anchorsSat);
    expect(onChainSat(rig, 'A') - before).toBe(sweep.outputs[0]!.amountSat);
    expectBooks(rig, sweep.outputs[0]!.amountSat);
    expect([seen.alarms, seen.errors]).toEqual([[], []]);
  });

  test('whose peer closed before finds it on chain, without a word from the peer', async () => {
    const gone = await closedByPeer(await lost(setting, 2));
    const seen = watching();
    // Not as one made from words, which would find it without the file.
    const rig = await restart(gone, seen, {}, { isolated: true, restored: undefined });
    const before = onChainSat(rig, 'A');
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    await untilOver(rig);
    expect(onChainSat(rig, 'A')).toBeGreaterThan(before);
    expectBooks(rig, onChainSat(rig, 'A') - before);
    expect([seen.alarms, seen.errors]).toEqual([[], []]);
  });

  test('whose own commitment was published before its disk died gets its balance after the delay', async () => {
    const gone = await lost(setting, 2, async (rig) => {
      rig.call('A', 'channel.forceClose', { channelId: toHex(channelOfA(rig).channelId) });
      await rig.settle(() => isQuiet(rig) && channelOfA(rig).spend !== undefined);
      rig.chain.mine();
      await rig.drain();
    });
    const seen = watching();
    const rig = await restart(gone, seen);
    const before = onChainSat(rig, 'A');
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    await rig.settle(() => channelOfA(rig).spend !== undefined);
    expect(channelOfA(rig).spend?.spendClass).toBe('lost_local');
    expect(seen.published.filter((side) => side === 'A')).toEqual([]);
    rig.chain.mine(720);
    await untilOver(rig);
    expect(onChainSat(rig, 'A')).toBeGreaterThan(before + gone.oursMsat / 1000n - 10_000n);
    expectBooks(rig, onChainSat(rig, 'A') - before);
    expect([seen.alarms, seen.errors]).toEqual([[], []]);
  });

  test('that was closed together before ends without alarm, and nothing is booked twice', async () => {
    const gone = await lost(setting, 1, async (rig) => {
      rig.call('A', 'channel.close', { channelId: toHex(channelOfA(rig).channelId) });
      await rig.settle(() => isQuiet(rig) && channelOfA(rig).spend !== undefined);
      rig.chain.mine(3);
      await rig.settle(() => isIdle(rig));
    });
    const seen = watching();
    const rig = await restart(gone, seen);
    const before = onChainSat(rig, 'A');
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    await untilOver(rig);
    expect(channelOfA(rig).spend?.spendClass).toBe('mutual');
    expect(onChainSat(rig, 'A')).toBe(before);
    expectBooks(rig, undefined);
    expect([seen.alarms, seen.errors]).toEqual([[], []]);
  });
});

describe.each(['anchors', 'static'] as const)('a wallet (%s) that has only its words', (setting) => {
  test('finds what its peer closed, by the numbers of its first channels; a file that turns up later changes nothing of it', async () => {
    const gone = await closedByPeer(await lost(setting, 2));
    const seen = watching();
    const rig = new CrashRig(gone.image, { without: gone.without ?? [], restored: 'A', isolated: true }, {}, seen);
    const before = onChainSat(rig, 'A');
    rig.start('A');
    await rig.settle(() => isIdle(rig) && seen.published.includes('A'));
    for (let i = 0; i < 4; i++) {
      rig.chain.mine();
      await rig.settle(() => isIdle(rig));
    }
    const foundSat = onChainSat(rig, 'A') - before;
    expect(foundSat).toBeGreaterThan(gone.oursMsat / 1000n - 5_000n);
    expectBooks(rig, foundSat);
    expect(rig.node('A').sweeps.claimsOf(0)).toEqual([]);

    // A restart finds it again, taken.
    const published = seen.published.length;
    rig.kill('A');
    await rig.revive();
    await rig.settle(() => isIdle(rig));
    expect(seen.published.length).toBe(published);
    expectBooks(rig, foundSat);

    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    await untilOver(rig);
    expect(channelOfA(rig).spend?.spendClass).toBe('future');
    const { outputs } = await answerOf<Answer<'channel.closing'>>(rig, rig.call('A', 'channel.closing', { channelId: toHex(channelOfA(rig).channelId) }));
    expect(outputs.filter(({ kind }) => kind === 'balance')).toMatchObject([{ takenBy: 'us' }]);
    expect(onChainSat(rig, 'A') - before).toBe(foundSat);
    expectBooks(rig, foundSat);
    expect([seen.alarms, seen.errors]).toEqual([[], []]);
  });

  test('has its peer close by saying that it knows nothing of the channel, and finds what that pays', async () => {
    const gone = await lost(setting, 1);
    const seen = watching();
    const rig = await restart(gone, seen);
    const before = onChainSat(rig, 'A');
    // Nobody but B knows where the other is.
    const open = rig.call('B', 'peer.connect', { address: `${toHex(NODE_IDS.A)}@rig:9735` });
    await rig.settle(() => seen.published.includes('B'));
    expect(open.state).toBe('answered');
    for (let i = 0; i < 6; i++) {
      rig.chain.mine();
      await rig.settle(() => isIdle(rig));
    }
    expect(onChainSat(rig, 'A') - before).toBeGreaterThan(gone.oursMsat / 1000n - 5_000n);
    expectBooks(rig, onChainSat(rig, 'A') - before);
  });
});

describe('a restore', () => {
  test('of a file twice leaves what is there alone', async () => {
    const gone = await lost('anchors', 1);
    const rig = await restart(gone, watching(), {}, { isolated: true });
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    expect(channelOfA(rig)).toMatchObject({ phase: 'fallen_behind', link: { status: 'offline' } });
    const once = rig.durable('A');
    expect(await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }))).toEqual({ restored: 0, skipped: 1 });
    expect(viewOf(rig.durable('A')).channelWords).toEqual(viewOf(once).channelWords);
    expect(await answerOf(rig, rig.call('A', 'backup.drill', { file: gone.file }))).toMatchObject({ channels: [{ isKnown: true }], missing: [] });
  });

  test('gives a channel that can be looked at in every way, and closed in none', async () => {
    const gone = await lost('anchors', 1);
    const seen = watching();
    const rig = await restart(gone, seen, {}, { isolated: true });
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    const channelId = toHex(channelOfA(rig).channelId);
    const history = await answerOf<Answer<'channel.history'>>(rig, rig.call('A', 'channel.history', { channelId, limit: 10 }));
    expect(history).toMatchObject([{ kind: 'restored', detail: { fundingTxid: channelOfA(rig).fundingOutPoint.txid } }]);
    expect(await answerOf(rig, rig.call('A', 'channel.states', { channelId, from: 0, limit: 10 }))).toMatchObject({ newestOurs: 0, newestTheirs: 0 });
    expect(await answerOf(rig, rig.call('A', 'channel.revocations', { channelId }))).toMatchObject({ slots: [] });
    expect(await answerOf(rig, rig.call('A', 'channel.closing', { channelId }))).toMatchObject({ state: 'fallen_behind', reason: 'restored', outputs: [], backSat: 0n });
    expect(await answerOf(rig, rig.call('A', 'channel.evidence', { channelId, redact: true, after: undefined }))).toMatchObject({ text: expect.stringContaining('"publishable":[]') });
    for (const method of ['channel.close', 'channel.forceClose', 'channel.previewForceClose'] as const) {
      const call = rig.call('A', method, { channelId } as never);
      await rig.drain();
      expect(call, method).toMatchObject({ state: 'refused', answer: { code: 'channel_closing' } });
    }
    expect([seen.published, seen.errors]).toEqual([[], []]);
  });

  test('in the wallet that made the file changes nothing of its channels', async () => {
    const start = await startOf('anchors');
    const rig = new CrashRig(start.image, {}, {}, watching());
    await rig.settle(() => isQuiet(rig));
    const { file } = await answerOf<Answer<'backup.run'>>(rig, rig.call('A', 'backup.run', {}));
    const before = channelOfA(rig);
    expect(await answerOf(rig, rig.call('A', 'backup.restore', { file }))).toEqual({ restored: 0, skipped: 1 });
    expect(channelOfA(rig)).toBe(before);
    expect(before.phase).toBe('normal');
  });

  test('leaves the wallet free to open channels, with keys that no channel ever had', async () => {
    const gone = await lost('anchors', 1);
    const rig = await restart(gone, watching());
    const old = gone.image.sides.B.image;
    expect(viewOf(old).channels).toHaveLength(1);
    const opened = rig.call('A', 'channel.open', openParams);
    await rig.settle(() => rig.node('A').channels.all().length === 1);
    const { channelNumber } = await answerOf<Answer<'channel.open'>>(rig, opened);
    expect(channelNumber).toBeGreaterThanOrEqual(RESTORED_FROM);
    expect(await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }))).toEqual({ restored: 1, skipped: 0 });
    const again = rig.call('A', 'channel.open', openParams);
    await rig.settle(() => rig.node('A').channels.all().length === 3);
    expect((await answerOf<Answer<'channel.open'>>(rig, again)).channelNumber).toBe(channelNumber + 1);
    expect(viewOf(rig.durable('A')).nextChannelNumber).toBe(channelNumber + 2);
  });

  test('moves the number of the next channel beyond all of the file, also where a wallet believes to be new', async () => {
    const gone = await lost('two', 0);
    const rig = await restart(gone, watching(), {}, { restored: undefined });
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    expect(viewOf(rig.durable('A')).nextChannelNumber).toBe(2);
    const opened = rig.call('A', 'channel.open', openParams);
    await rig.settle(() => rig.node('A').channels.all().length === 3);
    expect((await answerOf<Answer<'channel.open'>>(rig, opened)).channelNumber).toBe(2);
  });

  test('into a wallet that has used the same keys again is refused whole', async () => {
    const gone = await lost('anchors', 0);
    const rig = await restart(gone, watching(), {}, { restored: undefined });
    const opened = rig.call('A', 'channel.open', openParams);
    await rig.settle(() => rig.node('A').channels.all().length === 1);
    await answerOf(rig, opened);
    const before = viewOf(rig.durable('A')).channelWords;
    const call = rig.call('A', 'backup.restore', { file: gone.file });
    await rig.drain();
    expect(call).toMatchObject({ state: 'refused', answer: { code: 'not_supported' } });
    expect(viewOf(rig.durable('A')).channelWords).toEqual(before);
  });

  test('gives out no address again that the lost wallet gave out, and sees what comes to any of them', async () => {
    const gone = await lost('anchors', 0);
    const handedOut = viewOf((await startOf('anchors')).image.sides.A.image).wallet.counters.p2wpkh.receive.handedOutCount;
    const rig = await restart(gone, watching());
    await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    expect(rig.node('A').onchain.wallet.counters.p2wpkh.receive.handedOutCount).toBeGreaterThanOrEqual(handedOut);
  });

  test.each([
    ['no backup', 'aGVsbG8=', { code: 'bad_request', data: { reason: 'no_backup' } }],
    ['no text of bytes', '!', { code: 'bad_request', data: { reason: 'no_backup' } }],
  ])('of %s is refused in words', async (_, file, expected) => {
    const gone = await lost('anchors', 0);
    const rig = await restart(gone, watching(), {}, { isolated: true });
    for (const method of ['backup.drill', 'backup.restore'] as const) {
      const call = rig.call('A', method, { file });
      await rig.drain();
      expect(call).toMatchObject({ state: 'refused', answer: { ...expected, message: expect.stringMatching(/Nothing was changed/u) } });
    }
  });

  test("of another wallet's file, and of one that was cut, is refused in words", async () => {
    const gone = await lost('anchors', 0);
    const rig = await restart(gone, watching(), {}, { isolated: true });
    await rig.revive();
    const theirs = await answerOf<Answer<'backup.run'>>(rig, rig.call('B', 'backup.run', {}));
    for (const [file, reason] of [[theirs.file, 'other_wallet'], [gone.file.slice(0, 400), 'damaged']] as const) {
      const call = rig.call('A', 'backup.restore', { file });
      await rig.drain();
      expect(call).toMatchObject({ state: 'refused', answer: { code: 'bad_request', data: { parameter: 'file', reason } } });
    }
    expect(rig.node('A').channels.all()).toEqual([]);
  });
});

test('the status says whether a file that was proven holds every channel, and tells when that changes', async () => {
  const start = await startOf('anchors');
  const seen = watching();
  const rig = new CrashRig(start.image, {}, {}, seen);
  await rig.settle(() => isQuiet(rig));
  const status = () => answerOf<Answer<'backup.status'>>(rig, rig.call('A', 'backup.status', {}));
  expect(await status()).toEqual({ channels: 1, isCurrent: false });
  const { file, madeAtMs } = await answerOf<Answer<'backup.run'>>(rig, rig.call('A', 'backup.run', {}));
  // Made is not kept: nobody has seen it open where it lies.
  expect(await status()).toEqual({ channels: 1, isCurrent: false });
  await answerOf(rig, rig.call('A', 'backup.drill', { file }));
  expect(await status()).toEqual({ channels: 1, isCurrent: true, file: { madeAtMs, channels: 1 } });
  // Payments put no file out of date.
  rig.call('A', 'payment.send', { invoice: start.invoices.B[0]!, payAgain: false, timeoutMs: 60_000 });
  await rig.settle(() => isQuiet(rig));
  expect(seen.events).toEqual([{ channels: 1, isCurrent: true, file: { madeAtMs, channels: 1 } }]);
  rig.call('A', 'channel.open', openParams);
  await rig.settle(() => rig.node('A').channels.all().length === 2);
  expect(await status()).toMatchObject({ channels: 2, isCurrent: false });
  expect(seen.events.at(-1)).toEqual({ channels: 2, isCurrent: false, file: { madeAtMs, channels: 1 } });
  const drill = await answerOf<Answer<'backup.drill'>>(rig, rig.call('A', 'backup.drill', { file }));
  expect(drill.missing.map(({ channelId }) => channelId)).toEqual([toHex(rig.node('A').channels.all()[1]!.channelId)]);
  // An older one that is shown later takes nothing back.
  const newer = await answerOf<Answer<'backup.run'>>(rig, rig.call('A', 'backup.run', {}));
  await answerOf(rig, rig.call('A', 'backup.drill', { file: newer.file }));
  await answerOf(rig, rig.call('A', 'backup.drill', { file }));
  // A restart remembers.
  rig.kill('A');
  await rig.revive();
  expect(await status()).toEqual({ channels: 2, isCurrent: true, file: { madeAtMs: newer.madeAtMs, channels: 2 } });
});

test('a restore that dies, or whose disk fails, at any boundary has happened whole or not at all, and ends the same', async () => {
  const gone = await lost('two', 1);
  /** Restores with a fault; whoever asked asks again when nothing came of it. Gives how many boundaries and commits there were. */
  const run = async (plan: FaultPlan): Promise<{ readonly points: number; readonly commits: number; readonly coinsSat: bigint }> => {
    const seen = watching();
    const rig = await restart(gone, seen, plan, { isolated: true });
    rig.arm();
    const call = rig.call('A', 'backup.restore', { file: gone.file });
    await rig.drain();
    const points = rig.points.length;
    const { commits } = rig;
    const durable = viewOf(rig.durable('A'));
    expect([0, 2]).toContain(durable.channels.length);
    expect(durable.channels.length === 2).toBe(durable.nextChannelNumber >= 2 && durable.nextChannelNumber !== 0 && durable.channels.length > 0);
    if (call.state === 'answered') expect(durable.channels).toHaveLength(2);
    await rig.revive();
    expect(rig.node('A').channels.all()).toHaveLength(durable.channels.length);
    if (durable.channels.length === 0) await answerOf(rig, rig.call('A', 'backup.restore', { file: gone.file }));
    rig.network.isDown = false;
    await untilOver(rig);
    expectBooks(rig, undefined);
    expect(seen.alarms.filter((text) => plan.failCommit === undefined || !text.includes('disk_full'))).toEqual([]);
    return { points, commits, coinsSat: onChainSat(rig, 'A') };
  };
  const { points, commits, coinsSat } = await run({});
  expect(Math.min(points, commits)).toBeGreaterThan(0);
  for (let at = 1; at <= points; at++) expect((await run({ kills: [{ at, victims: ['A'] }] })).coinsSat, `dies at boundary ${at}`).toBe(coinsSat);
  for (let failCommit = 1; failCommit <= commits; failCommit++) expect((await run({ failCommit })).coinsSat, `commit ${failCommit} fails`).toBe(coinsSat);
});
