import { outPointKey } from '../../../core/bitcoin/transaction.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { viewOf } from '../../support/invariant-views.ts';
import { i3 } from '../../support/invariants.ts';
import { honestDelivery } from './chain-port.ts';
import { type Opening, onChainSat, peerName, reckon } from './money.ts';
import { isQuiet, runUntil } from './starts.ts';
import type { Play } from './play.ts';

const POLICY_BLOCKS = { grace: 2, claimDeadline: 72 } as const;
/** Nothing of ours waits longer: an expiry, two delays, and what makes a channel forgotten. */
const MOST_BLOCKS = 2_600;
/** What mempools refused for its fee goes out again with a block. */
const LEAST_BLOCKS = 4;
/** Blocks that pass at once while nobody has anything to do. */
const LEAP_BLOCKS = 12;

/** No more faults: everybody runs, hears everything, and the chain is calm. */
async function calm(play: Play): Promise<void> {
  const { world, honest } = play;
  world.lanes.unblockAll();
  world.parted.clear();
  world.network.timeOut();
  for (const name of world.options.names) Object.assign(world.place(name), { delivery: honestDelivery, diskFault: undefined });
  world.chain.setMinFeerate(1);
  world.chain.minerFloorSatPerVb = 1;
  for (const name of honest) play.revive(name);
  play.endings?.();
  world.chain.tellTip();
  await runUntil(world, () => world.lanes.waiting === 0);
}

/** Ends everything, counts the money, and holds what must be true at rest against it. */
export async function settleAndCount(play: Play, opening: Opening): Promise<void> {
  const { world, watch, honest } = play;
  const { evidence } = watch;
  await calm(play);
  // What hangs on a channel that is closed by force has to wait for the chain.
  const mustRest = play.isPeaceful && watch.unpeaceful.size === 0;
  const quiet = await runUntil(world, () => isQuiet(world, honest, mustRest), watch.stale.size > 0 ? 600 : 6_000);
  evidence.look('I-32', quiet || !mustRest, () => `honest nodes never come to rest: ${honest.map((name) => waits(play, name)).join('; ')}`);
  // Whoever deals with a cheater gives up at the end; channels between honest nodes stay as they are.
  // Sometimes only when the HTLCs' own deadlines have passed, and have closed what they should.
  const patience = play.isPeaceful || world.draw() < 0.5 ? 0 : 320;
  let fresh = 0;
  for (let blocks = 0; blocks < MOST_BLOCKS && (blocks < LEAST_BLOCKS + patience || !allOver(play)); ) {
    if (blocks >= patience) giveUp(play);
    await play.eachBlock?.();
    // Slowly at first and whenever something waits to be mined.
    const isBusy = world.chain.mempool().length > 0 || fresh < (play.eachBlock ? 30 : 8);
    fresh = world.chain.mempool().length > 0 ? 0 : fresh + 1;
    const count = isBusy ? 1 : LEAP_BLOCKS;
    for (let i = 0; i < count; i++) world.chain.mine({ quiet: true });
    blocks += count;
    world.chain.tellTip();
    await runUntil(world, () => world.lanes.waiting === 0);
    deadlines(play);
    if (evidence.broken.length > 0) return;
  }
  evidence.look('I-29', allOver(play), () => `channels never end: ${honest.map((name) => waits(play, name)).join('; ')}`);
  // What a stale copy had under way when it was made, nobody can tell it any more.
  const rests = await runUntil(world, () => isQuiet(world, honest, watch.stale.size === 0), 6_000);
  evidence.look('I-32', rests, () => `no rest at the end: ${honest.map((name) => waits(play, name)).join('; ')}`);
  atRest(play, opening);
}

function giveUp(play: Play): void {
  for (const name of play.honest) {
    for (const channel of play.world.node(name).channels.all()) {
      const isDoubtful = peerName(channel) === 'M' || play.watch.unpeaceful.has(channel.fundingOutPoint.txid);
      if (isDoubtful && (channel.phase === 'normal' || channel.phase === 'negotiating')) play.forceClose(name, channel);
    }
  }
}

