import { type Tx, encodeTx, outPointKey, txid } from '../../core/bitcoin/transaction.ts';
import { encodeChannel, encodeHtlc } from '../../core/channel/codec.ts';
import { commitmentMessage, revocationMessage } from '../../core/channel/commit.ts';
import { channelObscuringFactor } from '../../core/channel/sign.ts';
import { type FundedChannel, htlcKey } from '../../core/channel/types.ts';
import { encodeWith } from '../../core/codec/codec.ts';
import { commitmentSecret, revealedSecret, secretIndexOf } from '../../core/crypto/commitment-secrets.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { equal, toHex } from '../../core/lib/bytes.ts';
import { encodeIncoming, encodeOutgoing, isIncomingPending, isOutgoingPending } from '../../core/payment/codec.ts';
import { commitmentNumberOf } from '../../core/tx/commitment.ts';
import { sweepStateCodec } from '../../core/wallet/sweep-codec.ts';
import { walletStateCodec } from '../../core/wallet/state-codec.ts';
import { type Message, encodeMessage } from '../../core/wire/messages.ts';
import { type NodeName, keysOf, nameOfNode } from './rig-keys.ts';
import { type DiskView, channelById, viewOf } from './invariant-views.ts';
import type { StoreFault } from '../../core/store/port.ts';
import type { StoreImage } from './memory-store.ts';

export type InvariantName =
  | 'I-1' | 'I-2' | 'I-3' | 'I-5' | 'I-6' | 'I-7' | 'I-8' | 'I-9' | 'I-10' | 'I-11' | 'I-12' | 'I-13' | 'I-14' | 'I-18' | 'I-19' | 'I-20' | 'I-21'
  | 'I-22' | 'I-23' | 'I-24' | 'I-25' | 'I-26' | 'I-27' | 'I-28' | 'I-29' | 'I-31' | 'I-32' | 'I-33' | 'I-34' | 'I-35'; // prettier-ignore

/** What the invariants must be able to ask about the world in which things happen. */
export interface EvidenceHost {
  /** What is on the disk of a node that runs or ran. */
  readonly durable: (name: NodeName) => StoreImage;
  /** Its second file. */
  readonly markOf: (name: NodeName, channelNumber: number) => number | undefined;
  readonly frozenOf: (name: NodeName) => StoreFault | undefined;
  readonly isOnChain: (txid: string) => boolean;
}

/** What the invariants know of one run: every message, what was durable when it left, and what they found so far. */
export class Evidence {
  readonly host: () => EvidenceHost;
  readonly broken: string[] = [];
  /** How often each invariant had something to look at. */
  readonly looked: Record<string, number> = {};
  /** The highest commitment of a side whose secret was sent, by funding transaction. */
  readonly revoked = new Map<string, number>();
  readonly commitmentBytes = new Map<string, string>();
  /** By side, channel and id: the add as it was first sent and whether a commitment_signed of its sender followed. */
  readonly adds = new Map<string, { bytes: string; signed: boolean; paymentHash: string; amountMsat: bigint }>();
  readonly fulfilled = new Map<string, bigint>();
  readonly shutdownSent = new Set<string>();
  readonly published = new Map<string, Tx>();

  constructor(host: () => EvidenceHost) {
    this.host = host;
  }
  look(name: InvariantName, holds: boolean, what: () => string): void {
    this.looked[name] = (this.looked[name] ?? 0) + 1;
    if (!holds && this.broken.length < 20) this.broken.push(`${name}: ${what()}`);
  }
}

export interface Sent {
  readonly side: NodeName;
  readonly message: Message;
  readonly bytes: Uint8Array;
  /** What was on disk when it left. */
  readonly disk: DiskView;
}

const ctxOf = (side: NodeName, channel: FundedChannel) => ({ keys: keysOf(side, channel.config.channelNumber) }) as Parameters<typeof commitmentMessage>[1];
const nameOf = (side: NodeName, channel: FundedChannel): string => `${side} ${channel.fundingOutPoint.txid}`;

