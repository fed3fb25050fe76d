import { type Tx, encodeTx } from '../../core/bitcoin/transaction.ts';
import { signedLocalCommitment } from '../../core/channel/sign.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import type { Turn } from '../../core/node/turns.ts';
import { CrashRig, type Watcher } from './crash-rig.ts';
import { CAPACITY_SAT, type SETTINGS, type Scenario, type Start, isIdle, isQuiet, pay, startOf } from './crash-scenarios.ts';
import { onChainSat } from './invariants-at-rest.ts';
import { SIDES, type SideName, keysOf } from './rig-keys.ts';

type SettingName = keyof typeof SETTINGS;
const nothing = (): void => undefined;
const silent: Watcher = { onSend: nothing, onDelivered: nothing, onPublish: nothing, onDurable: nothing, onStarted: nothing, onLog: nothing };

/** Blocks that pass at once while nothing waits to be mined. */
const LEAP_BLOCKS = 72;
const HTLCS_EACH_WAY = 2;

/**
 * Four HTLCs lie in both commitments, irrevocably, and nobody has answered them: two each way, one of which the receiver
 * can claim and one that it knows nothing of. `release` lets the receivers answer.
 */
async function inFlight(setting: SettingName): Promise<{ readonly start: Start; readonly rig: CrashRig; readonly release: () => void }> {
  const start = await startOf(setting);
  const rig = new CrashRig(start.image, { without: start.without }, {}, silent);
  await rig.settle(() => isQuiet(rig));
  const held: (() => void)[] = [];
  let holds = true;
  for (const side of SIDES) {
    const { payments, turns } = rig.node(side);
    const tell = payments.onHtlc.bind(payments);
    payments.onHtlc = (turn: Turn, channel: FundedChannel, action) => {
      if (holds && action.kind === 'htlc_received') held.push(() => turns.enqueue((later) => tell(later, channel, action)));
      else tell(turn, channel, action);
    };
  }
  pay(rig, 'A', start.invoices.B[0]!);
  pay(rig, 'A', start.forgotten);
  pay(rig, 'B', start.invoices.A[0]!);
  pay(rig, 'B', start.forgottenByA);
  await rig.drain();
  if (held.length !== 2 * HTLCS_EACH_WAY) throw new Error(`${held.length} HTLCs are in flight`);
  const release = (): void => {
    holds = false;
    for (const answer of held) answer();
  };
  return { start, rig, release };
}

/** The connection is gone before any answer left: what is in flight can only end on the chain. */
async function cutOff(setting: SettingName): Promise<Start> {
  const { start, rig, release } = await inFlight(setting);
  rig.network.isDown = true;
  rig.network.breakAll();
  await rig.drain();
  release();
  await rig.settle(() => isIdle(rig));
  return { ...start, image: rig.image(), isolated: true };
}

/** All was answered; the commitment that B had with four HTLCs in it is revoked. */
async function betrayed(setting: SettingName): Promise<{ readonly start: Start; readonly cheat: Tx }> {
  const { start, rig, release } = await inFlight(setting);
  const channel = must(rig.node('B').channels.all()[0], 'the channel');
  const { tx } = signedLocalCommitment(channel, keysOf('B', channel.config.channelNumber));
  release();
  if (!(await rig.settle(() => isQuiet(rig)))) throw new Error('the HTLCs were not answered');
  return { start: { ...start, image: rig.image() }, cheat: tx };
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const channelOf = (rig: CrashRig, side: SideName): FundedChannel => must(rig.node(side).channels.all()[0], 'the channel');
const forceClose = (rig: CrashRig, side: SideName): void => void rig.call(side, 'channel.forceClose', { channelId: toHex(channelOf(rig, side).channelId) });

const mineOn = (rig: CrashRig): void => rig.chain.mine(rig.chain.mempoolCount() > 0 ? 1 : LEAP_BLOCKS);
const isResolved = (rig: CrashRig): boolean => SIDES.every((side) => channelOf(rig, side).phase === 'closed' && rig.node(side).payments.pendingOutgoing === 0);

/** All is over, and each side has on chain what was its own, less what its transactions may cost at most. */
const brings = (shareSat: Readonly<Record<SideName, bigint>>, costSat: Readonly<Record<SideName, bigint>>): Scenario['outcome'] => (rig, start) => {
  if (!isResolved(rig)) return `not resolved: ${SIDES.map((side) => `${side} is ${channelOf(rig, side).phase}, ${rig.node(side).payments.pendingOutgoing} payments wait`).join('; ')}`;
  const short = SIDES.filter((side) => onChainSat(rig, side) - onChainSat(start.image, side) < shareSat[side] - costSat[side]);
  return short.length === 0 ? undefined : short.map((side) => `${side} got ${onChainSat(rig, side) - onChainSat(start.image, side)} of ${shareSat[side]} sat`).join('; ');
};

/** The market stands well above the commitment's rate: it needs its child. */
const MARKET_SAT_PER_VB = 20;

const forcedBy = (by: SideName, setting: SettingName, name: string): Scenario => ({
  name, setting, start: once(() => cutOff(setting)),
  prepare: (rig) => void (rig.chain.feerate = MARKET_SAT_PER_VB),
  steps: [(rig) => forceClose(rig, by)],
  again: () => false,
  enforcement: {
    by, classes: by === 'A' ? { A: 'local', B: 'remote' } : { A: 'remote', B: 'local' }, alarms: [],
    // A user who finds the channel open after a restart asks again.
    goOn: (rig) => (channelOf(rig, by).phase === 'normal' ? forceClose(rig, by) : mineOn(rig)),
    isOver: isResolved,
  },
  // 30 000 sat went each way. Whoever closes pays for the commitment, the child and second stages.
  outcome: brings({ A: 600_000n, B: 400_000n }, by === 'A' ? { A: 33_000n, B: 9_000n } : { A: 12_000n, B: 30_000n }),
}); // prettier-ignore

const theft = (setting: SettingName, name: string): Scenario => {
  const made = once(() => betrayed(setting));
  let cheat: Tx | undefined;
  return {
    name, setting,
    start: async () => {
      ({ cheat } = await made());
      return (await made()).start;
    },
    prepare: (rig) => void (rig.chain.feerate = MARKET_SAT_PER_VB),
    steps: [(rig) => void rig.chain.publish(encodeTx(must(cheat, 'the revoked commitment')))],
    again: () => false,
    enforcement: { by: undefined, classes: { A: 'revoked', B: 'unknown' }, alarms: ['revoked_commitment', 'unknown_funding_spend'], goOn: mineOn, isOver: isResolved },
    // Everything is the victim's, and the thief has what it had before.
    outcome: brings({ A: CAPACITY_SAT, B: 0n }, { A: 22_000n, B: 0n }),
  };
};

/** What only the chain can settle: HTLCs both ways in a close by force, and a breach. */
export const ENFORCEMENT_SCENARIOS: readonly Scenario[] = [
  forcedBy('A', 'anchors', 'forced by the opener, HTLCs both ways'),
  forcedBy('B', 'anchors', 'forced by the fundee, HTLCs both ways'),
  forcedBy('A', 'static', 'forced by the opener, HTLCs both ways, static_remotekey'),
  theft('anchors', 'a revoked commitment with HTLCs both ways'),
  theft('static', 'a revoked commitment with HTLCs both ways, static_remotekey'),
];
