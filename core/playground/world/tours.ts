import type { PlayTour } from '../../api.ts';
import { ApiFailure } from '../../node/app.ts';
import { pay, promise } from './paying.ts';
import type { Opening, WalletChannel, World } from './world.ts';
import type { Tab } from './tab.ts';

/** Amounts in sat, counts and heights, by the names that the sentences of the screen use. */
export type Facts = Readonly<Record<string, bigint>>;

export interface TourContext {
  readonly world: World;
  readonly facts: Facts;
  readonly tab: () => Tab | undefined;
}
export type TourStep = (context: TourContext) => Promise<Facts>;

/** 0.05 and 0.05 BTC of 0.1, as in section 2.1 of the Lightning whitepaper. */
const BOB: Opening = { node: 'bob', capacitySat: 10_000_000n, pushSat: 5_000_000n };
/** From 0.05 and 0.05 to 0.07 and 0.03. */
const MOVED_SAT = 2_000_000n;
const CAROL: Opening = { node: 'carol', capacitySat: 10_000_000n, pushSat: 5_000_000n };
/** The last hop of the chain of HTLCs: 0.05 BTC for a secret within a day. */
const DAVE: Opening = { node: 'dave', capacitySat: 10_000_000n, pushSat: 0n };
const PROMISED_SAT = 5_000_000n;
/** An hour at 0.01 mBTC a second. */
const CAFE: Opening = { node: 'cafe', capacitySat: 3_600_000n, pushSat: 0n };
const GRACE_BLOCKS = 2;
const DELAY_BLOCKS = 720;

const balancesOf = ({ ourMsat, theirMsat, localCommitmentNumber }: WalletChannel): Facts => ({ yoursSat: ourMsat / 1000n, theirsSat: theirMsat / 1000n, states: BigInt(localCommitmentNumber + 1) });

const needChannel = (world: World, node: 'bob' | 'carol' | 'dave' | 'cafe'): WalletChannel => {
  const channel = world.openChannel(node);
  if (!channel) throw new ApiFailure('channel_closing', 'The channel of this tour is not open any more. Nothing was done. Leave the tour and begin it again.');
  return channel;
};

const valueOf = (world: World, txid: string): bigint => world.host.chain.index.tx(txid)?.tx.outputs.reduce((sum, { valueSat }) => sum + valueSat, 0n) ?? 0n;

const untilCommitment = ({ waiting, host }: World, { fundingTxid, fundingVout }: WalletChannel): Promise<string> => waiting.until('a commitment in the chain', () => host.chain.index.spenderOf(fundingTxid, fundingVout));

const cheat: readonly TourStep[] = [
  async ({ world }) => balancesOf(await world.freshChannel(BOB)),
  async ({ world }) => {
    needChannel(world, 'bob');
    await pay(world, 'bob', 'you', MOVED_SAT);
    return balancesOf(await world.untilBalance('bob', (channel) => channel.theirMsat === (BOB.pushSat - MOVED_SAT) * 1000n && channel.pendingHtlcs === 0));
  },
  async ({ world }) => {
    const channel = needChannel(world, 'bob');
    const txid = await world.cheat('bob');
    const penalty = await world.waiting.until('the penalty', () => world.kinds.penaltyOf(txid));
    return { cheatHeight: BigInt(world.height), penaltySat: valueOf(world, penalty), claimedSat: channel.capacitySat };
  },
  async ({ world }) => {
    const beforeSat = world.youSat;
    await world.mine(1);
    await world.mine(1);
    const backSat = await world.waiting.until('the coins of the penalty', () => (world.youSat - beforeSat > (BOB.capacitySat * 9n) / 10n ? world.youSat - beforeSat : undefined));
    return { backSat, lostSat: BOB.capacitySat - backSat };
  },
];

