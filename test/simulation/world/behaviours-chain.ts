import type { ScriptHistory } from '../../../core/chain/port.ts';
import { type Tx, txid } from '../../../core/bitcoin/transaction.ts';
import { p2wpkh } from '../../../core/bitcoin/script.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { claimsTemplate } from '../../../core/wallet/sweep-template.ts';
import type { FeeCoin } from '../../support/claim-builder.ts';
import type { Adversary } from './adversary.ts';
import type { Behaviour } from './behaviour.ts';
import { honestDelivery } from './chain-port.ts';
import { isQuiet, runUntil } from './starts.ts';

/** M's node closes as an honest one would, at a bad moment. */
async function closes(adversary: Adversary): Promise<void> {
  await adversary.traffic(4, adversary.below(160));
  const channel = adversary.aChannel();
  if (channel) adversary.play.ask('M', 'channel.forceClose', { channelId: toHex(channel.channelId) });
}

async function victimCloses(adversary: Adversary): Promise<string | undefined> {
  const channel = adversary.world.any(adversary.play.channels('A').filter(({ config }) => toHex(config.peerNodeId) === adversary.play.idOf('M')));
  if (!channel) return undefined;
  adversary.play.forceClose('A', channel);
  await adversary.play.run(60);
  return channel.fundingOutPoint.txid;
}

const withheld = async (adversary: Adversary): Promise<void> => {
  adversary.silentFrom('update_fulfill_htlc');
  for (let i = 0; i < 3; i++) adversary.play.pay('A', 'M', BigInt(5_000_000 + adversary.below(40_000_000)));
  await adversary.play.run(200);
};

/** Claims, and takes the claim back with the next move: the victim's own transaction is gone from all mempools. */
async function cycling(adversary: Adversary): Promise<void> {
  await withheld(adversary);
  const funding = await victimCloses(adversary);
  if (funding === undefined) return;
  adversary.silence();
  let coins: FeeCoin[] = [];
  let rounds = 0;
  adversary.everyBlock(() => {
    if (rounds > 30) return;
    const claims = adversary.claimsOnTheirs(funding);
    const rivals = adversary.world.chain.mempool().filter(({ tx }) => tx.inputs.some((input) => claims.some(({ claim }) => claim.outPoint.txid === input.txid && claim.outPoint.vout === input.vout)));
    if (claims.length === 0 || rivals.length === 0) return;
    rounds++;
    if (coins.length === 0) coins = [adversary.coin()];
    const feeSat = rivals.reduce((sum, rival) => sum + rival.feeSat, 60_000n);
    const claim = adversary.bundle([claimsTemplate(claims, adversary.purse)], feeSat, coins[0]!);
    if (adversary.publish(claim) && adversary.publish(adversary.move(coins[0]!, feeSat * 2n + 20_000n))) coins = [];
  });
}

/** A big child at a low rate on M's own anchor, before the victim's. */
async function pinning(adversary: Adversary): Promise<void> {
  await withheld(adversary);
  const funding = await victimCloses(adversary);
  if (funding === undefined) return;
  adversary.world.chain.minerFloorSatPerVb = 8;
  const claims = adversary.claimsOnTheirs(funding);
  if (claims.length === 0) return;
  // Outputs for nothing but weight.
  const base = adversary.bundle([claimsTemplate(claims, adversary.purse)], 1_000_000n, adversary.coin());
  adversary.publish(base);
}

const lying = (name: string, lie: (adversary: Adversary) => void, blocks: number): Behaviour => ({
  name: `source: ${name}`,
  begin: async (adversary) => {
    await adversary.traffic(2, 100);
    lie(adversary);
    await adversary.traffic(2, 100);
    for (let i = 0; i < blocks; i++) {
      adversary.world.chain.mine();
      await adversary.play.run(30);
    }
    adversary.world.place('A').delivery = honestDelivery;
    // The true source tells everything anew, as after a new connection.
    adversary.world.kill('A');
    adversary.play.revive('A');
  },
});

const without = (history: ScriptHistory, hidden: ReadonlySet<string>): ScriptHistory => ({ ...history, entries: history.entries.filter((entry) => !hidden.has(entry.txid)) });

/** A copy of the wallet from before, on the same machine or another. */
const stale = (name: string, isTold: boolean): Behaviour => ({
  name: `stale copy: ${name}`, settings: ['pair', 'static', 'three'],
  begin: async ({ play }) => {
    const { watch, world } = play;
    for (const one of play.honest) play.revive(one);
    world.network.timeOut();
    world.parted.clear();
    for (let i = 0; i < 3; i++) play.pay('A', 'B', 1_000_000n);
    if (!(await runUntil(world, () => isQuiet(world, play.honest), 3_000))) return;
    const images = watch.images.get('A') ?? [];
    const old = images[Math.floor(world.draw() * images.length)];
    if (!old) return;
    play.truth.set('A', world.durable('A'));
    watch.stale.add('A');
    for (const channel of world.node('A').channels.all()) watch.unpeaceful.add(channel.fundingOutPoint.txid);
    world.kill('A');
    world.place('A').image = old;
    const revive = play.revive.bind(play);
    play.revive = (who) => {
      if (who === 'A' && isTold && !world.isRunning('A')) world.start('A', 'this copy is old');
      else revive(who);
    };
    play.revive('A');
  },
}); // prettier-ignore

