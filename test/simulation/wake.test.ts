import { beforeEach, describe, expect, test } from 'vitest';
import { CrashRig } from '../support/crash-rig.ts';
import { INVOICE_MSAT, type Start, isQuiet, startOf } from '../support/crash-scenarios.ts';

const nothing = (): void => undefined;
const A_SECOND_MS = 1_000;

/** A sleeps and wakes; its chain source answers when and what the test says. */
describe('after sleep the chain comes first', () => {
  let start: Start;
  let rig: CrashRig;
  let sent: string[];
  let answer: (isCaughtUp: boolean) => void;

  beforeEach(async () => {
    start = await startOf('anchors');
    sent = [];
    rig = new CrashRig(start.image, { without: start.without }, {}, {
      onSend: (side, { name }) => void (side === 'A' && sent.push(name)), onDelivered: nothing, onDurable: nothing, onStarted: nothing, onPublish: nothing, onLog: nothing,
    }); // prettier-ignore
    await rig.settle(() => isQuiet(rig));
    const { promise, resolve } = Promise.withResolvers<boolean>();
    answer = resolve;
    Object.assign(rig.node('A').ports.chain, { catchUp: () => promise });
    sent.length = 0;
  });

  const isConnected = (): boolean => rig.node('A').peers.views().some(({ connected }) => connected);
  const isLive = (): boolean => rig.node('A').channels.all().every(({ link }) => link.status === 'live');
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) await rig.tick(A_SECOND_MS);
  }

  test('asleep, nothing is sent, accepted or dialled, and a payment of the peer waits', async () => {
    rig.node('A').sleep();
    await rig.drain();
    const payment = rig.call('B', 'payment.send', { invoice: start.invoices.A[0]!, payAgain: false, timeoutMs: 0 });
    await pass(30);
    expect(isConnected()).toBe(false);
    expect(sent).toEqual([]);
    expect(payment.state).not.toBe('open');
  });

  test('awake, peers follow only when the chain has told all; then everything goes on', async () => {
    const node = rig.node('A');
    node.sleep();
    await rig.drain();
    const waking = node.wake();
    rig.chain.mine(3);
    await pass(20);
    expect(node.onchain.status.state).toBe('syncing');
    expect([isConnected(), sent]).toEqual([false, []]);
    answer(true);
    await rig.drain();
    await waking;
    expect(node.onchain.status.state).toBe('synced');
    await rig.settle(() => isQuiet(rig) && isLive());
    expect(sent).toContain('channel_reestablish');
    const paid = rig.call('A', 'payment.send', { invoice: start.invoices.B[0]!, payAgain: false, timeoutMs: 60_000 });
    await rig.settle(() => isQuiet(rig) && paid.state !== 'open');
    expect(paid).toMatchObject({ state: 'answered', answer: { state: 'succeeded', amountMsat: INVOICE_MSAT } });
  });

  test('without a source peers wait until one is back', async () => {
    const node = rig.node('A');
    const waking = node.wake();
    answer(false);
    await rig.drain();
    await waking;
    await pass(30);
    expect([isConnected(), sent]).toEqual([false, []]);
    // A script that is watched anew makes the source say that all of it is known.
    rig.call('A', 'wallet.newAddress', { kind: 'p2wpkh' });
    await rig.settle(() => isQuiet(rig) && isLive());
    expect(isConnected()).toBe(true);
  });

  test('what the source says of before the sleep opens no connection', async () => {
    const node = rig.node('A');
    const waking = node.wake();
    rig.call('A', 'wallet.newAddress', { kind: 'p2wpkh' });
    await pass(10);
    expect([isConnected(), sent]).toEqual([false, []]);
    answer(true);
    await rig.drain();
    await waking;
    await rig.settle(() => isLive());
    expect(isConnected()).toBe(true);
  });

  test('asleep again before the chain was known: the second waking decides', async () => {
    const node = rig.node('A');
    const first = node.wake();
    node.sleep();
    answer(true);
    await rig.drain();
    await first;
    await pass(10);
    expect(isConnected()).toBe(false);
    Object.assign(node.ports.chain, { catchUp: () => Promise.resolve(true) });
    const second = node.wake();
    await rig.drain();
    await second;
    await rig.settle(() => isLive());
    expect(isConnected()).toBe(true);
  });

  test('a sleep that was announced and never came ends by itself', async () => {
    rig.node('A').sleep();
    answer(true);
    await pass(58);
    expect(isConnected()).toBe(false);
    await rig.settle(() => isLive());
    expect(isConnected()).toBe(true);
  });

  test('who wants to connect meanwhile waits for the chain', async () => {
    const node = rig.node('A');
    const waking = node.wake();
    const [view] = node.peers.views();
    const target = node.peers.targetOf(view!.nodeId)!;
    let ended: unknown;
    void node.peers.connect(target).then((result) => (ended = result));
    await pass(5);
    expect([ended, sent]).toEqual([undefined, []]);
    answer(true);
    await rig.drain();
    await waking;
    await rig.settle(() => isLive());
    expect(ended).toMatchObject({ ok: true });
  });
});