/** Never sign or publish a commitment whose secret was sent. */
export function i1(evidence: Evidence, side: NodeName, disk: DiskView): void {
  for (const channel of disk.channels) {
    const revoked = evidence.revoked.get(nameOf(side, channel)) ?? -1;
    evidence.look('I-1', channel.commitments.localNumber > revoked, () => `${side} would publish ${channel.commitments.localNumber}, and sent the secret of ${revoked}`);
  }
}
export function i1Published(evidence: Evidence, side: NodeName, tx: Tx, disk: DiskView): void {
  for (const channel of disk.channels) {
    if (!tx.inputs.some((input) => outPointKey(input) === outPointKey(channel.fundingOutPoint))) continue;
    const number = commitmentNumberOf(tx, channelObscuringFactor(channel.config));
    if (number !== undefined) evidence.look('I-1', number > (evidence.revoked.get(nameOf(side, channel)) ?? -1), () => `${side} published revoked commitment ${number}`);
  }
}

/** One set of signatures for each commitment of the peer. */
export function i2(evidence: Evidence, { side, message, bytes, disk }: Sent): void {
  if (message.name !== 'commitment_signed') return;
  const channel = channelById(disk, message.channelId);
  if (!channel) return;
  const key = `${nameOf(side, channel)} ${channel.commitments.remoteNumber + 1}`;
  const before = evidence.commitmentBytes.get(key);
  evidence.look('I-2', before === undefined || before === toHex(bytes), () => `${side} signed commitment ${channel.commitments.remoteNumber + 1} twice, and differently`);
  evidence.commitmentBytes.set(key, toHex(bytes));
}

/** Every secret that was received is the one of that number, and all earlier ones follow from what is kept. */
export function i3(evidence: Evidence, side: NodeName, disk: DiskView, peer: NodeName, other: DiskView): void {
  for (const channel of disk.channels) {
    const theirs = channelById(other, channel.channelId);
    if (!theirs) continue;
    const seed = keysOf(peer, theirs.config.channelNumber).commitmentSeed;
    for (let number = 0; number < channel.commitments.remoteNumber; number++) {
      const secret = revealedSecret(channel.commitments.revealedSecrets, secretIndexOf(number));
      evidence.look('I-3', secret !== undefined && equal(secret, commitmentSecret(seed, number)), () => `${side} lacks the peer's secret ${number}`);
    }
  }
}

/** What was sent was durable before. */
export function i5(evidence: Evidence, sent: Sent): void {
  const why = notDurable(evidence, sent);
  if (why === 'no matter') return;
  evidence.look('I-5', why === undefined, () => `${sent.side} sent ${sent.message.name}: ${why}`);
}

