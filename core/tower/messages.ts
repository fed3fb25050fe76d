import { bytes, bytes16, flag, list16, struct, text16, u16, u32, u64 } from '../codec/codec.ts';
import { type MessagesOf, message, messageTable } from '../wire/message.ts';
import { chainHash } from '../wire/primitives.ts';

export const TOWER_VERSION = 1;
export const SESSION_BYTES = 16;
export const HINT_BYTES = 16;

/** A channel of a client as the tower knows it: a name without meaning. */
const session = bytes(SESSION_BYTES);

/** One part of what punishes one revoked commitment; a large one comes in several, the last marked as such. */
const appointment = struct({ sequence: u64, part: u16, isLast: flag, hint: bytes(HINT_BYTES), blob: bytes16 });

/**
 * What client and tower say after their `init`. The numbers lie in the range for experiments of BOLT 1 and are odd: a node
 * that is no tower passes them over. Sequence numbers are those of the revoked commitments and only rise in a session.
 */
export const towerRows = [
  /** Client: first. */
  message(32_769, 'tower_hello', { version: u16, chainHash }),
  /** Tower: the answer. */
  message(32_771, 'tower_terms', { version: u16, maxChannels: u32, maxBlobBytes: u32, maxBlobsPerChannel: u32, maxBytesPerChannel: u64, retentionSeconds: u32 }),
  /** Client: how far is this channel? Answered by tower_ack. */
  message(32_773, 'tower_session', { session }),
  message(32_775, 'tower_upload', { session, appointments: list16(appointment) }),
  /** Tower: everything below this sequence number is on its disk. */
  message(32_777, 'tower_ack', { session, nextSequence: u64 }),
  /** Client: this channel is resolved for good; delete what belongs to it. */
  message(32_779, 'tower_close', { session }),
  message(32_781, 'tower_closed', { session }),
  /** Tower: after the terms, with every block and whenever its own node comes or goes. */
  message(32_783, 'tower_status', { blockHeight: u32, isWatching: flag }),
  /** Tower: `code` is a number of `TOWER_FAULTS`; a session of zeros when it is about the connection. */
  message(32_785, 'tower_error', { session, code: u16, detail: text16 }),
] as const;

export type TowerMessage = MessagesOf<typeof towerRows>;
export type TowerMessageOf<N extends TowerMessage['name']> = Extract<TowerMessage, { readonly name: N }>;
export type Appointment = TowerMessageOf<'tower_upload'>['appointments'][number];

const table = messageTable(towerRows);
export const encodeTowerMessage = table.encode;
/** Throws DecodeError on malformed bytes of a known type; an unknown type is a value. */
export const decodeTowerMessage = table.decode;

/** Everything that a tower may refuse, each with its number on the wire. */
export const TOWER_FAULTS = {
  unsupported_version: 1,
  other_chain: 2,
  not_introduced: 3,
  too_many_channels: 4,
  too_many_blobs: 5,
  too_many_bytes: 6,
  blob_too_large: 7,
  out_of_order: 8,
  too_fast: 9,
  tower_full: 10,
  storage_failed: 11,
  malformed: 12,
} as const;
export type TowerFault = keyof typeof TOWER_FAULTS;

const faultOfNumber = new Map<number, TowerFault>(Object.entries(TOWER_FAULTS).map(([name, number]) => [number, name as TowerFault]));
/** Undefined for a number of a later version. */
export const towerFault = (number: number): TowerFault | undefined => faultOfNumber.get(number);

export const NO_SESSION = new Uint8Array(SESSION_BYTES);
