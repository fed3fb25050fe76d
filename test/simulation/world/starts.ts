import { toHex } from '../../../core/lib/bytes.ts';
import type { Feature } from '../../../core/wire/features.ts';
import { NODE_IDS, type NodeName, scriptOf } from '../../support/rig-keys.ts';
import { Watch } from './watch.ts';
import { World, type WorldImage } from './world.ts';

/** Who is there, and which channels they have before a scenario begins. */
export interface Setting {
  readonly names: readonly NodeName[];
  readonly channels: readonly { readonly opener: NodeName; readonly fundee: NodeName; readonly capacitySat: bigint; readonly pushMsat: bigint }[];
  readonly without: readonly Feature[];
}

const between = (opener: NodeName, fundee: NodeName, capacitySat = 1_000_000n, pushMsat = 400_000_000n) => ({ opener, fundee, capacitySat, pushMsat });

export const SETTINGS = {
  strangers: { names: ['A', 'B'], channels: [], without: [] },
  pair: { names: ['A', 'B'], channels: [between('A', 'B')], without: [] },
  static: { names: ['A', 'B'], channels: [between('A', 'B')], without: ['anchors'] },
  legacy: { names: ['A', 'B'], channels: [between('B', 'A')], without: ['simpleClose'] },
  three: { names: ['A', 'B', 'C'], channels: [between('A', 'B'), between('B', 'C'), between('C', 'A', 3_000_000n, 1_500_000_000n)], without: [] },
  adversary: { names: ['A', 'B', 'M'], channels: [between('A', 'B'), between('A', 'M', 1_200_000n, 600_000_000n), between('M', 'A', 1_000_000n, 500_000_000n)], without: [] },
  adversaryStatic: { names: ['A', 'M'], channels: [between('A', 'M'), between('M', 'A')], without: ['anchors'] },
} as const satisfies Readonly<Record<string, Setting>>;
export type SettingName = keyof typeof SETTINGS;

const COINS_SAT = [4_000_000n, 900_000n, 300_000n, 150_000n] as const;

export const addressOf = (name: NodeName): string => `${toHex(NODE_IDS[name])}@rig:9735`;

/** Nothing is under way between these, and all their channels are live or on their way out; without payments, those to others may wait. */
export function isQuiet(world: World, names: readonly NodeName[], withPayments = true): boolean {
  return names.every((name) => {
    const { life } = world.place(name);
    if (!life?.alive || life.frozen) return false;
    const { node } = life;
    if ((withPayments && node.payments.pendingOutgoing > 0) || node.turns.waitingCount > 0 || node.openings.count > 0 || node.onchain.status.state !== 'synced') return false;
    return node.channels.all().every((channel) => {
      const { phase, link, commitments, fundingHeight, closingTxs } = channel;
      if (phase === 'closing' || phase === 'closed' || phase === 'failing' || phase === 'fallen_behind' || (phase === 'negotiating' && closingTxs.length > 0) || (phase === 'opening' && fundingHeight === undefined)) return true;
      if (!names.some((peer) => toHex(NODE_IDS[peer]) === toHex(channel.config.peerNodeId))) return true;
      return link.status === 'live' && commitments.htlcs.size === 0 && phase !== 'negotiating';
    });
  });
}

/** Runs until `done`; false when it does not come within so many steps. */
export async function runUntil(world: World, done: () => boolean, patience = 20_000): Promise<boolean> {
  for (let i = 0; i < patience; i++) {
    if (world.lanes.waiting === 0 && done()) return true;
    await world.step();
  }
  return world.lanes.waiting === 0 && done();
}

const starts = new Map<SettingName, Promise<WorldImage>>();
export function startOf(name: SettingName): Promise<WorldImage> {
  const known = starts.get(name) ?? make(SETTINGS[name]);
  starts.set(name, known);
  return known;
}

async function make({ names, channels, without }: Setting): Promise<WorldImage> {
  const watch = new Watch();
  const world = new World({ names, seed: 1, watcher: watch, without });
  watch.world = world;
  for (const name of names) {
    for (const [index, amountSat] of COINS_SAT.entries()) world.chain.pay(scriptOf(name)({ kind: 'p2wpkh', branch: 'receive', index }), amountSat);
    world.start(name);
  }
  for (let i = 0; i < 6; i++) world.chain.mine();
  await runUntil(world, () => isQuiet(world, names));
  for (const { opener, fundee, capacitySat, pushMsat } of channels) {
    let failure: unknown = 'no answer';
    world.call(opener, 'channel.open', { peer: addressOf(fundee), capacitySat, pushMsat }).then(() => (failure = undefined), (error: unknown) => (failure = error));
    await runUntil(world, () => failure !== 'no answer' && isQuiet(world, names));
    if (failure !== undefined) throw new Error(`a setting cannot be made: ${String(failure)}`);
    for (let i = 0; i < 6; i++) {
      world.chain.mine();
      await runUntil(world, () => isQuiet(world, names));
    }
  }
  const ready = names.every((name) => world.node(name).channels.all().every(({ phase }) => phase === 'normal'));
  if (!ready || watch.evidence.broken.length > 0) throw new Error(`a setting cannot be made: ${watch.evidence.broken.join('; ')}`);
  return world.image();
}