export const CHAIN_BEHAVIOURS: readonly Behaviour[] = [
  { name: 'close: by force', begin: closes },
  {
    name: 'close: with the commitment whose older one is not revoked yet',
    begin: async (adversary) => {
      adversary.swallow('revoke_and_ack');
      await closes(adversary);
    },
  },
  {
    name: 'close: with an older commitment that is not revoked',
    begin: async (adversary) => {
      adversary.swallow('revoke_and_ack');
      await adversary.traffic(4, 160);
      adversary.silence();
      const state = adversary.world.any(adversary.unrevoked());
      if (state && adversary.confirm(state.tx)) {
        adversary.everyBlock(() => {
          for (const tx of adversary.secondStages(state)) if (adversary.confirm(tx)) return;
        });
      }
    },
  },
  {
    name: 'close: takes HTLCs with the preimage at the last moment',
    begin: async (adversary) => {
      await withheld(adversary);
      await closes(adversary);
    },
  },
  {
    name: 'close: a reorganisation swaps their commitment for ours',
    begin: async (adversary) => {
      await adversary.traffic(4, 160);
      const channel = adversary.aChannel();
      const state = channel && adversary.current(channel.config.channelNumber);
      const ours = channel && adversary.play.channels('A').find(({ channelId }) => toHex(channelId) === toHex(channel.channelId));
      if (!state || !ours) return;
      adversary.play.forceClose('A', ours);
      await adversary.play.run(80);
      const theirs = adversary.world.chain.spenderOf(ours.fundingOutPoint);
      const raw = theirs === undefined ? undefined : adversary.world.chain.tx(theirs);
      adversary.confirm(state.tx);
      await adversary.play.run(80);
      adversary.world.chain.reorg(1 + adversary.below(3), () => false);
      adversary.world.chain.evict(state.txid);
      if (raw && adversary.world.chain.isValid(raw)) adversary.world.chain.mine({ only: [], and: [raw] });
    },
  },
  { name: 'mempool: replacement cycling', needsAnchors: true, begin: cycling },
  { name: 'mempool: pins HTLC claims', needsAnchors: true, begin: pinning },
  {
    name: 'mempool: drops whatever the victim publishes',
    begin: async (adversary) => {
      await closes(adversary);
      let rounds = 0;
      adversary.everyBlock(() => {
        if (++rounds < 30) for (const entry of adversary.world.chain.mempool()) if (adversary.world.draw() < 0.5) adversary.world.chain.evict(entry.txid);
      });
    },
  },
  {
    name: 'mempool: fees rise fifty times while all channels close',
    begin: async (adversary) => {
      await withheld(adversary);
      for (const channel of adversary.play.channels('A')) adversary.play.forceClose('A', channel);
      adversary.world.chain.minerFloorSatPerVb = 50;
      adversary.world.chain.setMinFeerate(10);
      await adversary.play.run(100);
    },
  },
  {
    name: 'funding: spent twice by its opener',
    begin: async (adversary) => {
      const { play, world } = adversary;
      play.ask('M', 'channel.open', { peer: `${play.idOf('A')}@rig:9735`, capacitySat: 300_000n, pushMsat: 50_000_000n });
      await play.run(80);
      const waiting = world.chain.mempool().find(({ tx }) => tx.outputs.some(({ amountSat }) => amountSat === 300_000n));
      if (!waiting) return;
      if (world.draw() < 0.5) {
        world.chain.mine();
        await play.run(40);
        world.chain.reorg(1, () => false);
      }
      world.chain.evict(waiting.txid);
      adversary.silence();
    },
  },
  lying('hides a close', (adversary) => {
    const channel = adversary.aChannel();
    const state = channel && adversary.current(channel.config.channelNumber);
    if (!state) return;
    adversary.silence();
    adversary.world.place('A').delivery = { ...honestDelivery, history: (history) => without(history, new Set([state.txid])) };
    adversary.confirm(state.tx);
  }, 30),
  lying('stands still', (adversary) => {
    adversary.world.place('A').delivery = { ...honestDelivery, tip: () => undefined, history: () => undefined };
  }, 40),
  lying('fee rates of a thousand', (adversary) => {
    adversary.world.place('A').delivery = { ...honestDelivery, feerate: () => 999 };
  }, 3),
  lying('fee rates of nothing', (adversary) => {
    adversary.world.place('A').delivery = { ...honestDelivery, feerate: () => 0.001 };
  }, 3),
  lying('invents a spend', (adversary) => {
    const channel = adversary.aChannel();
    if (!channel) return;
    const fake: Tx = { version: 2, locktime: 0, inputs: [{ ...channel.fundingOutPoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: [] }], outputs: [{ amountSat: sat(1_000n), script: p2wpkh(new Uint8Array(33)) }] };
    adversary.play.watch.unpeaceful.add(channel.fundingOutPoint.txid);
    adversary.world.place('A').delivery = {
      ...honestDelivery,
      history: (history) => (history.entries.some((entry) => entry.txid === channel.fundingOutPoint.txid) ? { ...history, entries: [...history.entries, { tx: fake, txid: txid(fake), height: undefined, txIndex: undefined }] } : history),
    };
    adversary.world.kill('A');
    adversary.play.revive('A');
  }, 6),
  stale('the user knows', true),
  stale('nobody noticed', false),
];
