import { networks } from '../../../core/bitcoin/network.ts';
import { scriptToAddress } from '../../../core/bitcoin/address.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { type NodeName } from '../../support/rig-keys.ts';
import { type Delivery, honestDelivery } from './chain-port.ts';
import { STRANGER, peerName } from './money.ts';
import type { Play } from './play.ts';
import { addressOf } from './starts.ts';

/** Something that a user, the chain, the network or a machine does. */
export type Action = (play: Play) => void | Promise<void>;

const strangersAddress = must(scriptToAddress(STRANGER, networks.regtest), 'the address');
const below = (play: Play, most: number): number => Math.floor(play.world.draw() * most);
const someone = (play: Play): NodeName => play.world.any(play.honest);
const running = (play: Play): readonly NodeName[] => play.honest.filter((name) => play.world.isRunning(name));

/** Under and around dust, everyday, large. */
function amountMsat(play: Play): bigint {
  const kind = play.world.draw();
  if (kind < 0.15) return BigInt(1 + below(play, 354_000));
  if (kind < 0.25) return 353_000n + BigInt(below(play, 3_000));
  if (kind < 0.9) return BigInt(1_000_000 + below(play, 40_000_000));
  return BigInt(40_000_000 + below(play, 260_000_000));
}

export const pay: Action = (play) => {
  const from = play.world.any(play.world.options.names);
  const to = play.neighbours(from);
  if (to.length > 0) play.pay(from, play.world.any(to), amountMsat(play));
};
/** Several at once, some of one amount, both ways. */
export const burst: Action = (play) => {
  const amount = amountMsat(play) / 4n + 1n;
  for (let i = 0; i < 4; i++) {
    const from = play.world.any(play.world.options.names);
    const to = play.neighbours(from);
    if (to.length > 0) play.pay(from, play.world.any(to), play.world.draw() < 0.5 ? amount : amountMsat(play) / 4n + 1n);
  }
};

export const open: Action = (play) => {
  const from = someone(play);
  const to = play.world.any(play.others(from).filter((name) => name !== 'M'));
  if (!to || !play.world.isRunning(from) || play.channels(from, () => true).length > 4) return;
  play.note(`open ${from} ${to}`);
  play.ask(from, 'channel.open', { peer: addressOf(to), capacitySat: BigInt(100_000 + below(play, 400_000)), pushMsat: BigInt(below(play, 30_000_000)) });
};
export const close: Action = (play) => {
  const by = someone(play);
  const channel = play.world.any(play.channels(by));
  if (!channel) return;
  play.note(`close ${by} ${channel.config.channelNumber}`);
  play.ask(by, 'channel.close', { channelId: toHex(channel.channelId) });
};
export const forceClose: Action = (play) => {
  const by = someone(play);
  const channel = play.world.any(play.channels(by));
  if (channel) play.forceClose(by, channel);
};
export const send: Action = (play) => {
  const from = someone(play);
  play.note(`send ${from}`);
  play.ask(from, 'wallet.send', { address: strangersAddress, amountSat: BigInt(1_000 + below(play, 200_000)) });
};

// The chain

export const mine: Action = ({ world }) => world.chain.mine();
/** Told as one. */
export const mineSome: Action = (play) => {
  const count = 2 + below(play, 5);
  play.note(`mine ${count}`);
  for (let i = 0; i < count; i++) play.world.chain.mine({ quiet: true });
  play.world.chain.tellTip();
};
export const reorg: Action = (play) => {
  const depth = 1 + below(play, 6);
  const share = play.world.draw();
  play.note(`reorg ${depth}`);
  play.world.chain.reorg(depth, () => play.world.draw() < share);
};
export const fees: Action = (play) => {
  const rate = play.world.any([1, 2, 5, 10, 30, 80]);
  play.note(`fees ${rate}`);
  play.world.chain.minerFloorSatPerVb = rate;
  play.world.chain.setMinFeerate(play.world.draw() < 0.3 ? rate * 0.8 : 1);
};
export const evict: Action = ({ world, note }) => {
  const entry = world.any(world.chain.mempool());
  if (entry) world.chain.evict(entry.txid);
  void note;
};

const deliveries: readonly (readonly [string, (play: Play) => Delivery])[] = [
  ['plain', () => honestDelivery],
  ['doubled', (play) => ({ ...honestDelivery, twice: () => play.world.draw() < 0.5 })],
  ['skipped', (play) => ({ ...honestDelivery, skip: () => play.world.draw() < 0.5 })],
  ['late', (play) => ({ ...honestDelivery, asItWas: () => true, twice: () => play.world.draw() < 0.2 })],
];
export const delivery: Action = (play) => {
  const name = someone(play);
  const [how, make] = play.world.any(deliveries);
  play.note(`delivery ${name} ${how}`);
  play.world.place(name).delivery = make(play);
};

// Lines, disks, clocks

export const breakLine: Action = (play) => {
  const [one, other] = [play.world.any(play.world.options.names), play.world.any(play.world.options.names)];
  if (one === other) return;
  play.note(`break ${one}${other}`);
  if (play.world.draw() < 0.5) play.world.network.timeOut();
  // Half of the time one end notices nothing until the other comes again.
  play.world.network.breakBetween(one, other, play.world.draw() < 0.3 ? one : undefined);
};
export const part: Action = (play) => {
  const [one, other] = [someone(play), someone(play)];
  if (one === other) return;
  if (play.world.parted.size > 0) return play.world.parted.clear();
  play.note(`part ${one}${other}`);
  play.world.parted.add(`${one}${other}`);
  play.world.network.breakBetween(one, other);
};
/** A line, a disk, a chain source or a whole node stands still for a while. */
export const lag: Action = (play) => {
  const name = someone(play);
  const peer = peerName(play.world.any(play.channels(name)) ?? ({ config: { peerNodeId: new Uint8Array(0) } } as never));
  const lane = play.world.any([`disk ${name}`, `chain ${name}`, `turn ${name}`, ...(peer ? [`net ${name} ${peer}`] : [])]);
  play.note(`lag ${lane}`);
  play.world.lanes.block(lane, play.world.steps + 20 + below(play, 200));
};
/** What was not durable is lost; it starts again from what was. */
export const restart: Action = (play) => {
  const name = play.world.any(running(play));
  if (!name) return;
  play.note(`restart ${name}`);
  play.world.kill(name);
  if (play.world.draw() < 0.7) play.revive(name);
};
export const revive: Action = (play) => {
  for (const name of play.honest) play.revive(name);
};
export const diskFails: Action = (play) => {
  const name = someone(play);
  play.note(`diskFails ${name}`);
  play.world.place(name).diskFault = { code: 'disk_full' };
};
const YEAR_MS = 365 * 86_400_000;
export const clockJump: Action = (play) => {
  const name = someone(play);
  const jump = play.world.any([3_600_000, -3_600_000, 86_400_000, 10 * YEAR_MS, -10 * YEAR_MS]);
  play.note(`clock ${name} ${jump}`);
  play.world.place(name).skewMs = jump;
};
