import { type Tx, decodeTx, outPointKey, txid } from '../../../core/bitcoin/transaction.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { decodeWith } from '../../../core/codec/codec.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sweepStateCodec } from '../../../core/wallet/sweep.ts';
import { type Message, decodeMessage } from '../../../core/wire/messages.ts';
import { viewOf } from '../../support/invariant-views.ts';
import { Evidence, type InvariantName, type Sent, i1, i18, i19, i1Published, i2, i25, i33Published, i33Sent, i5, i6, i6Together, i7, i8, i9 } from '../../support/invariants.ts';
import { i10To12, i11Offer, i13Books } from '../../support/invariants-of-states.ts';
import type { StoreImage } from '../../support/memory-store.ts';
import { type NodeName, nameOfNode } from '../../support/rig-keys.ts';
import type { Sent as Submitted } from './chain.ts';
import type { World, WorldWatcher } from './world.ts';

function decoded(bytes: Uint8Array): Message | undefined {
  try {
    const read = decodeMessage(bytes);
    return read.known ? read.message : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Holds the invariants against everything that honest nodes say, write and publish. What the adversary does is only remembered. */
export class Watch implements WorldWatcher {
  world: World | undefined;
  readonly evidence = new Evidence(() => this.#here());
  /** Funding transactions of channels that somebody has a right to close by force. */
  readonly unpeaceful = new Set<string>();
  /** Who may lack data by the scenario's own doing: then alarms are right. */
  readonly stale = new Set<NodeName>();
  /** M has old messages repeated and goes on in the same breath: what leaves is behind the disk by then, which the disk cannot show. */
  mRepeats = false;
  readonly alarms: string[] = [];
  readonly publisherOf = new Map<string, NodeName>();
  /** Every disk of the adversary that knew of a new commitment: what it may cheat with. */
  readonly lootOfM: StoreImage[] = [];
  readonly sentByM: { readonly to: NodeName; readonly bytes: Uint8Array; readonly name: string }[] = [];
  readonly log: string[] = [];
  /** The last disks of honest nodes: any of them may come back as a stale copy. */
  readonly images = new Map<NodeName, StoreImage[]>();
  readonly #last = new Map<NodeName, StoreImage>();
  readonly #rates = new Map<string, number>();
  readonly #refusedAt = new Map<string, Set<string>>();
  readonly #sweepRecords = new WeakSet<Uint8Array>();

  readonly #here = (): World => {
    if (!this.world) throw new Error('no world yet');
    return this.world;
  };

  note(line: string): void {
    this.log.push(`${this.world?.steps ?? 0}: ${line}`);
    if (this.log.length > 5_000) this.log.splice(0, 1_000);
  }

  onSend(from: NodeName, bytes: Uint8Array, to: NodeName): void {
    const message = decoded(bytes);
    if (!message) return;
    this.note(`${from} sends ${to} ${message.name}${message.name === 'error' || message.name === 'warning' ? ` ${new TextDecoder().decode(message.data)}` : ''}`);
    if (from === 'M') {
      this.sentByM.push({ to, bytes, name: message.name });
      if (this.sentByM.length > 200) this.sentByM.shift();
      return;
    }
    const { evidence } = this;
    // What a stale copy says is wrong by nature; what it publishes is judged.
    if (this.stale.has(from)) return;
    const sent: Sent = { side: from, message, bytes, disk: viewOf(this.#here().durable(from)) };
    i7(evidence, from, message.name);
    if (to !== 'M' || !this.mRepeats) {
      i2(evidence, sent);
      i5(evidence, sent);
    }
    i11Offer(evidence, sent);
    i18(evidence, sent);
    i25(evidence, sent);
    if (message.name !== 'update_fulfill_htlc' || (to !== 'M' && !this.stale.has(to))) i19(evidence, sent);
    if (to !== 'M' && this.#isPeaceful(sent)) i33Sent(evidence, sent);
  }

  #isPeaceful({ message, disk }: Sent): boolean {
    if (!('channelId' in message)) return true;
    return !disk.channels.some((channel) => toHex(channel.channelId) === toHex(message.channelId) && this.unpeaceful.has(channel.fundingOutPoint.txid));
  }

  onDelivered(to: NodeName, bytes: Uint8Array, from: NodeName): void {
    if (from === 'M') this.note(`${to} hears M ${decoded(bytes)?.name ?? 'noise'}`);
  }

  onPublish(from: NodeName, rawTxs: readonly Uint8Array[], results: readonly Submitted[]): void {
    for (const [i, raw] of rawTxs.entries()) {
      const tx = decodeTx(raw);
      const result = results[i];
      if (!this.publisherOf.has(txid(tx))) this.publisherOf.set(txid(tx), from);
      if (result?.ok && result.known) continue;
      this.note(`${from} publishes ${txid(tx).slice(0, 8)}: ${result?.ok ? 'in' : result?.refusal.reason}`);
      if (from !== 'M') this.#judgePublished(from, tx, result);
    }
  }

  #judgePublished(from: NodeName, tx: Tx, result: Submitted | undefined): void {
    const { evidence } = this;
    const disk = viewOf(this.#here().durable(from));
    i7(evidence, from, 'a transaction');
    i1Published(evidence, from, tx, disk);
    const bad = result?.ok === false && (result.refusal.code === 'invalid' || (result.refusal.code === 'not_final' && this.#isStubborn(from, txid(tx))));
    evidence.look('I-28', !bad, () => `${from} published ${txid(tx)}: ${result?.ok === false ? result.refusal.reason : ''}`);
    const ofChannel = disk.channels.filter((channel) => tx.inputs.some((input) => outPointKey(input) === outPointKey(channel.fundingOutPoint)));
    const free = ofChannel.some((channel) => this.unpeaceful.has(channel.fundingOutPoint.txid) || nameOfNode(channel.config.peerNodeId) === 'M');
    if (!free) i33Published(evidence, from, tx, disk);
  }

  /** Too early once may be what it knew before a reorganisation or a restart; tip after tip it is a mistake. */
  #isStubborn(name: NodeName, id: string): boolean {
    if (!this.#seesTip(name)) return false;
    const tips = this.#refusedAt.get(`${name} ${id}`) ?? new Set();
    this.#refusedAt.set(`${name} ${id}`, tips.add(this.#here().chain.tip.hash));
    return tips.size > 2;
  }

  /** Whether it has heard all that there is to hear of the chain. */
  #seesTip(name: NodeName): boolean {
    const world = this.#here();
    return world.lanes.isEmpty(`chain ${name}`) && world.node(name).onchain.status.tip?.hash === world.chain.tip.hash;
  }

  onDurable(name: NodeName, before: StoreImage, after: StoreImage): void {
    this.#last.set(name, after);
    if (name === 'M') {
      const numbers = (image: StoreImage): string => viewOf(image).channels.map(({ commitments }) => `${commitments.localNumber}/${commitments.remoteNumber}/${commitments.awaitingRevocation}`).join();
      if (numbers(before) !== numbers(after)) this.lootOfM.push(after);
      return;
    }
    const images = this.images.get(name) ?? [];
    if (images.push(after) > 60) images.shift();
    this.images.set(name, images);
    if (this.stale.has(name)) return;
    const disk = viewOf(after);
    const { evidence } = this;
    i1(evidence, name, disk);
    i6Together(evidence, name, disk);
    i8(evidence, name, disk);
    i10To12(evidence, name, disk);
    i13Books(evidence, name, disk);
    this.#ratesNeverFall(name, after.records.get('wallet\nsweeps'));
  }

  /** I-28: what was paid for an output once is never undercut. */
  #ratesNeverFall(name: NodeName, record: Uint8Array | undefined): void {
    if (!record || this.#sweepRecords.has(record)) return;
    this.#sweepRecords.add(record);
    for (const [key, { feeratePerKw }] of decodeWith(sweepStateCodec, record).entries) {
      const before = this.#rates.get(`${name} ${key}`) ?? 0;
      this.evidence.look('I-28', feeratePerKw >= before, () => `${name} falls from ${before} to ${feeratePerKw} per kw for ${key}`);
      this.#rates.set(`${name} ${key}`, Math.max(before, feeratePerKw));
    }
  }

  onStarted(name: NodeName, found: StoreImage): void {
    this.note(`${name} starts`);
    if (name === 'M' || this.stale.has(name)) return;
    i6(this.evidence, name, found, this.#last.get(name) ?? found);
    i1(this.evidence, name, viewOf(found));
    i9(this.evidence, name, found);
  }

  onLog(name: NodeName, level: string, text: string): void {
    this.note(`${name} ${level}: ${text}`);
    if (name === 'M') return;
    if (text.startsWith('a turn failed')) this.evidence.look('I-34', false, () => `${name}: ${text}`);
    if (level === 'alarm') this.alarms.push(`${name} ${text}`);
  }

  broken(name: InvariantName, what: string): void {
    this.evidence.look(name, false, () => what);
  }
}
