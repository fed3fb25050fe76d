import { isOffered } from '../../core/channel/spec.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { toHex } from '../../core/lib/bytes.ts';
import type { AccountKind, Branch } from '../../core/wallet/accounts.ts';
import type { CrashRig, RigImage } from './crash-rig.ts';
import type { Enforcement } from './crash-scenarios.ts';
import { type NodeName, type SideName, SIDES, otherSide, scriptOf } from './rig-keys.ts';
import { channelById, viewOf } from './invariant-views.ts';
import type { Evidence } from './invariants.ts';

const WATCHED = 40;
const scripts = new Map<NodeName, ReadonlySet<string>>();
/** The first scripts of every branch of a side's wallet, made from its seed alone. */
export function walletScripts(side: NodeName): ReadonlySet<string> {
  const known = scripts.get(side);
  if (known) return known;
  const made = new Set<string>();
  for (const kind of ['p2wpkh', 'p2tr'] as const satisfies readonly AccountKind[]) {
    for (const branch of ['receive', 'change'] as const satisfies readonly Branch[]) {
      for (let index = 0; index < WATCHED; index++) made.add(toHex(scriptOf(side)({ kind, branch, index })));
    }
  }
  scripts.set(side, made);
  return made;
}

/** What the chain says a side's wallet has, in sat. */
export function onChainSat(rig: Pick<CrashRig, 'chain'>, side: SideName): bigint {
  const own = walletScripts(side);
  let sum = 0n;
  for (const { script, amountSat } of rig.chain.unspent().values()) if (own.has(toHex(script))) sum += amountSat;
  return sum;
}

const openChannels = (rig: CrashRig, side: SideName) => rig.node(side).channels.all().filter(({ phase }) => phase === 'normal');

/** In the channels that both have and that are not closing, in msat. */
const inChannelsMsat = (rig: CrashRig, side: SideName): bigint => openChannels(rig, side).reduce((sum, { commitments }) => sum + commitments.ourMsat, 0n);

/** What both own together, and what left them: fees, and coins that went to strangers. */
export function wealthMsat(rig: CrashRig): bigint {
  const own = SIDES.reduce((sum, side) => sum + onChainSat(rig, side) * 1000n + inChannelsMsat(rig, side), 0n);
  const waiting = new Set(SIDES.flatMap((side) => rig.node(side).channels.all().map(({ fundingOutPoint }) => `${fundingOutPoint.txid}:${fundingOutPoint.vout}`)));
  let strangers = 0n;
  for (const [key, { script, amountSat }] of rig.chain.unspent()) {
    if (!waiting.has(key) && !SIDES.some((side) => walletScripts(side).has(toHex(script)))) strangers += amountSat;
  }
  return own + (strangers + rig.chain.feesSat()) * 1000n;
}

/** The wallet says what the chain says, the books say what the wallet says, and nothing was lost or made between both. */
export function i13AtRest(evidence: Evidence, rig: CrashRig, wealthBefore: bigint): void {
  for (const side of SIDES) {
    const node = rig.node(side);
    const chainSat = onChainSat(rig, side);
    const said = node.onchain.coins().reduce((sum, { amountSat }) => sum + amountSat, 0n);
    evidence.look('I-13', said === chainSat, () => `${side} says it has ${said} sat on chain, the chain says ${chainSat}`);
    const { confirmedSat, unconfirmedSat, immatureSat, frozenSat, reservedSat } = node.balance();
    const reported = confirmedSat + unconfirmedSat + immatureSat + frozenSat + reservedSat;
    evidence.look('I-13', reported === chainSat, () => `${side} reports ${reported} sat, the chain says ${chainSat}`);
    const { reservations } = node.onchain.wallet;
    evidence.look('I-13', reservations.length === 0 || node.openings.count > 0, () => `${side} keeps coins reserved for an opening that does not go on`);
    const { balances } = viewOf(rig.durable(side));
    const booked = balances.get('wallet') ?? 0n;
    evidence.look('I-13', booked === chainSat * 1000n, () => `${side}'s books say ${booked} msat on chain, the chain says ${chainSat} sat`);
    for (const { phase, config: { channelNumber } } of node.channels.all()) {
      if (phase !== 'closed') continue;
      const left = balances.get(`closing:${channelNumber.toString(16).padStart(8, '0')}`) ?? 0n;
      evidence.look('I-13', left === 0n, () => `${side}'s books have ${left} msat left of a close that is over`);
    }
  }
  for (const channel of openChannels(rig, 'A')) {
    const theirs = rig.node('B').channels.byId(channel.channelId)?.commitments;
    const { ourMsat, theirMsat, localNumber, remoteNumber, feeratePerKw } = channel.commitments;
    const agree = theirs?.theirMsat === ourMsat && theirs.ourMsat === theirMsat && theirs.localNumber === remoteNumber && theirs.remoteNumber === localNumber && theirs.feeratePerKw === feeratePerKw;
    evidence.look('I-13', agree, () => `A has ${ourMsat} msat at ${localNumber}/${remoteNumber}, B believes ${theirs?.theirMsat} at ${theirs?.remoteNumber}/${theirs?.localNumber}`);
  }
  const wealth = wealthMsat(rig);
  evidence.look('I-13', wealth === wealthBefore, () => `${wealth - wealthBefore} msat too much in all`);
}

