import type { Feature } from '../../core/wire/features.ts';
import { p2wpkh } from '../../core/bitcoin/script.ts';
import { scriptToAddress } from '../../core/bitcoin/address.ts';
import type { SpendClass } from '../../core/channel/types.ts';
import { networks } from '../../core/bitcoin/network.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import { CrashRig, type RigImage, type Watcher } from './crash-rig.ts';
import { NODE_IDS, type SideName, SIDES } from './rig-keys.ts';
import { viewOf } from './invariant-views.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';

/** What both have before a scenario begins. */
export interface Setting {
  readonly channels: 0 | 1 | 2;
  readonly without: readonly Feature[];
}
export const SETTINGS = {
  empty: { channels: 0, without: [] },
  anchors: { channels: 1, without: [] },
  static: { channels: 1, without: ['anchors'] },
  legacy: { channels: 1, without: ['simpleClose'] },
  two: { channels: 2, without: [] },
} as const satisfies Record<string, Setting>;

export interface Start {
  readonly image: RigImage;
  readonly without: readonly Feature[];
  readonly isolated?: boolean;
  /** Of B, and of A; each can be paid once. */
  readonly invoices: Readonly<Record<SideName, readonly string[]>>;
  /** For 1 200 000 sat. */
  readonly large: string;
  /** Signed by B, which knows nothing of it any more; and by A. */
  readonly forgotten: string;
  readonly forgottenByA: string;
}

export const CAPACITY_SAT = 1_000_000n;
const PUSH_MSAT = 400_000_000n;
export const INVOICE_MSAT = 30_000_000n;

const silent: Watcher = { onSend: () => undefined, onDelivered: () => undefined, onPublish: () => undefined, onDurable: () => undefined, onStarted: () => undefined, onLog: () => undefined };

export const openParams = { peer: `${toHex(NODE_IDS.B)}@rig:9735`, capacitySat: CAPACITY_SAT, pushMsat: PUSH_MSAT };

/** Nothing is under way inside the nodes, whatever waits on the chain. */
export const isIdle = (rig: CrashRig): boolean =>
  SIDES.map((side) => rig.node(side)).every(({ turns, openings, onchain }) => turns.waitingCount === 0 && openings.count === 0 && onchain.status.state === 'synced');

/** Both know each other's channels, all of them are live or on their way out, and nothing is under way. */
export function isQuiet(rig: CrashRig): boolean {
  return SIDES.every((side) => {
    const node = rig.node(side);
    const busy = node.payments.pendingOutgoing > 0 || node.turns.waitingCount > 0 || node.openings.count > 0;
    return !busy && node.onchain.status.state === 'synced' && node.channels.all().every((channel) => channel.phase === 'closing' || channel.phase === 'closed' || channel.phase === 'failing'
      || (channel.phase === 'opening' && channel.fundingHeight === undefined) || (channel.link.status === 'live' && channel.commitments.htlcs.size === 0)); // prettier-ignore
  });
}

async function answered<T>(rig: CrashRig, call: ReturnType<CrashRig['call']>): Promise<T> {
  await rig.settle(() => isQuiet(rig));
  if (call.state !== 'answered') throw new Error(`the setting cannot be made: ${call.state} ${String(call.answer)}`);
  return call.answer as T;
}

async function mine(rig: CrashRig, blocks: number): Promise<void> {
  for (let i = 0; i < blocks; i++) {
    rig.chain.mine();
    await rig.settle(() => isQuiet(rig));
  }
}

async function invoiceOf(rig: CrashRig, side: SideName, amountMsat: bigint): Promise<string> {
  const call = rig.call(side, 'invoice.create', { amountMsat, description: 'a thing', expirySeconds: 86_400 });
  return (await answered<{ readonly invoice: string }>(rig, call)).invoice;
}

const starts = new Map<keyof typeof SETTINGS, Promise<Start>>();
export function startOf(name: keyof typeof SETTINGS): Promise<Start> {
  const known = starts.get(name) ?? makeStart(SETTINGS[name]);
  starts.set(name, known);
  return known;
}

async function makeStart({ channels, without }: Setting): Promise<Start> {
  const rig = new CrashRig(undefined, { without }, {}, silent);
  await rig.settle(() => true);
  for (const [side, amounts] of [['A', [2_000_000n, 1_500_000n, 400_000n]], ['B', [500_000n]]] as const) {
    for (const [index, amountSat] of amounts.entries()) rig.chain.pay(rig.node(side).keys.scriptOf({ kind: 'p2wpkh', branch: 'receive', index }), amountSat);
  }
  await mine(rig, 1);
  for (let i = 0; i < channels; i++) {
    await answered(rig, rig.call('A', 'channel.open', openParams));
    await mine(rig, 6);
  }
  const invoices = { A: [] as string[], B: [] as string[] };
  let large = '';
  if (channels > 0) {
    for (const side of SIDES) for (let i = 0; i < 4; i++) invoices[side].push(await invoiceOf(rig, side, INVOICE_MSAT));
    large = await invoiceOf(rig, 'B', 900_000_000n);
  }
  const image = rig.image();
  const forgotten = channels > 0 ? await invoiceOf(rig, 'B', INVOICE_MSAT) : '';
  const forgottenByA = channels > 0 ? await invoiceOf(rig, 'A', INVOICE_MSAT) : '';
  return { image, without, invoices, large, forgotten, forgottenByA };
}

