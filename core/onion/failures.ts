import {
  type Codec,
  type Fields,
  type Struct,
  amountMsat,
  bigsize,
  bytes,
  bytes16,
  encodeWith,
  struct,
  u16,
  u32,
} from '../codec/codec.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import type { UnknownRecord } from '../codec/tlv.ts';
import { tlvStream } from '../codec/tlv.ts';
import { concat } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';

const BADONION = 0x8000;
const PERM = 0x4000;
const NODE = 0x2000;
const UPDATE = 0x1000;

const sha256OfOnion = { sha256OfOnion: bytes(32) };
/** May be empty: nodes are moving away from giving it, since a sender that applies it can be recognised. */
const channelUpdate = { channelUpdate: bytes16 };

/** BOLT 4, "Failure Messages": code and fields of each, in the BOLT's order. */
export const failureTable = {
  temporary_node_failure: { code: NODE | 2, fields: {} },
  permanent_node_failure: { code: PERM | NODE | 2, fields: {} },
  required_node_feature_missing: { code: PERM | NODE | 3, fields: {} },
  invalid_onion_version: { code: BADONION | PERM | 4, fields: sha256OfOnion },
  invalid_onion_hmac: { code: BADONION | PERM | 5, fields: sha256OfOnion },
  invalid_onion_key: { code: BADONION | PERM | 6, fields: sha256OfOnion },
  temporary_channel_failure: { code: UPDATE | 7, fields: channelUpdate },
  permanent_channel_failure: { code: PERM | 8, fields: {} },
  required_channel_feature_missing: { code: PERM | 9, fields: {} },
  unknown_next_peer: { code: PERM | 10, fields: {} },
  amount_below_minimum: { code: UPDATE | 11, fields: { htlcMsat: amountMsat, ...channelUpdate } },
  fee_insufficient: { code: UPDATE | 12, fields: { htlcMsat: amountMsat, ...channelUpdate } },
  incorrect_cltv_expiry: { code: UPDATE | 13, fields: { cltvExpiry: u32, ...channelUpdate } },
  expiry_too_soon: { code: UPDATE | 14, fields: channelUpdate },
  incorrect_or_unknown_payment_details: { code: PERM | 15, fields: { htlcMsat: amountMsat, height: u32 } },
  final_incorrect_cltv_expiry: { code: 18, fields: { cltvExpiry: u32 } },
  final_incorrect_htlc_amount: { code: 19, fields: { incomingHtlcAmt: amountMsat } },
  channel_disabled: { code: UPDATE | 20, fields: { disabledFlags: u16, ...channelUpdate } },
  expiry_too_far: { code: 21, fields: {} },
  invalid_onion_payload: { code: PERM | 22, fields: { type: bigsize, offset: u16 } },
  mpp_timeout: { code: 23, fields: {} },
  invalid_onion_blinding: { code: BADONION | PERM | 24, fields: sha256OfOnion },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly fields: Fields }>>;

type Table = typeof failureTable;
export type FailureName = keyof Table;
export type Failure = { readonly [N in FailureName]: { readonly name: N } & Struct<Table[N]['fields']> }[FailureName];
export type FailureOf<N extends FailureName> = Extract<Failure, { readonly name: N }>;

interface Row {
  readonly name: FailureName;
  readonly codec: Codec<Record<string, unknown>>;
}
const rowOf = (name: FailureName): Row => ({ name, codec: struct<Fields>(failureTable[name].fields) as Row['codec'] });
const names = Object.keys(failureTable) as readonly FailureName[];
const byName = new Map(names.map((name) => [name, rowOf(name)]));
const byCode = new Map<number, Row>(names.map((name) => [failureTable[name].code, rowOf(name)]));
const extraTlvs = tlvStream({});

/** What BOLT 4 calls a code; undefined: it knows none such. */
export const failureNameOf = (code: number): FailureName | undefined => byCode.get(code)?.name;

/** The flags of a failure code's top byte. */
export interface FailureFlags {
  readonly badOnion: boolean;
  readonly permanent: boolean;
  readonly node: boolean;
  readonly update: boolean;
}
export const failureFlags = (code: number): FailureFlags => ({
  badOnion: (code & BADONION) !== 0,
  permanent: (code & PERM) !== 0,
  node: (code & NODE) !== 0,
  update: (code & UPDATE) !== 0,
});

export interface ReceivedFailure {
  readonly failureCode: number;
  readonly flags: FailureFlags;
  /** Undefined for a code that is not in the table, or data that does not follow it: the flags still hold. */
  readonly failure: Failure | undefined;
}

/** `failuremsg`: the code, its data, and an optional TLV stream (BOLT 4, "Failure Messages"). */
export function encodeFailure(failure: Failure, extra: readonly UnknownRecord[] = []): Uint8Array {
  const { codec } = byName.get(failure.name)!;
  const { code } = failureTable[failure.name];
  return concat(
    Uint8Array.of(code >> 8, code & 0xff),
    encodeWith(codec, { ...failure }),
    encodeWith(extraTlvs, { unknownRecords: extra }),
  );
}

/** Bytes behind the data are ignored (BOLT 4, "Receiving Failure Codes"). Fails only without a code. */
export function decodeFailure(message: Uint8Array): Result<ReceivedFailure, { readonly code: 'malformed_failure' }> {
  if (message.length < 2) return err({ code: 'malformed_failure' });
  const reader = new Reader(message);
  const failureCode = reader.u16();
  return ok({ failureCode, flags: failureFlags(failureCode), failure: readFields(byCode.get(failureCode), reader) });
}

function readFields(row: Row | undefined, reader: Reader): Failure | undefined {
  if (!row) return undefined;
  try {
    return { name: row.name, ...row.codec.decode(reader) } as Failure;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