function notDurable(evidence: Evidence, { side, message, bytes, disk }: Sent): string | undefined {
  if (message.name === 'open_channel' || message.name === 'accept_channel') return 'no matter';
  if (message.name === 'funding_created') {
    const id = `open:${toHex(message.temporaryChannelId)}`;
    return disk.wallet.reservations.some((reservation) => reservation.id === id) ? undefined : 'its coins are not reserved on disk';
  }
  if (!('channelId' in message)) return 'no matter';
  const channel = channelById(disk, message.channelId);
  if (message.name === 'error' || message.name === 'warning' || message.name === 'channel_reestablish') return 'no matter';
  if (!channel) return 'the channel is not on disk';
  const { commitments } = channel;
  const same = (again: Message): boolean => equal(bytes, encodeMessage(again));
  switch (message.name) {
    case 'funding_signed':
      return disk.nextChannelNumber > channel.config.channelNumber ? undefined : 'its channel number is not on disk';
    case 'channel_ready':
      return channel.channelReadySent ? undefined : 'not marked as sent';
    case 'update_add_htlc': {
      const entry = commitments.htlcs.get(htlcKey('offered', message.id));
      const part = disk.outgoing.get(toHex(message.paymentHash))?.parts.find(({ channelNumber, htlcId }) => channelNumber === channel.config.channelNumber && htlcId === message.id);
      return entry && equal(entry.add.onionRoutingPacket, message.onionRoutingPacket) && part ? undefined : 'the HTLC and its part are not on disk';
    }
    case 'update_fulfill_htlc':
    case 'update_fail_htlc':
    case 'update_fail_malformed_htlc':
      return commitments.htlcs.get(htlcKey('received', message.id))?.removal ? undefined : 'the removal is not on disk';
    case 'update_fee':
      return commitments.feeUpdates.some((update) => update.feeratePerKw === message.feeratePerKw) ? undefined : 'the fee rate is not on disk';
    case 'commitment_signed':
      return commitments.awaitingRevocation && same(commitmentMessage(channel, ctxOf(side, channel))) ? undefined : 'the disk would sign something else';
    case 'revoke_and_ack': {
      const number = commitments.localNumber - 1;
      if (number < 0 || !same(revocationMessage(channel, ctxOf(side, channel)))) return 'the commitment that follows is not on disk';
      evidence.revoked.set(nameOf(side, channel), Math.max(number, evidence.revoked.get(nameOf(side, channel)) ?? -1));
      const mark = evidence.host().markOf(side, channel.config.channelNumber) ?? -1;
      return mark >= number ? undefined : `the second file knows of ${mark} only`;
    }
    case 'shutdown':
      return channel.localShutdown?.sent && equal(channel.localShutdown.script, message.scriptpubkey) ? undefined : 'the shutdown is not on disk';
    case 'closing_complete':
    case 'closing_signed':
      return channel.closingTxids.length > 0 ? undefined : 'no closing transaction is on disk';
    case 'closing_sig':
      return channel.closingTxs.length > 0 ? undefined : 'the closing transaction is not on disk';
    default:
      return 'no matter';
  }
}

/** After a restart the state is exactly what the last whole commit wrote; what a commit writes belongs together. */
export function i6(evidence: Evidence, side: NodeName, found: StoreImage, last: StoreImage): void {
  evidence.look('I-6', found === last, () => `${side} started from something that no commit wrote`);
}
/** Records that tell of the same thing agree in every durable state: neither is before or after the other. */
export function i6Together(evidence: Evidence, side: NodeName, disk: DiskView): void {
  for (const [hash, payment] of disk.outgoing) {
    evidence.look('I-6', disk.pending.has(`o${hash}`) === isOutgoingPending(payment), () => `${side}: payment ${hash} is ${payment.status}, its mark says otherwise`);
    for (const part of payment.parts) {
      if (part.status !== 'offered' || part.htlcId === undefined) continue;
      const channel = disk.channels.find(({ config }) => config.channelNumber === part.channelNumber);
      const entry = channel?.commitments.htlcs.get(htlcKey('offered', part.htlcId));
      evidence.look('I-6', entry !== undefined && toHex(entry.add.paymentHash) === hash, () => `${side}: part ${part.partId} of ${hash} is offered, and its channel has no such HTLC`);
    }
  }
  for (const [hash, invoice] of disk.incoming) {
    evidence.look('I-6', disk.pending.has(`i${hash}`) === isIncomingPending(invoice), () => `${side}: invoice ${hash} is ${invoice.status}, its mark says otherwise`);
  }
}

/** Nothing leaves a node whose disk failed. */
export function i7(evidence: Evidence, side: NodeName, what: string): void {
  const frozen = evidence.host().frozenOf(side);
  evidence.look('I-7', frozen === undefined, () => `${side} is frozen (${frozen?.code}) and let ${what} out`);
}