const tab: readonly TourStep[] = [
  async ({ world }) => balancesOf(await world.freshChannel(CAFE)),
  async ({ world, tab }) => {
    const running = tab();
    await running?.stop();
    if (!running || running.payments === 0) throw new ApiFailure('bad_request', 'Nothing was paid yet. Start the tab first.', { fault: 'nothing_paid' });
    const channel = await world.untilAtRest(needChannel(world, 'cafe'));
    return { ...balancesOf(channel), payments: BigInt(running.payments), paidSat: running.paidSat };
  },
  async ({ world }) => {
    const channel = needChannel(world, 'cafe');
    const beforeSat = world.youSat;
    const cafe = world.nodeOf('cafe');
    const cafeBeforeSat = cafe.onChainSat;
    await world.closeTogether(channel.channelId);
    await world.waiting.until('both to have their coins', () => (world.youSat > beforeSat && cafe.onChainSat > cafeBeforeSat) || undefined, 10_000).catch(() => undefined); // a share of dust makes no coin
    return { backSat: world.youSat - beforeSat, cafeSat: cafe.onChainSat - cafeBeforeSat, closeHeight: BigInt(world.height) };
  },
];

/** The commitment that the tour of the timeout is about. */
const closed = new WeakMap<World, string>();

const timeout: readonly TourStep[] = [
  async ({ world }) => balancesOf(await world.freshChannel(DAVE)),
  async ({ world }) => {
    needChannel(world, 'dave');
    const expiry = await promise(world, 'dave', PROMISED_SAT);
    return { promisedSat: PROMISED_SAT, expiryHeight: BigInt(expiry), nowHeight: BigInt(world.height), dayBlocks: BigInt(expiry - world.height) };
  },
  async ({ world, facts }) => {
    const channel = needChannel(world, 'dave');
    const dueHeight = Number(facts['expiryHeight'] ?? 0n) + GRACE_BLOCKS + 1;
    await world.mine(Math.max(1, dueHeight - world.height));
    const commitment = await untilCommitment(world, channel);
    await world.mine(1);
    const timeoutShare = await world.waiting.until('the money of the HTLC', () => world.kinds.sharesOf(commitment).find(({ isTimeout }) => isTimeout));
    closed.set(world, commitment);
    await world.mine(1);
    return { closeHeight: BigInt(world.height), timeoutSat: timeoutShare.valueSat };
  },
  async ({ world }) => {
    const commitment = closed.get(world) ?? '';
    await world.mine(DELAY_BLOCKS);
    const shares = await world.mineUntil('the coins', () => {
      const all = world.kinds.sharesOf(commitment);
      return all.every((share) => world.kinds.isTakenInBlock(share)) ? all : undefined;
    });
    const backSat = shares.reduce((sum, { valueSat }) => sum + valueSat, 0n);
    return { backSat, lostSat: DAVE.capacitySat - backSat };
  },
];

const loss: readonly TourStep[] = [
  async ({ world }) => {
    await world.freshChannel(CAROL);
    await world.nodeOf('carol').copyData();
    world.diary.write({ code: 'restored', node: 'carol' });
    await world.callAgain('carol');
    return balancesOf(await world.untilOpen('carol'));
  },
  async ({ world }) => {
    needChannel(world, 'carol');
    await pay(world, 'you', 'carol', MOVED_SAT / 2n);
    await pay(world, 'you', 'carol', MOVED_SAT / 2n);
    return balancesOf(await world.untilBalance('carol', (channel) => channel.theirMsat === (CAROL.pushSat + MOVED_SAT) * 1000n && channel.pendingHtlcs === 0));
  },
  async ({ world }) => {
    const channel = needChannel(world, 'carol');
    await world.nodeOf('carol').putBack();
    world.diary.write({ code: 'lost', node: 'carol' });
    await world.callAgain('carol');
    const commitment = await untilCommitment(world, channel);
    return { outputs: BigInt(world.host.chain.index.tx(commitment)?.tx.outputs.length ?? 0) };
  },
  async ({ world }) => {
    const carol = world.nodeOf('carol');
    const beforeSat = carol.onChainSat;
    const carolSat = await world.mineUntil('her coins', () => (carol.onChainSat - beforeSat > CAROL.pushSat ? carol.onChainSat - beforeSat : undefined));
    return { carolSat };
  },
];

export const TOURS: Readonly<Record<PlayTour, readonly TourStep[]>> = { cheat, tab, timeout, loss };
