import { fromHex, toHex } from '../lib/bytes.ts';
import { DecodeError } from '../codec/reader.ts';
import {
  type Codec,
  amountSat,
  bigsize,
  boundedLength,
  bytes,
  bytes32,
  feerate,
  mapped,
  struct,
  u32,
} from '../codec/codec.ts';
import { type OutPoint, decodeTx, encodeTx, outPointKey, txWeight } from '../bitcoin/transaction.ts';
import type { PublishedSweep, SweepEntry, SweepState } from './sweep-types.ts';

/** 1 was rates alone, before anything was released. */
const VERSION = 2;

/** Items behind their bigsize count, each of which takes at least a byte. */
const list = <T>(item: Codec<T>): Codec<readonly T[]> => ({
  encode: (w, items) => {
    bigsize.encode(w, BigInt(items.length));
    for (const one of items) item.encode(w, one);
  },
  decode: (r) => Array.from({ length: boundedLength(r, bigsize.decode(r)) }, () => item.decode(r)),
});

const outPoint: Codec<OutPoint> = struct({ txid: mapped(bytes(32), toHex, fromHex), vout: u32 });
const entry: Codec<SweepEntry> = struct({ outPoint, feeratePerKw: feerate, sinceHeight: u32, lastWantedHeight: u32 });
const published: Codec<PublishedSweep> = mapped(struct({
  outPoints: list(outPoint),
  coins: list(outPoint),
  tx: mapped(bytes32, decodeTx, encodeTx),
  feeSat: amountSat,
  feeratePerKw: feerate,
}), (sweep) => ({ ...sweep, weight: txWeight(sweep.tx) }), (sweep) => sweep); // prettier-ignore
const body = struct({ entries: list(entry), published: list(published) });

/** The stored form of the sweeper's memory. Decoding throws DecodeError, also for a version from the future. */
export const sweepStateCodec: Codec<SweepState> = {
  encode: (w, { entries, published: sweeps }) => {
    w.u8(VERSION);
    body.encode(w, { entries: [...entries.values()], published: sweeps });
  },
  decode: (r) => {
    const version = r.u8();
    if (version !== VERSION) throw new DecodeError(`sweep state of version ${version}`);
    const { entries, published: sweeps } = body.decode(r);
    return { entries: new Map(entries.map((one) => [outPointKey(one.outPoint), one])), published: sweeps };
  },
};
