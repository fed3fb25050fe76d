import { signInputs } from '../../../core/bitcoin/signer.ts';
import { type Tx, encodeTx, txid, unsignedInput, withWitness } from '../../../core/bitcoin/transaction.ts';
import { knownCommitment } from '../../../core/channel/onchain/confirmed.ts';
import { ownCommitmentClaims } from '../../../core/channel/onchain/own-commitment.ts';
import { signedLocalCommitment } from '../../../core/channel/sign.ts';
import type { FundedChannel, FundingSpend } from '../../../core/channel/types.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { theirCommitmentClaims } from '../../../core/channel/onchain/their-commitment.ts';
import type { ClaimMethod, DesiredClaim } from '../../../core/tx/desired-claim.ts';
import { type SweepTemplate, htlcTemplate } from '../../../core/wallet/sweep-template.ts';
import { type Message, type MessageName, type MessageOf, decodeMessage, encodeMessage } from '../../../core/wire/messages.ts';
import { type FeeCoin, builtClaim, coinScript } from '../../support/claim-builder.ts';
import { viewOf } from '../../support/invariant-views.ts';
import { type NodeName, keysOf, scriptOf } from '../../support/rig-keys.ts';
import { peerName } from './money.ts';
import type { Play } from './play.ts';

/** What M's borders do with what M says. */
export type Bend = (bytes: Uint8Array, to: NodeName) => readonly Uint8Array[];

/** A commitment of M's own that its peer has signed once, and everything to spend it. */
export interface OldState {
  readonly channel: FundedChannel;
  readonly tx: Tx;
  readonly txid: string;
}

type KeyedClaim = Extract<ClaimMethod, { readonly kind: 'claim' }>;

const COIN_KEY = sha256(utf8('a coin of the adversary'));
const COIN_SAT = 5_000_000n;

/** M is a whole node too; who holds its strings bends what leaves it, and has its keys and all its old disks. */
export class Adversary {
  readonly play: Play;
  bend: Bend | undefined;

  constructor(play: Play) {
    this.play = play;
  }

  get world(): Play['world'] {
    return this.play.world;
  }
  below(most: number): number {
    return Math.floor(this.world.draw() * most);
  }

  // Wire

  /** M's channels that both sides use. */
  channels(): readonly FundedChannel[] {
    return viewOf(this.world.durable('M')).channels.filter(({ phase }) => phase === 'normal');
  }
  aChannel(): FundedChannel | undefined {
    return this.world.any(this.channels());
  }

  /** Changes every message of one kind as it leaves; undefined swallows it. */
  change<N extends MessageName>(name: N, how: (message: MessageOf<N>, to: NodeName) => readonly Message[]): void {
    const before = this.bend;
    this.bend = (bytes, to) => {
      const decoded = decodeMessage(bytes);
      if (!decoded.known || decoded.message.name !== name) return before?.(bytes, to) ?? [bytes];
      return how(decoded.message as MessageOf<N>, to).map(encodeMessage);
    };
  }
  swallow(...names: readonly MessageName[]): void {
    for (const name of names) this.change(name, () => []);
  }
  /** From this message on nothing leaves any more. */
  silentFrom(name: MessageName): void {
    this.change(name, () => {
      this.bend = () => [];
      return [];
    });
  }

  say(message: Message, to: NodeName = 'A'): void {
    this.world.network.inject('M', to, encodeMessage(message));
  }
  sayBytes(bytes: Uint8Array, to: NodeName = 'A'): void {
    this.world.network.inject('M', to, bytes);
  }
  /** A new connection, so that both say where they are. */
  reconnect(): void {
    this.world.network.breakBetween('M', 'A');
  }

  /** HTLCs both ways, some of which M never lets go of: what comes back is what M's node would say. */
  async traffic(payments = 3, steps = 120): Promise<void> {
    for (let i = 0; i < payments; i++) {
      const toM = this.world.draw() < 0.6;
      this.play.pay(toM ? 'A' : 'M', toM ? 'M' : 'A', BigInt(2_000_000 + this.below(30_000_000)));
    }
    await this.play.run(steps);
  }

  // Chain

  /** M's node stops thinking: from now on only its master acts. */
  silence(): void {
    this.world.kill('M');
  }