/** The payer knows the preimage durably in whatever durable state knows that the HTLC is fulfilled. */
export function i8(evidence: Evidence, side: NodeName, disk: DiskView): void {
  for (const channel of disk.channels) {
    for (const { add, removal } of channel.commitments.htlcs.values()) {
      if (removal?.what.kind !== 'fulfill') continue;
      const hash = toHex(add.paymentHash);
      const known = add.direction === 'offered' ? disk.outgoing.get(hash)?.paymentPreimage : disk.incoming.get(hash)?.paymentPreimage;
      evidence.look('I-8', known !== undefined && equal(known, removal.what.paymentPreimage), () => `${side}: ${add.direction} HTLC ${add.id} is fulfilled, its payment has no preimage on disk`);
    }
  }
}

/** What was read is written again byte by byte. */
export function i9(evidence: Evidence, side: NodeName, image: StoreImage): void {
  const disk = viewOf(image);
  const holds = (table: string, key: string, again: Uint8Array): void => {
    const record = image.records.get(`${table}\n${key}`);
    evidence.look('I-9', record !== undefined && equal(record, again), () => `${side}: ${table} ${key} is not written as it was read`);
  };
  for (const channel of disk.channels) {
    const key = channel.config.channelNumber.toString(16).padStart(8, '0');
    holds('channel', key, encodeChannel(channel));
    for (const htlc of channel.commitments.htlcs.values()) {
      holds('channelHtlc', `${key}${htlc.add.direction === 'offered' ? 'o' : 'r'}${htlc.add.id.toString(16).padStart(16, '0')}`, encodeHtlc(htlc));
    }
  }
  for (const [hash, payment] of disk.outgoing) holds('outgoingPayment', hash, encodeOutgoing(payment));
  for (const [hash, invoice] of disk.incoming) holds('incomingPayment', hash, encodeIncoming(invoice));
  if (image.records.has('wallet\nsweeps')) holds('wallet', 'sweeps', encodeWith(sweepStateCodec, disk.sweeps));
  if (image.records.has('wallet\nstate')) holds('wallet', 'state', encodeWith(walletStateCodec, disk.wallet));
}

/** The preimage leaves for a complete, durable set only. */
export function i18(evidence: Evidence, { side, message, disk }: Sent): void {
  if (message.name !== 'update_fulfill_htlc') return;
  const channel = channelById(disk, message.channelId);
  const hash = toHex(sha256(message.paymentPreimage));
  const invoice = disk.incoming.get(hash);
  const settlement = invoice?.settlement;
  const isPart = settlement?.parts.some(({ channelNumber, htlcId }) => channelNumber === channel?.config.channelNumber && htlcId === message.id);
  const sum = settlement?.parts.reduce((total, part) => total + part.amtToForwardMsat, 0n) ?? 0n;
  const complete = settlement !== undefined && sum >= settlement.totalMsat && settlement.totalMsat >= (invoice?.amountMsat ?? 0n);
  evidence.look('I-18', isPart === true && complete, () => `${side} released the preimage of ${hash} for ${sum} msat`);
}

/** An id names one HTLC for ever once it is signed; removals speak of ids, and the preimage is that of the id's hash. */
export function i19(evidence: Evidence, { side, message, bytes, disk }: Sent): void {
  if (message.name === 'update_add_htlc') {
    const key = `${side} ${toHex(message.channelId)} ${message.id}`;
    const known = evidence.adds.get(key);
    evidence.look('I-19', !known?.signed || known.bytes === toHex(bytes), () => `${side} used HTLC id ${message.id} twice`);
    evidence.adds.set(key, { bytes: toHex(bytes), signed: known?.signed === true && known.bytes === toHex(bytes), paymentHash: toHex(message.paymentHash), amountMsat: message.amountMsat });
  }
  if (message.name === 'commitment_signed') {
    const offered = channelById(disk, message.channelId)?.commitments.htlcs;
    for (const [key, add] of evidence.adds) {
      const [from, channelId, id] = key.split(' ');
      if (from === side && channelId === toHex(message.channelId) && offered?.get(`o${id}`)?.stage) add.signed = true;
    }
  }
  if (message.name === 'update_fulfill_htlc') {
    const channel = channelById(disk, message.channelId);
    const from = channel && nameOfNode(channel.config.peerNodeId);
    const add = evidence.adds.get(`${from} ${toHex(message.channelId)} ${message.id}`);
    evidence.look('I-19', add?.paymentHash === toHex(sha256(message.paymentPreimage)), () => `${side} fulfilled HTLC ${message.id} with a preimage of another`);
    if (add) evidence.fulfilled.set(`${toHex(message.channelId)} ${message.id} ${add.paymentHash}`, add.amountMsat);
  }
}

