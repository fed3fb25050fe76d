import { open, seal } from '../crypto/aead.ts';
import { hkdfPair, sha256 } from '../crypto/hash.ts';
import { ecdh, isPoint, publicKey } from '../crypto/secp256k1.ts';
import { concat, utf8 } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { TransportFault } from './fault.ts';

export const ACT_ONE_BYTES = 50;
export const ACT_TWO_BYTES = 50;
export const ACT_THREE_BYTES = 66;

const VERSION = 0;
const NOTHING = new Uint8Array(0);
/** The message nonces 0 and 1: 32 zero bits, then a little-endian counter. */
const NONCE_0 = new Uint8Array(12);
const NONCE_1 = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
const PROTOCOL_HASH = sha256(utf8('Noise_XK_secp256k1_ChaChaPoly_SHA256'));
const PROLOGUE_HASH = sha256(PROTOCOL_HASH, utf8('lightning'));

/** What both sides derive at the end: 32 bytes each. Both directions start their rotation from one chaining key. */
export interface SessionKeys {
  readonly sendingKey: Uint8Array;
  readonly receivingKey: Uint8Array;
  readonly chainingKey: Uint8Array;
}

/** `ck` and `h` of BOLT 8, "Handshake State", and the key that an act's ECDH gave. */
interface State {
  readonly chainingKey: Uint8Array;
  readonly hash: Uint8Array;
  readonly temporaryKey: Uint8Array;
}

export interface HandshakeKeys {
  /** Private node key, 32 bytes. */
  readonly ourKey: Uint8Array;
  /** Private key drawn at random for this session alone, 32 bytes. */
  readonly ephemeralKey: Uint8Array;
}

/** BOLT 8, "Handshake State Initialization". */
const start = (responderId: Uint8Array): State => ({
  chainingKey: PROTOCOL_HASH,
  hash: sha256(PROLOGUE_HASH, responderId),
  temporaryKey: NOTHING,
});

const mixHash = (state: State, data: Uint8Array): State => ({ ...state, hash: sha256(state.hash, data) });

function mixKey(state: State, sharedSecret: Uint8Array): State {
  const [chainingKey, temporaryKey] = hkdfPair(state.chainingKey, sharedSecret);
  return { ...state, chainingKey, temporaryKey };
}

/** Steps 1 to 7 of the sender of act one or two: the shape is the same, only the other key of the ECDH differs. */
function writeEphemeral(state: State, ephemeralKey: Uint8Array, theirKey: Uint8Array): readonly [State, Uint8Array] {
  const ephemeralPoint = publicKey(ephemeralKey);
  const keyed = mixKey(mixHash(state, ephemeralPoint), ecdh(theirKey, ephemeralKey));
  const tag = seal(keyed.temporaryKey, NONCE_0, NOTHING, keyed.hash);
  return [mixHash(keyed, tag), concat(Uint8Array.of(VERSION), ephemeralPoint, tag)];
}

/** Steps 1 to 8 of the receiver of act one or two. */
function readEphemeral(
  act: 'act_one' | 'act_two',
  state: State,
  ourKey: Uint8Array,
  bytes: Uint8Array,
): Result<readonly [State, Uint8Array], TransportFault> {
  if (bytes.length !== ACT_ONE_BYTES)
    return err({ code: 'bad_length', at: act, expected: ACT_ONE_BYTES, actual: bytes.length });
  if (bytes[0] !== VERSION) return err({ code: 'bad_version', at: act, expected: VERSION, actual: bytes[0]! });
  const theirEphemeral = bytes.slice(1, 34);
  if (!isPoint(theirEphemeral)) return err({ code: 'bad_public_key', at: act });
  const tag = bytes.subarray(34);
  const keyed = mixKey(mixHash(state, theirEphemeral), ecdh(theirEphemeral, ourKey));
  if (!open(keyed.temporaryKey, NONCE_0, tag, keyed.hash)) return err({ code: 'bad_tag', at: act });
  return ok([mixHash(keyed, tag), theirEphemeral]);
}

