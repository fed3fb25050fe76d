import { decodeTx, txHex, txid as txidOf } from '../../bitcoin/transaction.ts';
import type { HistoryEntry } from '../../chain/port.ts';
import { toHex, utf8 } from '../../lib/bytes.ts';
import { bytesOfHex, isCount, isHash, isRecord, parseForeignJson } from '../foreign-json.ts';
import type { ScriptLedger } from './ledger.ts';

export interface BlockRef {
  readonly height: number;
  /** Display form. */
  readonly hash: string;
}

const VERSION = 1;
const MAX_TX_BYTES = 4_000_000;

/** What a restart continues from: the last blocks and, for each script, what was found up to them. */
export function encodeProgress(recent: readonly BlockRef[], ledger: ScriptLedger): Uint8Array {
  const scripts = [...ledger.records].filter(({ scannedFrom }) => scannedFrom !== Infinity).map(({ script, scannedFrom, entries }) => ({
    script: toHex(script), scannedFrom,
    entries: [...entries.values()].flatMap(({ tx, height, txIndex }) => (height === undefined ? [] : [[txHex(tx), height, txIndex]])),
  })); // prettier-ignore
  return utf8(JSON.stringify({ version: VERSION, recent: recent.map(({ height, hash }) => [height, hash]), scripts }));
}

/** Fills an empty ledger; the last blocks, or none when the bytes are not ours or damaged: then everything starts anew. */
export function decodeProgress(bytes: Uint8Array, ledger: ScriptLedger): BlockRef[] {
  const parsed = parseForeignJson(Buffer.from(bytes));
  if (!parsed.ok || !isRecord(parsed.value) || parsed.value['version'] !== VERSION) return [];
  const { recent, scripts } = parsed.value;
  if (!Array.isArray(recent) || !Array.isArray(scripts)) return [];
  const blocks: BlockRef[] = [];
  for (const row of recent as unknown[]) {
    if (!Array.isArray(row) || !isCount(row[0]) || !isHash(row[1])) return [];
    blocks.push({ height: row[0], hash: row[1] });
  }
  for (const row of scripts as unknown[]) if (isRecord(row)) readScript(row, ledger);
  return blocks;
}

/** A script of which anything cannot be read is scanned again. */
function readScript({ script, scannedFrom, entries }: Readonly<Record<string, unknown>>, ledger: ScriptLedger): void {
  const bytes = bytesOfHex(script, 10_000);
  if (!bytes || !isCount(scannedFrom) || !Array.isArray(entries)) return;
  const found: HistoryEntry[] = [];
  for (const row of entries as unknown[]) {
    const entry = Array.isArray(row) ? readEntry(row) : undefined;
    if (!entry) return;
    found.push(entry);
  }
  const record = ledger.add(new Uint8Array(bytes), scannedFrom);
  record.scannedFrom = scannedFrom;
  for (const entry of found) ledger.enter(record, entry);
}

function readEntry([raw, height, txIndex]: readonly unknown[]): HistoryEntry | undefined {
  const bytes = bytesOfHex(raw, MAX_TX_BYTES);
  if (!bytes || !isCount(height) || !isCount(txIndex)) return undefined;
  try {
    const tx = decodeTx(bytes);
    return { txid: txidOf(tx), tx, height, txIndex };
  } catch {
    return undefined;
  }
}