const waits = ({ world }: Play, name: Parameters<Play['revive']>[0]): string => {
  const node = world.node(name);
  const channels = node.channels.all().map(({ config, phase, link, commitments, spend, closeReason }) => `${config.channelNumber} ${phase} ${link.status} ${commitments.htlcs.size} HTLCs ${spend?.spendClass ?? ''} ${closeReason ?? ''}`);
  return `${name} ${node.onchain.status.state} ${node.payments.pendingOutgoing} payments, ${node.openings.count} openings, ${channels.join(', ')}`;
};

const isDone = ({ phase, fundingHeight }: FundedChannel): boolean => phase === 'closed' || phase === 'normal' || (phase === 'opening' && fundingHeight === undefined);
const allOver = ({ world, honest }: Play): boolean => world.chain.mempool().length === 0 && honest.every((name) => world.node(name).channels.all().every(isDone));

/** I-20, I-21: whoever has heard of a height has acted on the HTLCs that end with it. */
export function deadlines({ world, watch, honest }: Play): void {
  for (const name of honest) {
    const { life } = world.place(name);
    if (!life?.alive || life.frozen || watch.stale.has(name)) continue;
    const { height } = life.node.onchain;
    for (const { phase, config, commitments } of life.node.channels.all()) {
      for (const { add, removal } of commitments.htlcs.values()) {
        const [invariant, due] = add.direction === 'offered' ? (['I-21', height >= add.cltvExpiry + POLICY_BLOCKS.grace] as const)
          : (['I-20', removal?.what.kind === 'fulfill' && height >= add.cltvExpiry - POLICY_BLOCKS.claimDeadline] as const); // prettier-ignore
        watch.evidence.look(invariant, !due || (phase !== 'normal' && phase !== 'negotiating'), () => `${name} lets HTLC ${add.id} of channel ${config.channelNumber} pass its deadline at ${height}`);
      }
    }
  }
}

function atRest(play: Play, opening: Opening): void {
  const { world, watch, honest } = play;
  const { evidence } = watch;
  for (const name of honest) {
    const { lossMsat, allowedMsat, detail } = reckon(world, watch, name, opening, play.truth.get(name) ?? world.durable(name));
    evidence.look('I-13', lossMsat <= allowedMsat, () => `${name} lost ${lossMsat} msat, fees explain ${allowedMsat}: ${detail}`);
    const node = world.node(name);
    const chainSat = onChainSat(world, name);
    const { confirmedSat, unconfirmedSat, immatureSat, frozenSat, reservedSat } = node.balance();
    const reported = confirmedSat + unconfirmedSat + immatureSat + frozenSat + reservedSat;
    evidence.look('I-13', reported === chainSat, () => `${name} reports ${reported} sat on chain, the chain says ${chainSat}`);
    const disk = viewOf(world.durable(name));
    const booked = disk.balances.get('wallet') ?? 0n;
    evidence.look('I-13', booked === chainSat * 1000n, () => `${name}'s books say ${booked} msat on chain, the chain says ${chainSat} sat`);
    if (watch.stale.has(name)) continue;
    evidence.look('I-32', node.payments.pendingOutgoing === 0, () => `${name} still has a payment under way: ${waits(play, name)}`);
    for (const channel of node.channels.all()) atRestChannel(play, name, channel);
    outgoing(play, name);
  }
}

