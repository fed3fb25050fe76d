import { type Tx, outPointKey } from '../../../core/bitcoin/transaction.ts';
import { p2wpkh } from '../../../core/bitcoin/script.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { ANCHOR_SAT } from '../../../core/tx/weights.ts';
import { walletScripts } from '../../support/invariants-at-rest.ts';
import { type DiskView, viewOf } from '../../support/invariant-views.ts';
import type { StoreImage } from '../../support/memory-store.ts';
import { type NodeName, nameOfNode } from '../../support/rig-keys.ts';
import type { Watch } from './watch.ts';
import type { World } from './world.ts';

/** Where users send coins that leave everybody. */
export const STRANGER = p2wpkh(publicKey(new Uint8Array(32).fill(7)));
const strangerHex = toHex(STRANGER);

/** What the chain says a wallet has, in sat. */
export function onChainSat(world: World, name: NodeName): bigint {
  const own = walletScripts(name);
  let sum = 0n;
  for (const [, { script, amountSat }] of world.chain.unspent()) if (own.has(toHex(script))) sum += amountSat;
  return sum;
}

const isOpen = ({ phase, fundingHeight }: FundedChannel): boolean => (phase === 'normal' || phase === 'opening' || phase === 'negotiating') && fundingHeight !== undefined;

/** On chain and in channels that are open, in msat. */
export function wealthMsat(world: World, name: NodeName): bigint {
  const inChannels = world.node(name).channels.all().filter(isOpen).reduce((sum, { commitments }) => sum + commitments.ourMsat, 0n);
  return onChainSat(world, name) * 1000n + inChannels;
}

/** What a scenario began with, to be compared with what it left. */
export interface Opening {
  readonly wealth: ReadonlyMap<NodeName, bigint>;
  readonly fundings: ReadonlySet<string>;
  readonly confirmed: ReadonlySet<string>;
}

export const openingOf = (world: World, names: readonly NodeName[]): Opening => ({
  wealth: new Map(names.map((name) => [name, wealthMsat(world, name)])),
  fundings: new Set(names.flatMap((name) => world.node(name).channels.all().map(({ fundingOutPoint }) => fundingOutPoint.txid))),
  confirmed: new Set(world.chain.confirmed().map(({ txid }) => txid)),
});

export interface Reckoning {
  readonly lossMsat: bigint;
  readonly allowedMsat: bigint;
  readonly detail: string;
}

/**
 * `payments`: the disk that knows what was paid before a copy went stale; what was paid since stands on the disk of now.
 * What a node lost that its user did not give away, and what it may have lost: the fees of the transactions that it made,
 * those of commitments and closes of its channels (trimmed HTLCs are in them), anchors, and outputs not worth their fee.
 */
export function reckon(world: World, watch: Watch, name: NodeName, opening: Opening, payments: StoreImage): Reckoning {
  const disk = viewOf(world.durable(name));
  const told = viewOf(payments);
  let expected = opening.wealth.get(name) ?? 0n;
  let paid = 0n;
  let received = 0n;
  for (const hash of new Set([...told.outgoing.keys(), ...disk.outgoing.keys()])) paid += larger(paidMsat(told, hash), paidMsat(disk, hash));
  for (const hash of new Set([...told.incoming.keys(), ...disk.incoming.keys()])) received += larger(receivedMsat(told, hash), receivedMsat(disk, hash));
  expected += received - paid;
  for (const { fundingOutPoint, config } of disk.channels) {
    if (opening.fundings.has(fundingOutPoint.txid) || world.chain.heightOf(fundingOutPoint.txid) === undefined) continue;
    expected += config.isOpener ? -config.pushMsat : config.pushMsat;
  }

  let feesSat = 0n;
  let givenSat = 0n;
  let roundingMsat = 0n;
  const own = walletScripts(name);
  const funding = new Map(disk.channels.map((channel) => [outPointKey(channel.fundingOutPoint), channel]));
  for (const { txid: id, tx } of world.chain.confirmed()) {
    if (opening.confirmed.has(id)) continue;
    const feeSat = world.chain.feeSatOf(tx);
    if (feeSat === undefined) continue;
    const closed = tx.inputs.map((input) => funding.get(outPointKey(input))).find((channel) => channel !== undefined);
    const spendsOurs = tx.inputs.some((input) => own.has(toHex(world.chain.outputOf(outPointKey(input))?.script ?? new Uint8Array(0))));
    if (closed) {
      feesSat += feeSat + (closed.config.channelType === 'anchors' ? 2n * ANCHOR_SAT : 0n) + crumbsSat(world, tx, id, own);
      roundingMsat += BigInt(tx.outputs.length + closed.commitments.htlcs.size + 2) * 1000n;
    } else if (spendsOurs || watch.publisherOf.get(id) === name) feesSat += feeSat + crumbsSat(world, tx, id, own);
    if (!spendsOurs) continue;
    for (const { script, amountSat } of tx.outputs) givenSat += toHex(script) === strangerHex ? amountSat : 0n;
  }
  const lossMsat = expected - givenSat * 1000n - wealthMsat(world, name);
  const detail = `began with ${opening.wealth.get(name)}, received ${received}, paid ${paid}, gave ${givenSat} sat, fees ${feesSat} sat, has ${wealthMsat(world, name)} msat`;
  return { lossMsat, allowedMsat: feesSat * 1000n + roundingMsat + (watch.stale.has(name) ? underWayMsat(told) : 0n), detail };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const paidMsat = ({ outgoing }: DiskView, hash: string): bigint =>
  (outgoing.get(hash)?.parts ?? []).reduce((sum, part) => (part.status === 'fulfilled' ? sum + part.amountMsat + part.feeMsat : sum), 0n);
const receivedMsat = ({ incoming }: DiskView, hash: string): bigint =>
  (incoming.get(hash)?.settlement?.parts ?? []).reduce((sum, part) => sum + part.amountMsat, 0n);

/** Payments whose end came after the last disk before the copy: they may have been paid, and the copy cannot know. */
const underWayMsat = ({ outgoing }: DiskView): bigint =>
  [...outgoing.values()].flatMap(({ parts }) => parts).reduce((sum, { status, amountMsat, feeMsat }) => (status === 'offered' || status === 'pending' ? sum + amountMsat + feeMsat : sum), 0n);

const CRUMB_SAT = 2_000n;
/** Outputs that nobody took because they are worth less than taking them costs. */
function crumbsSat(world: World, tx: Tx, id: string, own: ReadonlySet<string>): bigint {
  return tx.outputs.reduce((sum, { amountSat, script }, vout) => (!own.has(toHex(script)) && amountSat < CRUMB_SAT && amountSat !== ANCHOR_SAT && !world.chain.spenderOf({ txid: id, vout }) ? sum + amountSat : sum), 0n);
}

export const peerName = (channel: FundedChannel): NodeName | undefined => nameOfNode(channel.config.peerNodeId);