/** A close that one side forces on the other, and what is due to happen then. */
export interface Enforcement {
  /** Whose commitment it is right to publish. */
  readonly by: SideName | undefined;
  readonly classes: Readonly<Record<SideName, SpendClass>>;
  /** Codes of the alarms that it has to raise, by side. */
  readonly alarms: readonly string[];
  /** One thing more that time or a user brings, until `isOver`. */
  readonly goOn: (rig: CrashRig) => void;
  readonly isOver: (rig: CrashRig) => boolean;
}

export interface Scenario {
  readonly name: string;
  readonly setting: keyof typeof SETTINGS;
  /** Instead of what the setting alone gives. */
  readonly start?: () => Promise<Start>;
  readonly enforcement?: Enforcement;
  readonly prepare?: (rig: CrashRig) => void;
  /** What users and miners do, one after another; each begins when all is quiet after the one before. */
  readonly steps: readonly ((rig: CrashRig, start: Start) => void)[];
  /** What a user does who finds the work undone after a restart; again until nothing is left to do. */
  readonly again: (rig: CrashRig, start: Start) => boolean;
  /** The same without what may get lost as a whole when the user's word was not written down yet: the other end allowed. */
  readonly lost?: readonly ((rig: CrashRig, start: Start) => void)[];
  /** Blocks at the end. */
  readonly blocks?: number;
  /** What must have come of it, whatever happened on the way; undefined when it has. */
  readonly outcome: (rig: CrashRig, start: Start) => string | undefined;
}

export const pay = (rig: CrashRig, side: SideName, invoice: string) => rig.call(side, 'payment.send', { invoice, payAgain: false, timeoutMs: 60_000 });

const minePart = (rig: CrashRig): void => rig.chain.mine();

const normal = (rig: CrashRig, side: SideName) => rig.node(side).channels.all().filter(({ phase }) => phase === 'normal');

const opening: Scenario = {
  name: 'opening, up to channel_ready', setting: 'empty',
  steps: [(rig) => void rig.call('A', 'channel.open', openParams), minePart, minePart, minePart, minePart],
  again: (rig) => {
    if (rig.node('A').channels.all().length > 0) return false;
    rig.call('A', 'channel.open', openParams);
    return true;
  },
  blocks: 8,
  outcome: (rig) => {
    const [ours, theirs] = [normal(rig, 'A'), normal(rig, 'B')];
    if (ours.length !== 1 || theirs.length !== 1) return `${rig.node('A').channels.all().map(({ phase }) => phase)} and ${rig.node('B').channels.all().map(({ phase }) => phase)}`;
    return ours[0]!.commitments.theirMsat === PUSH_MSAT && theirs[0]!.commitments.ourMsat === PUSH_MSAT ? undefined : 'what was pushed did not arrive';
  },
}; // prettier-ignore

/** Whether the payee has been paid, by its own durable word. */
const isPaid = (rig: CrashRig, payee: SideName, invoice: string): boolean =>
  [...viewOf(rig.durable(payee)).incoming.values()].some(({ invoiceText, status }) => invoiceText === invoice && status === 'paid');

interface Payment {
  readonly from: SideName;
  readonly invoice: (start: Start) => string;
}

const paying = (name: string, setting: keyof typeof SETTINGS, payments: readonly Payment[], more: Partial<Scenario> = {}): Scenario => ({
  name, setting,
  steps: [(rig, start) => payments.forEach(({ from, invoice }) => pay(rig, from, invoice(start)))],
  again: (rig, start) => {
    const left = payments.filter(({ from, invoice }) => !isPaid(rig, from === 'A' ? 'B' : 'A', invoice(start)));
    // Whoever was paid is asked too: paying again without a word must be refused.
    for (const { from, invoice } of payments) pay(rig, from, invoice(start));
    return left.length > 0;
  },
  outcome: (rig, start) => {
    const left = payments.filter(({ from, invoice }) => !isPaid(rig, from === 'A' ? 'B' : 'A', invoice(start)));
    return left.length === 0 ? undefined : `${left.length} payments did not arrive`;
  },
  ...more,
}); // prettier-ignore

const own = (side: SideName, index: number): Payment => ({ from: side === 'A' ? 'B' : 'A', invoice: ({ invoices }) => invoices[side][index]! });

const nothing = (): boolean => false;
const closeAll = (rig: CrashRig, side: SideName): void => {
  for (const channel of rig.node(side).channels.all()) rig.call(side, 'channel.close', { channelId: toHex(channel.channelId) });
};

