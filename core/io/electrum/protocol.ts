import { createHash } from 'node:crypto';
import { DecodeError } from '../../codec/reader.ts';
import { decodeTx, txid, type Tx } from '../../bitcoin/transaction.ts';
import { HEADER_BYTES } from '../../chain/header.ts';
import { MAX_MERKLE_DEPTH } from '../../chain/merkle.ts';
import { bytesOfHex, isCount, isHash, isRecord } from '../foreign-json.ts';

/** Version 1.4 of the Electrum protocol: the newest that every server in use speaks. */
export const PROTOCOL_VERSION = '1.4';
export const HEADERS_PER_REQUEST = 2016;
/** A script with a longer history than that is not one of ours. */
export const MAX_HISTORY = 20_000;
const MAX_TX_BYTES = 4_000_000;

export interface ServerTip {
  readonly height: number;
  readonly header: Uint8Array;
}
export interface HistoryItem {
  readonly txid: string;
  /** Undefined in the mempool. */
  readonly height: number | undefined;
}
export interface MerkleAnswer {
  readonly height: number;
  readonly txIndex: number;
  /** Wire order. */
  readonly branch: readonly Uint8Array[];
}

/** What a server calls a script: SHA-256 of it, reversed, in hex. */
export const scriptHashOf = (script: Uint8Array): string => createHash('sha256').update(script).digest().reverse().toString('hex');

export function speaksOurVersion(answer: unknown): boolean {
  return Array.isArray(answer) && answer.length === 2 && typeof answer[1] === 'string' && /^1\.4(\.\d{1,3})?$/.test(answer[1]);
}

/** Display form of the genesis hash. */
export function genesisOf(features: unknown): string | undefined {
  return isRecord(features) && isHash(features['genesis_hash']) ? features['genesis_hash'] : undefined;
}

export function serverTipOf(answer: unknown): ServerTip | undefined {
  if (!isRecord(answer) || !isCount(answer['height'])) return undefined;
  const header = bytesOfHex(answer['hex'], HEADER_BYTES);
  return header?.length === HEADER_BYTES ? { height: answer['height'], header } : undefined;
}

/** Concatenated headers, whole ones, at most as many as asked. */
export function headersOf(answer: unknown, asked: number): Uint8Array | undefined {
  if (!isRecord(answer)) return undefined;
  const bytes = bytesOfHex(answer['hex'], asked * HEADER_BYTES);
  return bytes && bytes.length % HEADER_BYTES === 0 ? bytes : undefined;
}

/** A status is null or 64 hex digits; `false` stands for neither. */
export const statusOf = (answer: unknown): string | null | false => (answer === null || isHash(answer) ? answer : false);

export function historyOf(answer: unknown): readonly HistoryItem[] | undefined {
  if (!Array.isArray(answer) || answer.length > MAX_HISTORY) return undefined;
  const items: HistoryItem[] = [];
  const seen = new Set<string>();
  for (const item of answer as unknown[]) {
    if (!isRecord(item) || !isHash(item['tx_hash']) || seen.has(item['tx_hash'])) return undefined;
    const height = item['height'];
    // 0: waiting; -1: waiting, and so do some of its parents.
    if (height !== -1 && !isCount(height)) return undefined;
    seen.add(item['tx_hash']);
    items.push({ txid: item['tx_hash'], height: height > 0 ? height : undefined });
  }
  return items;
}

/** The status that a server gives a history: what was announced can be compared with what was then told. */
export function historyStatus(answer: unknown): string | null {
  const items = answer as readonly { readonly tx_hash: string; readonly height: number }[];
  if (items.length === 0) return null;
  const hash = createHash('sha256');
  for (const { tx_hash: id, height } of items) hash.update(`${id}:${height}:`);
  return hash.digest('hex');
}

/** The transaction, if these bytes are the one that was asked for. */
export function transactionOf(answer: unknown, expectedTxid: string): Tx | undefined {
  const bytes = bytesOfHex(answer, MAX_TX_BYTES);
  if (!bytes) return undefined;
  try {
    const tx = decodeTx(bytes);
    return txid(tx) === expectedTxid ? tx : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

export function merkleOf(answer: unknown): MerkleAnswer | undefined {
  if (!isRecord(answer) || !isCount(answer['block_height']) || !isCount(answer['pos'])) return undefined;
  const siblings = answer['merkle'];
  if (!Array.isArray(siblings) || siblings.length > MAX_MERKLE_DEPTH || !siblings.every(isHash)) return undefined;
  return {
    height: answer['block_height'],
    txIndex: answer['pos'],
    branch: siblings.map((hash) => new Uint8Array(Buffer.from(hash, 'hex').reverse())),
  };
}

/** BTC per 1000 vbytes to sat/vB; undefined for -1 ("cannot say") and nonsense. */
export function feerateOf(answer: unknown): number | undefined {
  return typeof answer === 'number' && Number.isFinite(answer) && answer > 0 ? answer * 1e5 : undefined;
}
