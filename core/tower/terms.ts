import { type Result, err, ok } from '../lib/result.ts';
import type { Appointment, TowerFault } from './messages.ts';
import { MAX_BLOB_BYTES } from './seal.ts';

/** What a tower takes from one client, and for how long it keeps what nobody asks about any more. */
export interface TowerTerms {
  readonly maxChannels: number;
  readonly maxBlobBytes: number;
  readonly maxBlobsPerChannel: number;
  readonly maxBytesPerChannel: bigint;
  readonly retentionSeconds: number;
  /** Of all clients together. */
  readonly maxClients: number;
  readonly maxTotalBytes: bigint;
}

export const DEFAULT_TERMS: TowerTerms = {
  maxChannels: 100,
  maxBlobBytes: MAX_BLOB_BYTES,
  maxBlobsPerChannel: 500_000,
  maxBytesPerChannel: 1024n ** 3n,
  retentionSeconds: 400 * 86_400,
  maxClients: 1_000,
  maxTotalBytes: 8n * 1024n ** 3n,
};

/** Sequence numbers are commitment numbers, of 48 bits. */
const MAX_SEQUENCE = (1n << 48n) - 1n;

/** One channel of one client, as the tower keeps count of it. */
export interface Session {
  /** Everything below is complete; a large appointment may be half here above it. */
  readonly nextSequence: bigint;
  readonly blobs: number;
  readonly bytes: bigint;
  readonly touchedSeconds: number;
}

export const freshSession = (nowSeconds: number): Session => ({ nextSequence: 0n, blobs: 0, bytes: 0n, touchedSeconds: nowSeconds });

export interface Accepted {
  readonly session: Session;
  /** What is new; a repetition of what is here already is passed over. */
  readonly appointments: readonly Appointment[];
}

/** A batch against the terms: all of it or, at the first fault, nothing. `totalBytes`: what all clients have here. */
export function acceptUpload(terms: TowerTerms, session: Session, appointments: readonly Appointment[], totals: { readonly totalBytes: bigint; readonly nowSeconds: number }): Result<Accepted, TowerFault> {
  let { nextSequence, blobs, bytes } = session;
  let last: Pick<Appointment, 'sequence' | 'part' | 'isLast'> | undefined;
  const fresh: Appointment[] = [];
  for (const appointment of appointments) {
    const { sequence, part, isLast, blob } = appointment;
    if (sequence < nextSequence) continue;
    // A batch may begin in the middle of a large appointment; inside it nothing is left out.
    const follows = !last || (last.isLast ? sequence > last.sequence && part === 0 : sequence === last.sequence && part === last.part + 1);
    if (!follows || sequence > MAX_SEQUENCE) return err('out_of_order');
    if (blob.length > terms.maxBlobBytes) return err('blob_too_large');
    fresh.push(appointment);
    blobs += 1;
    bytes += BigInt(blob.length);
    last = appointment;
    if (isLast) nextSequence = sequence + 1n;
  }
  if (blobs > terms.maxBlobsPerChannel) return err('too_many_blobs');
  if (bytes > terms.maxBytesPerChannel) return err('too_many_bytes');
  if (totals.totalBytes + bytes - session.bytes > terms.maxTotalBytes) return err('tower_full');
  return ok({ session: { nextSequence, blobs, bytes, touchedSeconds: totals.nowSeconds }, appointments: fresh });
}

/** A bucket that fills with time: what one connection may ask in messages and bytes. */
export interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** Undefined when it is empty. A clock that goes back fills nothing. */
export function drawn(bucket: Bucket, cost: number, nowMs: number, { perSecond, burst }: { readonly perSecond: number; readonly burst: number }): Bucket | undefined {
  const filled = Math.min(burst, bucket.left + (Math.max(0, nowMs - bucket.atMs) * perSecond) / 1000);
  return filled < cost ? undefined : { left: filled - cost, atMs: nowMs };
}
