import { type Codec, decodeWith, encodeWith, mapped, struct, text16, u64 } from '../codec/codec.ts';
import { utf8, fromUtf8 } from '../lib/bytes.ts';
import type { JournalEntry, JournalWrite, LedgerEntry, LedgerWrite } from './port.ts';
import type { SealedTable, Sealer } from './sealing.ts';

/** Tables of the store's own. Their numbers stand apart from those of `tables`. */
export const ownTables = {
  /** Facts of the store itself: key check, epoch, stale mark. Key: name. */
  store: { id: 0, name: 'store' },
  /** Sum of debits minus credits. Key: account. Value: decimal digits of msat. */
  balance: { id: 100, name: 'balance' },
  journal: { id: 101, name: 'journal' },
  ledger: { id: 102, name: 'ledger' },
} as const satisfies Record<string, SealedTable>;

const timeMs: Codec<number> = mapped(u64, Number, BigInt);

/** What of a ledger entry is sealed; the accounts stand beside it as columns and are bound to it. */
const ledgerBody = struct({ timeMs, amountMsat: u64, reason: text16, reference: text16 });

/** A line feed cannot stand in a subject or account, so two different rows never share this text. */
const journalKey = (sequence: number, write: Pick<JournalWrite, 'subject' | 'timeMs'>): string =>
  `${sequence}\n${write.subject}\n${write.timeMs}`;
const ledgerKey = (sequence: number, accounts: Pick<LedgerWrite, 'debit' | 'credit'>): string =>
  `${sequence}\n${accounts.debit}\n${accounts.credit}`;

/** A journal row: subject and time are plain columns, authenticated with the event and its place in the order. */
export const sealJournal = (sealer: Sealer, sequence: number, write: JournalWrite): Uint8Array =>
  sealer.seal(ownTables.journal, journalKey(sequence, write), write.event);

export interface JournalRow {
  readonly sequence: number;
  readonly subject: string;
  readonly time: number;
  readonly value: Uint8Array;
}
/** Throws StoreError `corrupt_record`. */
export function openJournal(sealer: Sealer, { sequence, subject, time, value }: JournalRow): JournalEntry {
  const event = sealer.open(ownTables.journal, journalKey(sequence, { subject, timeMs: time }), value);
  return { sequence, subject, timeMs: time, event };
}

export const sealLedger = (sealer: Sealer, sequence: number, write: LedgerWrite): Uint8Array =>
  sealer.seal(ownTables.ledger, ledgerKey(sequence, write), encodeWith(ledgerBody, write));

export interface LedgerRow {
  readonly sequence: number;
  readonly debit: string;
  readonly credit: string;
  readonly value: Uint8Array;
}
/** Throws StoreError `corrupt_record`. */
export function openLedger(sealer: Sealer, { sequence, debit, credit, value }: LedgerRow): LedgerEntry {
  const plain = sealer.open(ownTables.ledger, ledgerKey(sequence, { debit, credit }), value);
  return { sequence, debit, credit, ...decodeWith(ledgerBody, plain) };
}

/** Whole numbers (sums in msat, epochs) as the decimal text that is sealed. */
export const encodeInteger = (value: bigint | number): Uint8Array => utf8(String(value));
export const decodeInteger = (bytes: Uint8Array): bigint => BigInt(fromUtf8(bytes));