function atRestChannel({ world, watch, honest }: Play, name: Parameters<Play['revive']>[0], channel: FundedChannel): void {
  const { evidence } = watch;
  const peer = peerName(channel);
  const spender = world.chain.spenderOf(channel.fundingOutPoint);
  if (spender !== undefined && world.chain.heightOf(spender) !== undefined) {
    evidence.look('I-26', channel.spend?.txid === spender && channel.spend.spendClass !== 'unknown', () => `${name} takes the close ${spender} for ${channel.spend?.spendClass}`);
    if (channel.spend?.spendClass === 'revoked') punished({ world, watch }, name, channel, spender);
  }
  if (peer === undefined || !honest.includes(peer) || watch.unpeaceful.has(channel.fundingOutPoint.txid) || !world.isRunning(peer)) return;
  const theirs = world.node(peer).channels.byId(channel.channelId);
  evidence.look('I-33', !theirs || (channel.phase !== 'failing' && (channel.spend === undefined || channel.spend.spendClass === 'mutual')), () => `${name} and ${peer} are honest, their channel is ${channel.phase} ${channel.spend?.spendClass ?? ''}: ${channel.closeReason}`);
  if (!theirs || channel.phase !== 'normal' || theirs.phase !== 'normal') return;
  evidence.look('I-22', channel.commitments.localNumber >= theirs.commitments.remoteNumber, () => `${name} is behind ${peer}`);
  const { ourMsat, theirMsat, feeratePerKw } = channel.commitments;
  const agree = theirs.commitments.theirMsat === ourMsat && theirs.commitments.ourMsat === theirMsat && theirs.commitments.feeratePerKw === feeratePerKw;
  evidence.look('I-13', agree, () => `${name} believes ${ourMsat}/${theirMsat} msat, ${peer} ${theirs.commitments.theirMsat}/${theirs.commitments.ourMsat}`);
  evidence.look('I-32', channel.commitments.htlcs.size === 0, () => `${name} still has ${channel.commitments.htlcs.size} HTLCs with ${peer}`);
  i3(evidence, name, viewOf(world.durable(name)), peer, viewOf(world.durable(peer)));
}

const WORTH_TAKING_SAT = 2_000n;
/** I-27: every output of a revoked commitment, or of what the cheater made of it, came to the victim. */
function punished({ world, watch }: Pick<Play, 'world' | 'watch'>, name: string, channel: FundedChannel, cheat: string): void {
  const ours = toHex(channel.walletScript);
  for (const [vout, { amountSat }] of (world.chain.tx(cheat)?.outputs ?? []).entries()) {
    if (amountSat < WORTH_TAKING_SAT) continue;
    const first = world.chain.spenderOf({ txid: cheat, vout });
    const taker = first === undefined ? undefined : watch.publisherOf.get(first);
    // A second stage of the cheater's: what it pays where the HTLC went must have been taken from it.
    const stage = first === undefined ? undefined : world.chain.tx(first);
    const index = stage?.inputs.findIndex((input) => outPointKey(input) === `${cheat}:${vout}`) ?? -1;
    const after = first === undefined || index < 0 ? undefined : world.chain.spenderOf({ txid: first, vout: index });
    const took = taker === name || (after !== undefined && (world.chain.tx(after)?.outputs.some(({ script }) => toHex(script) === ours) ?? false));
    watch.evidence.look('I-27', took, () => `output ${vout} (${amountSat} sat) of revoked commitment ${cheat} went to ${taker ?? 'nobody'}, and not to ${name}`);
  }
}

/** I-14: nobody pays more than was agreed, and what failed cost nothing. */
function outgoing({ world, watch, honest }: Play, name: Parameters<Play['revive']>[0]): void {
  for (const [hash, payment] of viewOf(world.durable(name)).outgoing) {
    const paid = payment.parts.filter(({ status }) => status === 'fulfilled').reduce((sum, part) => sum + part.amountMsat + part.feeMsat, 0n);
    watch.evidence.look('I-14', paid <= payment.amountMsat + payment.maxFeeMsat, () => `${name} spent ${paid} msat for ${payment.amountMsat}`);
    watch.evidence.look('I-14', payment.status !== 'failed' || paid === 0n, () => `${name}'s payment failed and cost ${paid} msat`);
    const payee = honest.find((other) => !watch.stale.has(other) && viewOf(world.durable(other)).incoming.has(hash));
    const invoice = payee && viewOf(world.durable(payee)).incoming.get(hash);
    if (!invoice || payment.status !== 'succeeded') continue;
    watch.evidence.look('I-14', invoice.status === 'paid' && paid >= payment.amountMsat, () => `${name} paid ${paid} msat, ${payee}'s invoice is ${invoice.status}`);
  }
}