/** Splits the last chaining key; the initiator sends with the first key, the responder with the second. */
function split({ chainingKey }: State): readonly [Uint8Array, Uint8Array] {
  return hkdfPair(chainingKey, NOTHING);
}

export interface Initiator {
  readonly actOne: Uint8Array;
  readonly receiveActTwo: (
    actTwo: Uint8Array,
  ) => Result<{ readonly actThree: Uint8Array; readonly keys: SessionKeys }, TransportFault>;
}

/**
 * The side that dials and knows the other's node id (BOLT 8, "Handshake Exchange"). `theirNodeId` must be a point of
 * the curve: check it before, this throws.
 */
export function initiate({ ourKey, ephemeralKey }: HandshakeKeys, theirNodeId: Uint8Array): Initiator {
  const [afterActOne, actOne] = writeEphemeral(start(theirNodeId), ephemeralKey, theirNodeId);
  return {
    actOne,
    receiveActTwo: (actTwo) => {
      const read = readEphemeral('act_two', afterActOne, ephemeralKey, actTwo);
      if (!read.ok) return read;
      const [afterActTwo, theirEphemeral] = read.value;
      const sealedId = seal(afterActTwo.temporaryKey, NONCE_1, publicKey(ourKey), afterActTwo.hash);
      const keyed = mixKey(mixHash(afterActTwo, sealedId), ecdh(theirEphemeral, ourKey));
      const tag = seal(keyed.temporaryKey, NONCE_0, NOTHING, keyed.hash);
      const [sendingKey, receivingKey] = split(keyed);
      return ok({
        actThree: concat(Uint8Array.of(VERSION), sealedId, tag),
        keys: { sendingKey, receivingKey, chainingKey: keyed.chainingKey },
      });
    },
  };
}

export interface Responder {
  readonly actTwo: Uint8Array;
  readonly receiveActThree: (
    actThree: Uint8Array,
  ) => Result<{ readonly theirNodeId: Uint8Array; readonly keys: SessionKeys }, TransportFault>;
}

/** The side that is dialled: checks act one (50 bytes) and answers it; after a fault nothing may be sent. */
export function respond(
  { ourKey, ephemeralKey }: HandshakeKeys,
  actOne: Uint8Array,
): Result<Responder, TransportFault> {
  const read = readEphemeral('act_one', start(publicKey(ourKey)), ourKey, actOne);
  if (!read.ok) return read;
  const [afterActOne, theirEphemeral] = read.value;
  const [afterActTwo, actTwo] = writeEphemeral(afterActOne, ephemeralKey, theirEphemeral);
  return ok({ actTwo, receiveActThree: (actThree) => receiveActThree(afterActTwo, ephemeralKey, actThree) });
}

/** BOLT 8, "Act Three", receiver actions. */
function receiveActThree(
  state: State,
  ephemeralKey: Uint8Array,
  actThree: Uint8Array,
): ReturnType<Responder['receiveActThree']> {
  const at = 'act_three';
  if (actThree.length !== ACT_THREE_BYTES) {
    return err({ code: 'bad_length', at, expected: ACT_THREE_BYTES, actual: actThree.length });
  }
  if (actThree[0] !== VERSION) return err({ code: 'bad_version', at, expected: VERSION, actual: actThree[0]! });
  const sealedId = actThree.subarray(1, 50);
  const theirNodeId = open(state.temporaryKey, NONCE_1, sealedId, state.hash);
  if (!theirNodeId) return err({ code: 'bad_ciphertext', at });
  if (!isPoint(theirNodeId)) return err({ code: 'bad_public_key', at });
  const keyed = mixKey(mixHash(state, sealedId), ecdh(theirNodeId, ephemeralKey));
  if (!open(keyed.temporaryKey, NONCE_0, actThree.subarray(50), keyed.hash)) return err({ code: 'bad_tag', at });
  const [receivingKey, sendingKey] = split(keyed);
  return ok({ theirNodeId, keys: { sendingKey, receivingKey, chainingKey: keyed.chainingKey } });
}
