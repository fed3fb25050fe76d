import { expect, test } from 'vitest';
import { type Tx, outPointKey, txid } from '../../core/bitcoin/transaction.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import { CrashRig, type Watcher } from '../support/crash-rig.ts';
import { isQuiet, openParams, startOf, stranger } from '../support/crash-scenarios.ts';
import { viewOf } from '../support/invariant-views.ts';

const nothing = (): void => undefined;

/** A closes by force while blocks are full and the market is far above its commitment's rate; what it publishes, by block. */
async function closeInFullBlocks(then: (rig: CrashRig, block: () => Promise<void>) => Promise<void>) {
  const start = await startOf('anchors');
  const published: Tx[] = [];
  const alarms: string[] = [];
  /** Published without being on disk as a sweep. */
  const unknown = new Set<string>();
  const watcher: Watcher = {
    onSend: nothing, onDelivered: nothing, onDurable: nothing, onStarted: nothing,
    onPublish: (side, tx) => {
      if (side !== 'A') return;
      published.push(tx);
      if (!viewOf(rig.durable('A')).sweeps.published.some((sweep) => txid(sweep.tx) === txid(tx))) unknown.add(txid(tx));
    },
    onLog: (side, level, text) => void (side === 'A' && level === 'alarm' && alarms.push(text)),
  }; // prettier-ignore
  const rig = new CrashRig(start.image, { without: start.without }, {}, watcher);
  rig.chain.feerate = 40;
  await rig.settle(() => isQuiet(rig));
  const channel = rig.node('A').channels.all()[0]!;
  const coinsBefore = new Set(rig.node('A').onchain.coins().map(outPointKey));
  rig.call('A', 'channel.forceClose', { channelId: toHex(channel.channelId) });
  await rig.settle(() => isQuiet(rig));
  await then(rig, async () => {
    rig.chain.mine(1, true);
    await rig.settle(() => isQuiet(rig));
  });
  const commitment = rig.chain.spenderOf(channel.fundingOutPoint)!;
  const children = published.filter((tx) => tx.inputs.some((input) => input.txid === commitment));
  const coins = new Set(children.flatMap(({ inputs }) => inputs.map(outPointKey)).filter((key) => coinsBefore.has(key)));
  return { rig, commitment, children, ids: new Set(children.map(txid)), coins, alarms, unknown };
}

test("while blocks are full a commitment's child is offered again with every one of them, and takes no second coin", async () => {
  const { rig, children, ids, coins, commitment } = await closeInFullBlocks(async (_, block) => {
    for (let i = 0; i < 5; i++) await block();
  });
  expect(children.length).toBeGreaterThanOrEqual(6);
  expect(ids.size).toBe(1);
  expect(coins.size).toBe(1);
  rig.chain.mine();
  expect(rig.chain.all().find((tx) => tx.txid === commitment)?.height).toBe(rig.chain.height);
});

test('the market rises: the child that waits is replaced upward by the same coin', async () => {
  const { rig, children, ids, coins } = await closeInFullBlocks(async (rig, block) => {
    await block();
    rig.chain.feerate = 80;
    for (let waitedMs = 0; waitedMs < 600_000; ) waitedMs += await rig.tick(600_000);
    await block();
    await block();
  });
  expect([ids.size, coins.size]).toEqual([2, 1]);
  expect(rig.chain.has(txid(children.at(-1)!))).toBe(true);
  expect(rig.chain.has(txid(children[0]!))).toBe(false);
});

test('a restart before the coins are known neither alarms nor builds anew', async () => {
  const { ids, coins, alarms } = await closeInFullBlocks(async (rig, block) => {
    for (let i = 0; i < 3; i++) {
      rig.kill('A');
      await block();
    }
  });
  expect([ids.size, coins.size]).toEqual([1, 1]);
  expect(alarms).toEqual([]);
});

// I-5 to the letter: the child of the earlier plan would leave without ever having been on disk.
test('of two plans in one commit only the later leaves', async () => {
  const { rig, ids, commitment, unknown } = await closeInFullBlocks(async (here, block) => {
    await block();
    const { onchain, sweeps, turns } = here.node('A');
    const at = (satPerVb: number): void => void ((onchain as { satPerVb: typeof onchain.satPerVb }).satPerVb = () => ({ satPerVb, from: 'estimate' }));
    turns.enqueue((turn) => {
      at(80);
      sweeps.block(turn);
      // Runs before the disk has begun with what the first one gives it.
      turns.enqueue((later) => {
        at(120);
        sweeps.block(later);
      });
    });
    await here.settle(() => isQuiet(here));
  });
  expect([...unknown]).toEqual([commitment]);
  expect(ids.size).toBe(2);
  expect(rig.chain.mempoolCount()).toBe(2);
});

// The mempool lost the child, so its coin looks free; the next block offers it again.
test("no payment and no opening takes the coin of a child, whether the mempool has the child or not", async () => {
  let child = '';
  const { rig, coins, children } = await closeInFullBlocks(async (here, block) => {
    await block();
    const { sweeps } = viewOf(here.durable('A'));
    child = txid(must(sweeps.published[0], 'the child').tx);
    here.chain.evict(child);
    await here.settle(() => isQuiet(here));
  });
  const { onchain } = rig.node('A');
  const [held] = coins;
  expect(children.map(txid)).toContain(child);
  expect([rig.chain.has(child), onchain.coins().find((coin) => outPointKey(coin) === held)?.status]).toEqual([false, 'locked']);
  const sent = rig.call('A', 'wallet.send', { address: stranger, spendReserve: true });
  await rig.settle(() => isQuiet(rig));
  expect(sent).toMatchObject({ state: 'answered' });
  const { txid: id } = sent.answer as { readonly txid: string };
  const { tx } = must(rig.chain.all().find((known) => known.txid === id), 'the payment');
  expect(tx.inputs.map(outPointKey)).not.toContain(held);
  const opened = rig.call('A', 'channel.open', { ...openParams, capacitySat: 20_000n, pushMsat: 0n });
  await rig.settle(() => isQuiet(rig));
  expect(opened).toMatchObject({ state: 'refused', answer: { code: 'insufficient_funds' } });
  rig.chain.mine(1, true);
  await rig.settle(() => isQuiet(rig));
  expect(rig.chain.has(child)).toBe(true);
});