/** Over all parts, retries and restarts: at most amount and fee limit, and the payee has it once. */
export function i14(evidence: Evidence, rig: CrashRig): void {
  const spent = new Map<string, bigint>();
  for (const [key, amountMsat] of evidence.fulfilled) {
    const hash = key.split(' ')[2]!;
    spent.set(hash, (spent.get(hash) ?? 0n) + amountMsat);
  }
  for (const side of SIDES) {
    for (const [hash, payment] of viewOf(rig.durable(side)).outgoing) {
      const paid = spent.get(hash) ?? 0n;
      evidence.look('I-14', paid <= payment.amountMsat + payment.maxFeeMsat, () => `${side} spent ${paid} msat for ${payment.amountMsat}`);
      evidence.look('I-14', payment.status !== 'failed' || paid === 0n, () => `${side}'s payment failed and cost ${paid} msat`);
      evidence.look('I-14', payment.status !== 'succeeded' || paid >= payment.amountMsat, () => `${side}'s payment succeeded and only ${paid} msat went`);
      const received = viewOf(rig.durable(otherSide(side))).incoming.get(hash);
      evidence.look('I-14', received === undefined || (received.status === 'paid') === paid > 0n, () => `${paid} msat went to an invoice that is ${received?.status}`);
    }
  }
}

/** With honest peers nobody is ever behind: a restart loses nothing that a peer could know of. */
export function i22And23(evidence: Evidence, rig: CrashRig): void {
  for (const side of SIDES) {
    for (const channel of rig.node(side).channels.all()) {
      evidence.look('I-22', channel.phase !== 'fallen_behind', () => `${side} believes that it lost data`);
      const peer = rig.node(otherSide(side)).channels.byId(channel.channelId)?.commitments;
      evidence.look('I-23', !peer || channel.commitments.localNumber >= peer.remoteNumber, () => `${side} is behind: ${channel.commitments.localNumber}, the peer has ${peer?.remoteNumber}`);
    }
  }
}

/** What was paid before the run began, and what the chain gave to receivers where messages could not. */
export function fulfilledOnChain(evidence: Evidence, rig: CrashRig, start: RigImage): void {
  for (const side of SIDES) {
    for (const [hash, { status, amountMsat }] of viewOf(start.sides[side].image).outgoing) if (status === 'succeeded') evidence.fulfilled.set(`before ${side} ${hash}`, amountMsat);
  }
  const shown = new Set(rig.chain.all().flatMap(({ tx }) => tx.inputs.flatMap(({ witness }) => witness.filter((item) => item.length === 32).map((item) => toHex(sha256(item))))));
  const offered = SIDES.flatMap((side) => rig.node(side).channels.all()).flatMap(({ channelId, commitments }) => [...commitments.htlcs.values()].filter(isOffered).map(({ add }) => ({ add, channelId })));
  for (const { add: { id, paymentHash, amountMsat }, channelId } of offered) {
    const hash = toHex(paymentHash);
    if (shown.has(hash)) evidence.fulfilled.set(`${toHex(channelId)} ${id} ${hash}`, amountMsat);
  }
} // prettier-ignore

/** Every spend of a funding output is known for what it is. */
export function i26(evidence: Evidence, rig: CrashRig, enforcement: Enforcement | undefined): void {
  for (const side of SIDES) {
    for (const channel of rig.node(side).channels.all()) {
      const spender = rig.chain.spenderOf(channel.fundingOutPoint);
      if (spender === undefined) continue;
      evidence.look('I-26', channel.spend?.txid === spender && channel.spend.spendClass === (enforcement?.classes[side] ?? 'mutual'), () => `${side} takes the close ${spender} for ${channel.spend?.spendClass}`);
    }
  }
}

/** No channel that both know was failed, and nothing is stuck in it. */
export function i32And33(evidence: Evidence, rig: CrashRig): void {
  for (const side of SIDES) {
    for (const channel of rig.node(side).channels.all()) {
      const shared = channelById(viewOf(rig.durable(otherSide(side))), channel.channelId) !== undefined;
      evidence.look('I-33', !shared || channel.phase !== 'failing', () => `${side} failed a channel: ${channel.closeReason}`);
      if (!shared) continue;
      const open = [...channel.commitments.htlcs.keys()].filter((key) => !channel.settledHtlcs.includes(key));
      evidence.look('I-32', open.length === 0, () => `${side} still has ${open.length} HTLCs in a channel that is ${channel.phase}`);
    }
    evidence.look('I-32', rig.node(side).payments.pendingOutgoing === 0, () => `${side} still has a payment under way`);
  }
}