  #stateOf(channel: FundedChannel): OldState | undefined {
    const { tx } = signedLocalCommitment(channel, keysOf('M', channel.config.channelNumber));
    return { channel, tx, txid: txid(tx) };
  }

  /** Commitments whose secrets M gave away, each once, oldest first. */
  revoked(channelNumber?: number): readonly OldState[] {
    const peers = new Map(viewOf(this.world.durable('A')).channels.map((channel) => [toHex(channel.channelId), channel]));
    const found = new Map<string, OldState>();
    for (const image of this.play.watch.lootOfM) {
      for (const channel of viewOf(image).channels) {
        if (channelNumber !== undefined && channel.config.channelNumber !== channelNumber) continue;
        const victim = peers.get(toHex(channel.channelId));
        const state = victim && channel.commitments.localNumber < victim.commitments.remoteNumber ? this.#stateOf(channel) : undefined;
        if (state) found.set(state.txid, state);
      }
    }
    return [...found.values()];
  }
  /** M's newest, and what it knows now. */
  current(channelNumber: number): OldState | undefined {
    const channel = viewOf(this.world.durable('M')).channels.find(({ config }) => config.channelNumber === channelNumber);
    return channel && this.#stateOf(channel);
  }
  /** Commitments that are not revoked as far as A knows, though M has newer ones. */
  unrevoked(): readonly OldState[] {
    const numbers = new Map(viewOf(this.world.durable('A')).channels.map(({ channelId, commitments }) => [toHex(channelId), commitments.remoteNumber]));
    const found = new Map<string, OldState>();
    for (const image of this.play.watch.lootOfM) {
      for (const channel of viewOf(image).channels) {
        const state = channel.commitments.localNumber >= (numbers.get(toHex(channel.channelId)) ?? Infinity) ? this.#stateOf(channel) : undefined;
        if (state) found.set(state.txid, state);
      }
    }
    return [...found.values()];
  }

  /** Past all relay policy, as a miner who is paid for it would; false when no block may hold it. */
  confirm(...txs: readonly Tx[]): boolean {
    const { chain } = this.world;
    const fine = txs.filter((tx) => chain.has(txid(tx)) || chain.isValid(tx));
    for (const tx of fine) this.play.watch.publisherOf.set(txid(tx), this.play.watch.publisherOf.get(txid(tx)) ?? 'M');
    for (const tx of fine) if (chain.has(txid(tx)) && chain.heightOf(txid(tx)) !== undefined) return false;
    this.play.note(`M confirms ${fine.map((tx) => txid(tx).slice(0, 8)).join()}`);
    chain.mine({ only: fine.map(txid), and: fine.filter((tx) => !chain.has(txid(tx))) });
    return fine.length > 0;
  }
  /** Through the relay network. */
  publish(...txs: readonly Tx[]): boolean {
    const raws = txs.map(encodeTx);
    const results = this.world.chain.submitPackage(raws);
    this.play.watch.onPublish('M', raws, results);
    return results.every(({ ok }) => ok);
  }

  coin(): FeeCoin {
    const script = coinScript({ privateKey: COIN_KEY });
    this.world.chain.pay(script, COIN_SAT);
    const history = this.world.chain.historyOf(script).entries;
    return { txid: history.at(-1)!.txid, vout: 0, amountSat: COIN_SAT, privateKey: COIN_KEY };
  }
  get purse(): Uint8Array {
    return scriptOf('M')({ kind: 'p2wpkh', branch: 'receive', index: 0 });
  }

  /** What a commitment of M's would let M claim, with the preimages of `knowing` (M's later disks know more). */
  claims({ channel, tx, txid: id }: OldState, height: number): readonly DesiredClaim[] {
    const keys = keysOf('M', channel.config.channelNumber);
    const known = knownCommitment(channel, keys, 'localCurrent');
    if (!known || known.commitment.txid !== id) return [];
    const spend: FundingSpend = { txid: id, rawTx: encodeTx(tx), spendClass: 'local', commitmentNumber: known.number, height };
    return ownCommitmentClaims({ ...this.withPreimages(channel), spend, outputSpends: [] }, keys, spend, known).claims;
  }
  /** Every HTLC that M received, with the preimage if M has ever made one for it. */
  withPreimages(channel: FundedChannel): FundedChannel {
    const disk = viewOf(this.world.durable('M'));
    const htlcs = new Map([...channel.commitments.htlcs].map(([key, htlc]) => {
      const invoice = disk.incoming.get(toHex(htlc.add.paymentHash));
      if (htlc.add.direction !== 'received' || !invoice) return [key, htlc] as const;
      const what = { kind: 'fulfill', paymentPreimage: invoice.paymentPreimage, attributionData: undefined } as const;
      return [key, { ...htlc, removal: { what, stage: 0 as const, sequence: 0 } }] as const;
    })); // prettier-ignore
    return { ...channel, commitments: { ...channel.commitments, htlcs } };
  }

  /** HTLC transactions one by one. */
  secondStages(state: OldState): readonly Tx[] {
    const height = this.world.chain.heightOf(state.txid) ?? this.world.chain.height;
    return this.claims(state, height).flatMap((claim) => {
      const spender = this.world.chain.spenderOf(claim.outPoint);
      const isTaken = spender !== undefined && this.world.chain.heightOf(spender) !== undefined;
      if (claim.method.kind !== 'htlc_tx' || isTaken || claim.earliestHeight > this.world.chain.height + 1) return [];
      const tx = builtClaim(claim, { feerate: 2_000, destinationScript: this.purse, coin: () => this.coin() });
      return tx ? [tx] : [];
    });
  }

  /** All HTLC transactions that one lock time allows in one (the peer signed SINGLE|ANYONECANPAY), and a coin for the fee. */
  merged(state: OldState): Tx | undefined {
    const height = this.world.chain.heightOf(state.txid) ?? this.world.chain.height;
    const methods = this.claims(state, height).flatMap(({ method }) => (method.kind === 'htlc_tx' && method.channelType === 'anchors' ? [method] : []));
    const groups = [...Map.groupBy(methods, ({ htlcTransaction }) => htlcTransaction.tx.locktime).values()].toSorted((a, b) => b.length - a.length);
    const group = groups[0];
    if (!group) return undefined;
    return this.bundle(group.map((method) => htlcTemplate(method, this.purse)), 10_000n, this.coin());
  }

  /** Several sweeps in one, each input over its output, and a coin that pays. */
  bundle(templates: readonly SweepTemplate[], feeSat: bigint, coin: FeeCoin): Tx {
    const inputs = templates.flatMap((template) => template.inputs);
    const outputs = templates.flatMap((template) => template.outputs);
    const overSat = inputs.reduce((sum, { amountSat }) => sum + amountSat, coin.amountSat) - outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const unsigned: Tx = {
      version: 2, locktime: Math.max(...templates.map(({ locktime }) => locktime)),
      inputs: [...inputs.map((input) => unsignedInput(input, input.sequence)), unsignedInput(coin, 0xffff_fffd)],
      outputs: [...outputs, { script: this.purse, amountSat: sat(overSat - feeSat) }],
    }; // prettier-ignore
    const signed = inputs.reduce((tx, input, i) => withWitness(tx, i, input.witness(unsigned, i)), unsigned);
    return this.withCoin(signed, coin);
  }

  /** Signs the coin, which is the last input. */
  withCoin(tx: Tx, coin: FeeCoin): Tx {
    const spent = tx.inputs.map(({ txid: id, vout }) => ({ txid: id, vout, amountSat: sat(coin.amountSat), script: coinScript(coin) }));
    const alone = signInputs({ tx, spent, privateKeys: tx.inputs.map(() => coin.privateKey), auxRand: new Uint8Array(32) });
    return withWitness(tx, tx.inputs.length - 1, alone.inputs.at(-1)!.witness);
  }

  /** Moves a coin to M's wallet. */
  move(coin: FeeCoin, feeSat: bigint): Tx {
    const unsigned: Tx = { version: 2, locktime: 0, inputs: [unsignedInput(coin, 0xffff_fffd)], outputs: [{ script: this.purse, amountSat: sat(coin.amountSat - feeSat) }] };
    return this.withCoin(unsigned, coin);
  }

  /** What M could take of a commitment of A's that is in a block, with every preimage it has. */
  claimsOnTheirs(fundingTxid: string): readonly KeyedClaim[] {
    const { chain } = this.world;
    const channel = viewOf(this.world.durable('M')).channels.find(({ fundingOutPoint }) => fundingOutPoint.txid === fundingTxid);
    const spender = channel && chain.spenderOf(channel.fundingOutPoint);
    const [tx, height] = spender === undefined ? [] : [chain.tx(spender), chain.heightOf(spender)];
    if (!channel || !tx || height === undefined || spender === undefined) return [];
    const keys = keysOf('M', channel.config.channelNumber);
    for (const [which, spendClass] of [['remoteCurrent', 'remote'], ['remoteNext', 'next_remote']] as const) {
      const known = knownCommitment(channel, keys, which);
      if (known?.commitment.txid !== spender) continue;
      const spend: FundingSpend = { txid: spender, rawTx: encodeTx(tx), spendClass, commitmentNumber: known.number, height };
      const { claims } = theirCommitmentClaims({ ...this.withPreimages(channel), spend, outputSpends: [] }, keys, spend, known);
      return claims.flatMap(({ method }) => (method.kind === 'claim' && method.claim.kind === 'received_htlc_success_remote' ? [method] : []));
    }
    return [];
  }

  /** With every block from now on until the end. */
  everyBlock(task: () => void | Promise<void>): void {
    const before = this.play.eachBlock;
    this.play.eachBlock = async () => {
      await before?.();
      await task();
    };
  }

  readonly victims = (): readonly NodeName[] => [...new Set(this.channels().flatMap((channel) => peerName(channel) ?? []))];
}