/** After its shutdown a node adds no HTLC; what it repeats was signed before. */
export function i25(evidence: Evidence, { side, message, bytes }: Sent): void {
  if (!('channelId' in message)) return;
  const key = `${side} ${toHex(message.channelId)}`;
  if (message.name === 'shutdown' || message.name === 'error') evidence.shutdownSent.add(key);
  if (message.name !== 'update_add_htlc') return;
  const known = evidence.adds.get(`${key} ${message.id}`);
  evidence.look('I-25', !evidence.shutdownSent.has(key) || (known?.signed === true && known.bytes === toHex(bytes)), () => `${side} offers an HTLC after its shutdown`);
}

/** Honest peers send each other no errors and publish no commitments; nobody believes that it or the other lost data. */
export function i33Sent(evidence: Evidence, { side, message, disk }: Sent): void {
  if (message.name === 'warning') {
    // That both signed a close which the peer has not seen yet is no complaint.
    const text = new TextDecoder().decode(message.data);
    evidence.look('I-33', text === 'this channel is closed', () => `${side} warns: ${text}`);
  }
  if (message.name !== 'error') return;
  const ours = channelById(disk, message.channelId);
  const peer = ours && nameOfNode(ours.config.peerNodeId);
  const known = peer !== undefined && channelById(viewOf(evidence.host().durable(peer)), message.channelId) !== undefined;
  evidence.look('I-33', !known, () => `${side} ends a channel that both have: ${new TextDecoder().decode(message.data)}`);
}
/** Its commitment, or without anchors a transaction that spends it alone: both follow from the channel's state. */
const isPresigned = ({ fundingOutPoint, config, spend, phase }: FundedChannel, tx: Tx): boolean =>
  (phase === 'failing' || phase === 'closing') &&
  tx.inputs.some((input) => outPointKey(input) === outPointKey(fundingOutPoint) || (config.channelType === 'static_remotekey' && input.txid === spend?.txid));
export function i33Published(evidence: Evidence, side: NodeName, tx: Tx, disk: DiskView, mayForce = false): void {
  for (const channel of disk.channels) {
    const spends = tx.inputs.some((input) => outPointKey(input) === outPointKey(channel.fundingOutPoint));
    if (!spends) continue;
    const isCommitment = commitmentNumberOf(tx, channelObscuringFactor(channel.config)) !== undefined;
    const worthless = !evidence.host().isOnChain(channel.fundingOutPoint.txid);
    evidence.look('I-33', !isCommitment || worthless || mayForce, () => `${side} closes by force`);
    const durable = isCommitment || channel.closingTxs.some((raw) => equal(raw, encodeTx(tx)));
    evidence.look('I-5', durable, () => `${side} published a closing transaction that is not on disk`);
  }
  const own = disk.wallet.ownTransactions.some((known) => known.txid === txid(tx));
  const closing = disk.channels.some((channel) => channel.closingTxs.some((raw) => equal(raw, encodeTx(tx))) || channel.fundingOutPoint.txid === txid(tx));
  const swept = disk.sweeps.published.some((sweep) => txid(sweep.tx) === txid(tx)) || disk.channels.some((channel) => isPresigned(channel, tx));
  evidence.look('I-5', own || closing || swept, () => `${side} published ${txid(tx)}, which is not on disk`);
}
