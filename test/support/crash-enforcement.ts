import { type Tx, encodeTx, txid } from '../../core/bitcoin/transaction.ts';
import { pointAt } from '../../core/channel/keys.ts';
import { knownCommitment } from '../../core/channel/onchain/confirmed.ts';
import { signedLocalCommitment } from '../../core/channel/sign.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { sign } from '../../core/crypto/secp256k1.ts';
import { equal, toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import type { Turn } from '../../core/node/turns.ts';
import { signedHtlcTx } from '../../core/tx/htlc.ts';
import { derivePrivateKey } from '../../core/tx/keys.ts';
import { CrashRig, type Watcher } from './crash-rig.ts';
import { CAPACITY_SAT, type SETTINGS, type Scenario, type Start, isIdle, isQuiet, pay, startOf } from './crash-scenarios.ts';
import { viewOf } from './invariant-views.ts';
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
export async function cutOff(setting: SettingName): Promise<Start> {
  const { start, rig, release } = await inFlight(setting);
  rig.network.isDown = true;
  rig.network.breakAll();
  await rig.drain();
  release();
  await rig.settle(() => isIdle(rig));
  return { ...start, image: rig.image(), isolated: true };
}

export interface Betrayal {
  readonly start: Start;
  /** The commitment that B had with four HTLCs in it. */
  readonly commitment: Tx;
  /** By which B takes an HTLC from it, with the preimage. */
  readonly secondStage: Tx;
}

/** All was answered, and what B had before is revoked. */
export async function betrayed(setting: SettingName): Promise<Betrayal> {
  const { start, rig, release } = await inFlight(setting);
  const then = channelOf(rig, 'B');
  release();
  if (!(await rig.settle(() => isQuiet(rig)))) throw new Error('the HTLCs were not answered');
  const keys = keysOf('B', then.config.channelNumber);
  const { tx: commitment } = signedLocalCommitment(then, keys);
  const preimages = [...viewOf(rig.durable('A')).outgoing.values()].flatMap(({ paymentPreimage }) => paymentPreimage ?? []);
  return { start: { ...start, image: rig.image() }, commitment, secondStage: successTx(then, keys, commitment, preimages) };
}

/** The first HTLC transaction with which the owner of a commitment shows one of these preimages. */
function successTx(channel: FundedChannel, keys: ReturnType<typeof keysOf>, commitment: Tx, preimages: readonly Uint8Array[]): Tx {
  const { commitment: { htlcs } } = must(knownCommitment(channel, keys, 'localCurrent'), 'our commitment');
  const found = htlcs.flatMap((htlcTransaction, i) => {
    const { direction, paymentHash } = htlcTransaction.htlc;
    const preimage = preimages.find((candidate) => direction === 'received' && equal(sha256(candidate), paymentHash));
    return preimage ? [{ htlcTransaction, preimage, remoteSignature: must(channel.commitments.localHtlcSignatures[i], 'the signature') }] : [];
  });
  const { htlcTransaction, preimage, remoteSignature } = must(found[0], 'an HTLC');
  const privateKey = derivePrivateKey(keys.htlcBasepointSecret, pointAt(keys, channel.commitments.localNumber));
  const tx = signedHtlcTx(htlcTransaction, channel.config.channelType, sign(htlcTransaction.localSighash, privateKey), remoteSignature, preimage);
  if (tx.inputs[0]?.txid !== txid(commitment)) throw new Error('it spends another commitment');
  return tx;
} // prettier-ignore

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

/** `steal`: what the thief brings into the chain while the victim sleeps. */
const theft = (setting: SettingName, name: string, steal: (rig: CrashRig, betrayal: Betrayal) => void): Scenario => {
  const made = once(() => betrayed(setting));
  let betrayal: Betrayal | undefined;
  return {
    name, setting,
    start: async () => (betrayal = await made()).start,
    prepare: (rig) => void (rig.chain.feerate = MARKET_SAT_PER_VB),
    steps: [(rig) => steal(rig, must(betrayal, 'what B kept'))],
    again: () => false,
    enforcement: { by: undefined, classes: { A: 'revoked', B: 'unknown' }, alarms: ['revoked_commitment', 'unknown_funding_spend'], goOn: mineOn, isOver: isResolved },
    // Everything is the victim's, and the thief has what it had before.
    outcome: brings({ A: CAPACITY_SAT, B: 0n }, { A: 22_000n, B: 0n }),
  }; // prettier-ignore
};
const publishes = (rig: CrashRig, { commitment }: Betrayal): void => void rig.chain.publish(encodeTx(commitment));
const bringsIn = (rig: CrashRig, { commitment, secondStage }: Betrayal): void => {
  for (const tx of [commitment, secondStage]) {
    if (!rig.chain.publish(encodeTx(tx)).ok) throw new Error('the thief is refused');
    rig.chain.mine();
  }
};

/** What only the chain can settle: HTLCs both ways in a close by force, and a breach. */
export const ENFORCEMENT_SCENARIOS: readonly Scenario[] = [
  forcedBy('A', 'anchors', 'forced by the opener, HTLCs both ways'),
  forcedBy('B', 'anchors', 'forced by the fundee, HTLCs both ways'),
  forcedBy('A', 'static', 'forced by the opener, HTLCs both ways, static_remotekey'),
  theft('anchors', 'a revoked commitment with HTLCs both ways', publishes),
  theft('static', 'a revoked commitment with HTLCs both ways, static_remotekey', publishes),
  theft('anchors', 'a revoked commitment and a second stage, both buried', bringsIn),
  theft('static', 'a revoked commitment and a second stage, both buried, static_remotekey', bringsIn),
];
