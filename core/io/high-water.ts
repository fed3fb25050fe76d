import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256 } from '../crypto/hash.ts';
import { concat, equal, isZero } from '../lib/bytes.ts';
import { StoreError } from '../store/port.ts';
import { PRIVATE_FILE, fileFault, syncFolder } from './files.ts';

/**
 * The highest local commitment whose secret may have been sent, by channel, outside the database. The signer asks it
 * before it signs a local commitment for broadcast: a database that was restored from an older copy cannot talk it into
 * signing a revoked one (BOLT 5 lets the peer take everything for that).
 *
 * Order of a revocation: the store's commit resolves, then `raise` resolves, then `revoke_and_ack` leaves. A crash in
 * between leaves the mark below the database, which is sound.
 */
export interface HighWater {
  /** Resolves once durable (fsync). Calls made meanwhile share the next fsync. A lower number changes nothing. */
  readonly raise: (channel: number, revokedCommitment: number) => Promise<void>;
  /** Undefined when nothing was revoked. Throws StoreError `corrupt_record`: then sign nothing for this channel. */
  readonly read: (channel: number) => number | undefined;
  readonly close: () => Promise<void>;
}

/** Number as u64, then the first 8 bytes of the SHA-256 of channel and number. */
const COPY_LENGTH = 16;
/** Two copies a channel, written in turn, so that a torn write leaves the other one. */
const SLOT_LENGTH = 2 * COPY_LENGTH;
/** Of one file: it is read whole, so a number far up belongs into a file of its own (`high-water-files.ts`). */
export const CHANNELS_PER_FILE = 0x10_0000;

interface Slot {
  readonly commitment: number | undefined;
  /** Which of the two copies to write next. */
  readonly next: 0 | 1;
  readonly isCorrupt: boolean;
}

const EMPTY: Slot = { commitment: undefined, next: 0, isCorrupt: false };

function encodeCopy(channel: number, commitment: number): Uint8Array {
  const numbers = new Uint8Array(16);
  const view = new DataView(numbers.buffer);
  view.setBigUint64(0, BigInt(channel));
  view.setBigUint64(8, BigInt(commitment));
  return concat(numbers.subarray(8), sha256(numbers).subarray(0, 8));
}

function decodeCopy(channel: number, copy: Uint8Array): number | undefined {
  const commitment = Number(new DataView(copy.buffer, copy.byteOffset).getBigUint64(0));
  if (!Number.isSafeInteger(commitment)) return undefined;
  return equal(encodeCopy(channel, commitment), copy) ? commitment : undefined;
}

function decodeSlot(channel: number, slot: Uint8Array): Slot {
  if (isZero(slot)) return EMPTY;
  const [first, second] = [0, COPY_LENGTH].map((at) => decodeCopy(channel, slot.subarray(at, at + COPY_LENGTH)));
  if (first === undefined && second === undefined) return { ...EMPTY, isCorrupt: true };
  const isFirstNewer = (first ?? -1) > (second ?? -1);
  return { commitment: isFirstNewer ? first : second, next: isFirstNewer ? 1 : 0, isCorrupt: false };
}

async function readSlots(handle: FileHandle, first: number): Promise<Map<number, Slot>> {
  const file = new Uint8Array(await handle.readFile());
  const slots = new Map<number, Slot>();
  for (let at = 0; at * SLOT_LENGTH < file.length; at++) {
    const slot = new Uint8Array(SLOT_LENGTH);
    slot.set(file.subarray(at * SLOT_LENGTH, (at + 1) * SLOT_LENGTH));
    const decoded = decodeSlot(first + at, slot);
    if (decoded !== EMPTY) slots.set(first + at, decoded);
  }
  return slots;
}

function checkNumbers(channel: number, commitment: number, first: number): void {
  if (!Number.isInteger(channel) || channel < first || channel >= first + CHANNELS_PER_FILE)
    throw new RangeError(`no channel number: ${channel}`);
  if (!Number.isSafeInteger(commitment) || commitment < 0) throw new RangeError(`no commitment number: ${commitment}`);
}

/**
 * Opens or creates (0600) the file, which begins with the channel `first`. Throws StoreError `not_writable`, `disk_full`,
 * `write_failed`.
 */
export async function openHighWater(path: string, first = 0): Promise<HighWater> {
  const handle = await open(path, 'r+', PRIVATE_FILE)
    .catch(async () => {
      const created = await open(path, 'wx+', PRIVATE_FILE);
      await syncFolder(dirname(path));
      return created;
    })
    .catch((error: unknown) => {
      throw fileFault(path, error);
    });
  const slots = await readSlots(handle, first);
  const wanted = new Map<number, number>();
  let writing: Promise<void> | undefined;
  let fault: StoreError | undefined;

  async function writeSlot(channel: number, commitment: number): Promise<void> {
    const { next } = slots.get(channel) ?? EMPTY;
    await handle.write(encodeCopy(channel, commitment), 0, COPY_LENGTH, (channel - first) * SLOT_LENGTH + next * COPY_LENGTH);
    slots.set(channel, { commitment, next: next === 0 ? 1 : 0, isCorrupt: false });
  }

  async function writeWanted(): Promise<void> {
    try {
      if (fault) throw fault;
      const raised = [...wanted];
      wanted.clear();
      for (const [channel, commitment] of raised) await writeSlot(channel, commitment);
      await handle.datasync();
    } catch (error) {
      fault ??= fileFault(path, error);
      throw fault;
    }
  }

  /** What was asked before the current write began is in it; everybody else waits for the one after. */
  let following: Promise<void> | undefined;
  function enqueue(): Promise<void> {
    following ??= writeAfter(writing);
    return following;
  }
  async function writeAfter(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    // Only now: whoever came until here is in this write.
    const mine = writeWanted();
    writing = mine;
    following = undefined;
    try {
      await mine;
    } finally {
      if (writing === mine) writing = undefined;
    }
  }

  const read = (channel: number): number | undefined => {
    const slot = slots.get(channel) ?? EMPTY;
    if (slot.isCorrupt) throw new StoreError({ code: 'corrupt_record', table: 'high-water', key: String(channel) });
    return slot.commitment;
  };

  return {
    raise: async (channel, revokedCommitment) => {
      checkNumbers(channel, revokedCommitment, first);
      if (fault) throw fault;
      const known = Math.max(read(channel) ?? -1, wanted.get(channel) ?? -1);
      if (revokedCommitment > known) wanted.set(channel, revokedCommitment);
      // Even a number that is known may not be on disk yet.
      if (wanted.size > 0 || writing) await enqueue();
    },
    read,
    close: async () => {
      await (following ?? writing)?.catch(() => undefined);
      await handle.close();
    },
  };
}