const closing = (name: string, setting: keyof typeof SETTINGS, by: SideName, withPayment: boolean): Scenario => ({
  name, setting,
  steps: [
    (rig, start) => {
      if (!withPayment) return closeAll(rig, by);
      pay(rig, 'A', start.invoices.B[0]!);
      // The payment's turn comes first: its HTLC is on the way when the close is asked for.
      return rig.post('user', () => rig.post('user', () => closeAll(rig, by)));
    },
  ],
  ...(withPayment ? { lost: [(rig: CrashRig) => closeAll(rig, by)] } : {}),
  again: (rig) => {
    const spent = rig.node(by).channels.all().every(({ spend }) => spend !== undefined);
    if (!spent) closeAll(rig, by);
    return !spent;
  },
  blocks: 8,
  outcome: (rig) => {
    const closed = SIDES.every((side) => rig.node(side).channels.all().every(({ phase, spend }) => phase === 'closing' && spend?.spendClass === 'mutual'));
    return closed ? undefined : `not closed: ${SIDES.map((side) => rig.node(side).channels.all().map(({ phase, spend }) => `${phase} ${spend?.spendClass}`))}`;
  },
}); // prettier-ignore

const feeChange = (name: string, setting: keyof typeof SETTINGS): Scenario => ({
  name, setting,
  prepare: (rig) => void (rig.chain.feerate = 9),
  steps: [minePart], again: nothing, blocks: 1,
  outcome: (rig) => {
    const rates = SIDES.map((side) => normal(rig, side)[0]?.commitments.feeratePerKw);
    return rates.every((rate) => rate === 2250) ? undefined : `fee rates are ${rates}`;
  },
}); // prettier-ignore

export const stranger = must(scriptToAddress(p2wpkh(publicKey(new Uint8Array(32).fill(7))), networks.regtest), 'the address');

const sending: Scenario = {
  name: 'on-chain send', setting: 'anchors',
  steps: [(rig) => void rig.call('A', 'wallet.send', { address: stranger, amountSat: 100_000n })],
  again: nothing, blocks: 7,
  outcome: (rig) => {
    const sent = rig.chain.all().filter(({ tx }) => tx.outputs.some(({ amountSat }) => amountSat === 100_000n));
    const recorded = rig.node('A').onchain.wallet.ownTransactions.filter(({ tx }) => tx.outputs.some(({ amountSat }) => amountSat === 100_000n));
    if (sent.length > 1) return 'sent twice';
    return recorded.every(({ txid }) => rig.chain.has(txid)) ? undefined : 'a recorded transaction never got out';
  },
}; // prettier-ignore

const invoicing: Scenario = {
  name: 'invoice creation', setting: 'anchors',
  steps: [(rig) => void rig.call('B', 'invoice.create', { amountMsat: INVOICE_MSAT, description: 'new', expirySeconds: 3600 })],
  again: (rig) => {
    const made = [...viewOf(rig.durable('B')).incoming.values()].some(({ description }) => description === 'new');
    if (!made) rig.call('B', 'invoice.create', { amountMsat: INVOICE_MSAT, description: 'new', expirySeconds: 3600 });
    return !made;
  },
  outcome: () => undefined,
};

const failing = (name: string): Scenario => ({
  name, setting: 'anchors',
  steps: [(rig, start) => void pay(rig, 'A', start.forgotten)],
  again: (rig, start) => {
    const known = viewOf(rig.durable('A')).outgoing.size > 0;
    if (!known) pay(rig, 'A', start.forgotten);
    return !known;
  },
  outcome: (rig) => (normal(rig, 'A')[0]?.commitments.ourMsat === CAPACITY_SAT * 1000n - PUSH_MSAT ? undefined : 'a payment that failed changed a balance'),
}); // prettier-ignore

export const SCENARIOS: readonly Scenario[] = [
  opening,
  paying('paying and being paid, one payment', 'anchors', [own('B', 0)]),
  paying('paying, static_remotekey', 'static', [own('B', 0)]),
  paying('three payments in parallel', 'anchors', [own('B', 0), own('B', 1), own('B', 2)]),
  paying('payments both ways at once', 'anchors', [own('B', 0), own('A', 0)]),
  paying('multi-part over two channels', 'two', [{ from: 'A', invoice: ({ large }) => large }]),
  failing('a payment that fails'),
  feeChange('update_fee, anchors', 'anchors'),
  feeChange('update_fee, static_remotekey', 'static'),
  closing('simple close by the opener', 'anchors', 'A', false),
  closing('simple close by the fundee', 'anchors', 'B', false),
  closing('legacy close by the opener', 'legacy', 'A', false),
  closing('legacy close by the fundee', 'legacy', 'B', false),
  closing('simple close with an HTLC in flight', 'anchors', 'A', true),
  closing('simple close by the fundee with an HTLC in flight', 'anchors', 'B', true),
  closing('legacy close with an HTLC in flight', 'legacy', 'A', true),
  sending,
  invoicing,
];
