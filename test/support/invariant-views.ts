import { decodeChannel } from '../../core/channel/codec.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { decodeWith } from '../../core/codec/codec.ts';
import { fromUtf8, toHex } from '../../core/lib/bytes.ts';
import { decodeIncoming, decodeOutgoing } from '../../core/payment/codec.ts';
import type { IncomingPayment } from '../../core/payment/incoming-types.ts';
import type { OutgoingPayment } from '../../core/payment/outgoing-types.ts';
import { movedBalances } from '../../core/store/batch.ts';
import type { TableName } from '../../core/store/port.ts';
import { walletStateCodec } from '../../core/wallet/state-codec.ts';
import { type WalletState, initialState } from '../../core/wallet/state.ts';
import { type SweepState, emptySweeps, sweepStateCodec } from '../../core/wallet/sweep.ts';
import type { StoreImage } from './memory-store.ts';

/** What a disk holds, read by whoever looks at it from outside. */
export interface DiskView {
  readonly channels: readonly FundedChannel[];
  /** The bytes of a channel and its HTLCs, as one word: equal words are equal states. */
  readonly channelWords: ReadonlyMap<number, string>;
  readonly outgoing: ReadonlyMap<string, OutgoingPayment>;
  readonly incoming: ReadonlyMap<string, IncomingPayment>;
  readonly pending: ReadonlySet<string>;
  readonly wallet: WalletState;
  readonly sweeps: SweepState;
  readonly balances: ReadonlyMap<string, bigint>;
  /** Sum of what the wallet's books say of each transaction. */
  readonly bookedSat: bigint;
  readonly nextChannelNumber: number;
}

export function recordsOf(image: StoreImage, table: TableName): readonly (readonly [key: string, value: Uint8Array])[] {
  const start = `${table}\n`;
  return [...image.records].filter(([name]) => name.startsWith(start)).map(([name, value]) => [name.slice(start.length), value] as const);
}

const views = new WeakMap<StoreImage, DiskView>();

/** Records that did not change are the same bytes in the next image: each is read once. */
function once<T>(decode: (value: Uint8Array) => T): (value: Uint8Array) => T {
  const read = new WeakMap<Uint8Array, { readonly decoded: T }>();
  return (value) => {
    const known = read.get(value) ?? { decoded: decode(value) };
    read.set(value, known);
    return known.decoded;
  };
}
const outgoingOf = once(decodeOutgoing);
const incomingOf = once(decodeIncoming);
const walletOf = once((value) => decodeWith(walletStateCodec, value));
const bookedOf = once((value) => BigInt(fromUtf8(value)));

interface ReadChannel {
  readonly htlcs: readonly Uint8Array[];
  readonly channel: FundedChannel;
  readonly word: string;
}
const readChannels = new WeakMap<Uint8Array, ReadChannel>();
function channelOf(value: Uint8Array, htlcs: readonly Uint8Array[]): ReadChannel {
  const known = readChannels.get(value);
  if (known?.htlcs.length === htlcs.length && known.htlcs.every((htlc, i) => htlc === htlcs[i])) return known;
  const read = { htlcs, channel: decodeChannel(value, htlcs), word: [value, ...htlcs].map(toHex).join('/') };
  readChannels.set(value, read);
  return read;
}

export function viewOf(image: StoreImage): DiskView {
  const known = views.get(image);
  if (known) return known;
  const htlcs = recordsOf(image, 'channelHtlc').toSorted(([a], [b]) => (a < b ? -1 : 1));
  const channels: FundedChannel[] = [];
  const channelWords = new Map<number, string>();
  for (const [key, value] of recordsOf(image, 'channel')) {
    const own = htlcs.filter(([htlcKey]) => htlcKey.startsWith(key)).map(([, record]) => record);
    const { channel, word } = channelOf(value, own);
    channels.push(channel);
    channelWords.set(channel.config.channelNumber, word);
  }
  const walletRecord = image.records.get('wallet\nstate');
  const sweepsRecord = image.records.get('wallet\nsweeps');
  const counter = image.records.get('meta\nnextChannelNumber');
  const view: DiskView = {
    channels, channelWords,
    outgoing: new Map(recordsOf(image, 'outgoingPayment').map(([key, value]) => [key, outgoingOf(value)])),
    incoming: new Map(recordsOf(image, 'incomingPayment').map(([key, value]) => [key, incomingOf(value)])),
    pending: new Set(recordsOf(image, 'pendingPayment').map(([key]) => key)),
    wallet: walletRecord ? walletOf(walletRecord) : initialState,
    sweeps: sweepsRecord ? decodeWith(sweepStateCodec, sweepsRecord) : emptySweeps,
    balances: movedBalances(new Map(), image.ledger),
    bookedSat: recordsOf(image, 'wallet').filter(([key]) => key.startsWith('booked/')).reduce((sum, [, value]) => sum + bookedOf(value), 0n),
    nextChannelNumber: counter ? Number(fromUtf8(counter)) : 0,
  }; // prettier-ignore
  views.set(image, view);
  return view;
}

export const channelById = (view: DiskView, channelId: Uint8Array): FundedChannel | undefined => view.channels.find((channel) => toHex(channel.channelId) === toHex(channelId));
