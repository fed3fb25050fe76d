import { Reader } from '../codec/reader.ts';
import { hash256 } from '../crypto/hash.ts';
import { toHex } from '../lib/bytes.ts';
import { TARGET_TIMESPAN_SECONDS } from './chain-params.ts';

export const HEADER_BYTES = 80;

export interface BlockHeader {
  readonly version: number;
  /** Wire order. */
  readonly previousHash: Uint8Array;
  /** Wire order. */
  readonly merkleRoot: Uint8Array;
  readonly timeSeconds: number;
  /** Target in compact form. */
  readonly bits: number;
  readonly nonce: number;
}

/** Exactly 80 bytes; throws DecodeError otherwise. The hashes are views into the input. */
export function parseHeader(bytes: Uint8Array): BlockHeader {
  const r = new Reader(bytes);
  const header = {
    version: r.u32le() | 0, previousHash: r.bytes(32), merkleRoot: r.bytes(32), timeSeconds: r.u32le(), bits: r.u32le(), nonce: r.u32le(),
  }; // prettier-ignore
  r.end();
  return header;
}

/** Wire order. */
export const headerHash = (header: Uint8Array): Uint8Array => hash256(header);

/** The target of a compact form; undefined when it is negative, zero or over 256 bits. */
export function targetOfBits(bits: number): bigint | undefined {
  const size = bits >>> 24;
  const word = bits & 0x7f_ffff;
  if (word === 0 || bits & 0x80_0000) return undefined;
  const target = size <= 3 ? BigInt(word) >> BigInt(8 * (3 - size)) : BigInt(word) << BigInt(8 * (size - 3));
  return target > 0n && target < 1n << 256n ? target : undefined;
}

export function bitsOfTarget(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2);
  let word = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  if (word & 0x80_0000) [word, size] = [word >> 8, size + 1]; // the top bit would read as a sign
  return ((size << 24) | word) >>> 0;
}

export function meetsTarget(hash: Uint8Array, target: bigint): boolean {
  return BigInt(`0x${toHex(hash.slice().reverse())}`) <= target;
}

/** Expected number of hashes for a target. */
export const workOfTarget = (target: bigint): bigint => (1n << 256n) / (target + 1n);

export interface Period {
  readonly firstTimeSeconds: number;
  readonly lastTimeSeconds: number;
  readonly lastBits: number;
}

/** The next period's compact target: the old one scaled by the time its 2016 blocks took, at most by four, never over the limit. */
export function retargetBits({ firstTimeSeconds, lastTimeSeconds, lastBits }: Period, powLimitBits: number): number {
  const took = Math.min(Math.max(lastTimeSeconds - firstTimeSeconds, TARGET_TIMESPAN_SECONDS / 4), TARGET_TIMESPAN_SECONDS * 4);
  const limit = targetOfBits(powLimitBits) ?? 0n;
  const next = ((targetOfBits(lastBits) ?? limit) * BigInt(took)) / BigInt(TARGET_TIMESPAN_SECONDS);
  return bitsOfTarget(next > limit ? limit : next);
}
