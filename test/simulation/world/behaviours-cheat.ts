import { toHex } from '../../../core/lib/bytes.ts';
import { viewOf } from '../../support/invariant-views.ts';
import type { Adversary, OldState } from './adversary.ts';
import type { Behaviour } from './behaviour.ts';

const htlcCount = ({ channel }: OldState): number => channel.commitments.htlcs.size;

/** Some traffic, so that there is something to cheat with; then any revoked state. */
async function anyRevoked(adversary: Adversary, prefer: 'any' | 'oldest' | 'full' = 'any'): Promise<OldState | undefined> {
  await adversary.traffic(4, 160);
  const states = adversary.revoked();
  if (prefer === 'oldest') return states[0];
  if (prefer === 'full') return states.toSorted((a, b) => htlcCount(b) - htlcCount(a))[0];
  return adversary.world.any(states);
}

async function cheat(adversary: Adversary, prefer?: 'any' | 'oldest' | 'full'): Promise<OldState | undefined> {
  const state = await anyRevoked(adversary, prefer);
  adversary.silence();
  return state && adversary.confirm(state.tx) ? state : undefined;
}

/** With each block another second stage that is due gets confirmed. */
function secondStages(adversary: Adversary, state: OldState, one: boolean): void {
  adversary.everyBlock(() => {
    for (const tx of adversary.secondStages(state)) if (adversary.confirm(tx) && one) return;
  });
}

export const CHEATS: readonly Behaviour[] = [
  { name: 'cheat: any revoked commitment', begin: async (adversary) => void (await cheat(adversary)) },
  { name: 'cheat: the oldest commitment', begin: async (adversary) => void (await cheat(adversary, 'oldest')) },
  {
    name: 'cheat: second stages one by one',
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      if (state) secondStages(adversary, state, true);
    },
  },
  {
    name: 'cheat: second stages at once',
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      for (const tx of state ? adversary.secondStages(state) : []) adversary.confirm(tx);
      if (state) secondStages(adversary, state, false);
    },
  },
  {
    name: 'cheat: second stages merged', needsAnchors: true,
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      const merged = state && adversary.merged(state);
      if (merged) adversary.confirm(merged);
      if (state) secondStages(adversary, state, true);
    },
  },
  {
    name: 'cheat: merged through the mempool', needsAnchors: true,
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      if (!state) return;
      adversary.everyBlock(() => {
        const merged = adversary.merged(state);
        if (merged) adversary.publish(merged);
      });
    },
  },
  {
    name: 'cheat: while the victim sleeps',
    begin: async (adversary) => {
      const state = await anyRevoked(adversary, 'full');
      const { world, play } = adversary;
      adversary.silence();
      world.kill('A');
      if (state && adversary.confirm(state.tx)) {
        const merged = state.channel.config.channelType === 'anchors' ? adversary.merged(state) : undefined;
        if (merged) adversary.confirm(merged);
        // Within what the sleep budget allows: the delay is 720 blocks.
        const asleep = 1 + adversary.below(500);
        // HTLCs with an honest peer may expire meanwhile: then whoever is awake has to close.
        const busy = play.honest.flatMap((name) => viewOf(world.durable(name)).channels).filter(({ commitments }) => commitments.htlcs.size > 0);
        for (const { fundingOutPoint } of busy) play.watch.unpeaceful.add(fundingOutPoint.txid);
        for (let i = 0; i < asleep; i++) world.chain.mine({ quiet: true });
      }
      play.revive('A');
    },
  },
  {
    name: 'cheat: in all channels at once',
    begin: async (adversary) => {
      await adversary.traffic(5, 200);
      const numbers = adversary.channels().map(({ config }) => config.channelNumber);
      const states = numbers.flatMap((number) => adversary.world.any(adversary.revoked(number)) ?? []);
      adversary.silence();
      adversary.confirm(...states.map(({ tx }) => tx));
    },
  },
  {
    name: 'cheat: in a fee spike',
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      adversary.world.chain.minerFloorSatPerVb = 60;
      adversary.world.chain.setMinFeerate(20);
      if (state) secondStages(adversary, state, true);
    },
  },
  {
    name: 'cheat: a reorganisation swaps one for another',
    begin: async (adversary) => {
      const state = await cheat(adversary);
      if (!state) return;
      const { world, play } = adversary;
      const others = adversary.revoked(state.channel.config.channelNumber).filter(({ txid }) => txid !== state.txid);
      await play.run(adversary.below(60));
      for (let i = 0, more = adversary.below(4); i < more; i++) world.chain.mine();
      await play.run(adversary.below(60));
      const depth = world.chain.height - (world.chain.heightOf(state.txid) ?? world.chain.height) + 1;
      world.chain.reorg(Math.min(6, depth), () => false);
      world.chain.evict(state.txid);
      const other = world.any(others) ?? state;
      adversary.confirm(other.tx);
    },
  },
  {
    name: 'cheat: after a close together was one block deep',
    begin: async (adversary) => {
      await adversary.traffic(2, 300);
      const { world, play } = adversary;
      const [old] = adversary.revoked();
      const channel = old && play.channels('A').find(({ fundingOutPoint }) => fundingOutPoint.txid === old.channel.fundingOutPoint.txid);
      if (!old || !channel) return;
      play.ask('A', 'channel.close', { channelId: toHex(channel.channelId) });
      await play.run(200);
      const closing = world.chain.spenderOf(channel.fundingOutPoint);
      if (closing === undefined) return;
      world.chain.mine();
      await play.run(60);
      adversary.silence();
      world.chain.reorg(1, () => false);
      world.chain.evict(closing);
      adversary.confirm(old.tx);
    },
  },
  {
    name: 'cheat: in the mempool, then the newest in a block',
    begin: async (adversary) => {
      const state = await anyRevoked(adversary);
      if (!state) return;
      adversary.silence();
      adversary.publish(state.tx);
      await adversary.play.run(60);
      const newest = adversary.current(state.channel.config.channelNumber);
      if (newest) adversary.confirm(newest.tx);
    },
  },
  {
    name: 'cheat: the newest in the mempool, then a revoked one in a block',
    begin: async (adversary) => {
      const state = await anyRevoked(adversary);
      const newest = state && adversary.current(state.channel.config.channelNumber);
      adversary.silence();
      if (!state || !newest) return;
      adversary.publish(newest.tx);
      await adversary.play.run(60);
      adversary.confirm(state.tx);
    },
  },
  {
    name: 'cheat: the victim restarts with every block',
    begin: async (adversary) => {
      const state = await cheat(adversary, 'full');
      if (state) secondStages(adversary, state, true);
      let restarts = 0;
      adversary.everyBlock(() => {
        if (++restarts > 12) return;
        adversary.world.kill('A');
        adversary.play.revive('A');
      });
    },
  },
];
