import { fromHex, toHex } from '../lib/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import {
  type Codec,
  amountSat,
  bigsize,
  boundedLength,
  bytes,
  bytes32,
  mapped,
  struct,
  text16,
  u32,
  u64,
} from '../codec/codec.ts';
import { type OutPoint, decodeTx, encodeTx, outPointKey, txid } from '../bitcoin/transaction.ts';
import type { BranchCounter, Counters } from './accounts.ts';
import type { OwnTransaction, Reservation, WalletState } from './state.ts';

const VERSION = 1;

/** Items behind their bigsize count, each of which takes at least a byte. */
const list = <T>(item: Codec<T>): Codec<readonly T[]> => ({
  encode: (w, items) => {
    bigsize.encode(w, BigInt(items.length));
    for (const one of items) item.encode(w, one);
  },
  decode: (r) => Array.from({ length: boundedLength(r, bigsize.decode(r)) }, () => item.decode(r)),
});

const txidCodec: Codec<string> = mapped(bytes(32), toHex, fromHex);
const outPoint: Codec<OutPoint> = struct({ txid: txidCodec, vout: u32 });
const outPointFromKey = (key: string): OutPoint => ({ txid: key.slice(0, 64), vout: Number(key.slice(65)) });

const counter: Codec<BranchCounter> = struct({ handedOutCount: u32, usedCount: u32 });
const branches = struct({ receive: counter, change: counter });
const counters: Codec<Counters> = struct({ p2wpkh: branches, p2tr: branches });

const seconds: Codec<number> = mapped(u64, (value) => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError(`time ${value}`);
  return Number(value);
}, BigInt); // prettier-ignore

const ownTransaction: Codec<OwnTransaction> = mapped(
  struct({
    tx: mapped(bytes32, decodeTx, encodeTx),
    feeSat: amountSat,
    createdAtSeconds: seconds,
    foreignInputs: list(outPoint),
  }),
  (own) => ({ ...own, txid: txid(own.tx) }),
  (own) => own,
);
const reservation: Codec<Reservation> = struct({ id: text16, outPoints: list(outPoint) });
const label = struct({ key: text16, text: text16 });
const firstSeen = struct({ txid: txidCodec, seconds });

const body = struct({
  counters,
  ownTransactions: list(ownTransaction),
  reservations: list(reservation),
  frozen: list(outPoint),
  labels: list(label),
  firstSeen: list(firstSeen),
});

/** The stored form of the wallet's state. Decoding throws DecodeError, also for a version from the future. */
export const walletStateCodec: Codec<WalletState> = {
  encode: (w, state) => {
    w.u8(VERSION);
    body.encode(w, {
      ...state,
      frozen: [...state.frozen].map(outPointFromKey),
      labels: [...state.labels].map(([key, text]) => ({ key, text })),
      firstSeen: [...state.firstSeenSeconds].map(([id, at]) => ({ txid: id, seconds: at })),
    });
  },
  decode: (r) => {
    const version = r.u8();
    if (version !== VERSION) throw new DecodeError(`wallet state of version ${version}`);
    const { frozen, labels, firstSeen: seen, ...rest } = body.decode(r);
    return {
      ...rest,
      reservedOutPoints: new Set(rest.reservations.flatMap(({ outPoints }) => outPoints.map(outPointKey))),
      frozen: new Set(frozen.map(outPointKey)),
      labels: new Map(labels.map(({ key, text }) => [key, text])),
      firstSeenSeconds: new Map(seen.map(({ txid: id, seconds: at }) => [id, at])),
    };
  },
};
