import { concat, fromHex } from '../../../core/lib/bytes.ts';
import { HEADER_BYTES, headerHash, meetsTarget, targetOfBits } from '../../../core/chain/header.ts';
import { must } from '../../../core/lib/result.ts';

export const REGTEST_GENESIS = fromHex(
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000',
);
export const REGTEST_BITS = 0x207fffff;

export interface HeaderFields {
  readonly previousHash: Uint8Array;
  readonly timeSeconds: number;
  readonly bits?: number;
  readonly merkleRoot?: Uint8Array;
  /** Searches a nonce that fails instead. */
  readonly withoutWork?: boolean;
}

export function mineHeader({ previousHash, timeSeconds, bits = REGTEST_BITS, merkleRoot = new Uint8Array(32), withoutWork = false }: HeaderFields): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, 4, true);
  header.set(previousHash, 4);
  header.set(merkleRoot, 36);
  view.setUint32(68, timeSeconds, true);
  view.setUint32(72, bits, true);
  const target = must(targetOfBits(bits), 'target');
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true);
    if (meetsTarget(headerHash(header), target) !== withoutWork) return header;
  }
}

/** `count` headers on top of one, ten minutes apart; `salt` makes branches differ. */
export function extend(parent: Uint8Array, count: number, salt = 0): Uint8Array {
  const headers: Uint8Array[] = [];
  let last = parent;
  for (let i = 0; i < count; i++) {
    const timeSeconds = new DataView(last.buffer, last.byteOffset).getUint32(68, true) + 600;
    last = mineHeader({ previousHash: headerHash(last), timeSeconds, merkleRoot: new Uint8Array(32).fill(salt) });
    headers.push(last);
  }
  return concat(...headers);
}

export const lastOf = (headers: Uint8Array): Uint8Array => headers.subarray(headers.length - HEADER_BYTES);
