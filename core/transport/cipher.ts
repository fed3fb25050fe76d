import { open, seal } from '../crypto/aead.ts';
import { hkdfPair } from '../crypto/hash.ts';
import type { TransportFault } from './fault.ts';
import type { SessionKeys } from './handshake.ts';

/** Longest message, type included (BOLT 8, "Lightning Message Specification"). */
export const MAX_MESSAGE_BYTES = 65_535;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;
const HEADER_BYTES = LENGTH_BYTES + TAG_BYTES;
/** What encryption adds to a message: its sealed length and its own tag. */
export const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
const ROTATION_INTERVAL = 1000;

/** One direction's key, chaining key and nonce; rotates after every 1000 uses (BOLT 8, "Lightning Message Key Rotation"). */
class CipherState {
  #key: Uint8Array;
  #chainingKey: Uint8Array;
  #uses = 0;
  // 32 zero bits, then the counter little-endian; it stays below 1000, so the low 16 bits are enough.
  readonly #nonce = new Uint8Array(12);

  constructor(key: Uint8Array, chainingKey: Uint8Array) {
    this.#key = key.slice();
    this.#chainingKey = chainingKey.slice();
  }

  seal(plain: Uint8Array): Uint8Array {
    const sealed = seal(this.#key, this.#nonce, plain);
    this.#advance();
    return sealed;
  }

  /** Undefined when the tag does not fit; the state is then of no further use. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const plain = open(this.#key, this.#nonce, sealed);
    if (plain) this.#advance();
    return plain;
  }

  #advance(): void {
    this.#uses++;
    if (this.#uses === ROTATION_INTERVAL) {
      const [chainingKey, key] = hkdfPair(this.#chainingKey, this.#key);
      this.wipe();
      this.#chainingKey = chainingKey;
      this.#key = key;
      this.#uses = 0;
    }
    this.#nonce[4] = this.#uses & 0xff;
    this.#nonce[5] = this.#uses >> 8;
  }

  /** Forgets the keys, so that they cannot leak later. */
  wipe(): void {
    this.#key.fill(0);
    this.#chainingKey.fill(0);
  }
}

/** Seals our messages in the order in which they are sent. */
export class TransportWriter {
  readonly #cipher: CipherState;
  readonly #length = new Uint8Array(LENGTH_BYTES);

  constructor({ sendingKey, chainingKey }: SessionKeys) {
    this.#cipher = new CipherState(sendingKey, chainingKey);
  }

  /**
   * The bytes of all `messages`, ready for one write: each takes 34 bytes more than its length. Throws RangeError on a
   * message over 65 535 bytes, before anything is sealed.
   */
  seal(messages: readonly Uint8Array[]): Uint8Array {
    let total = 0;
    for (const message of messages) {
      if (message.length > MAX_MESSAGE_BYTES) throw new RangeError(`message of ${message.length} bytes`);
      total += message.length + OVERHEAD_BYTES;
    }
    const packet = new Uint8Array(total);
    let at = 0;
    for (const message of messages) {
      this.#length[0] = message.length >> 8;
      this.#length[1] = message.length & 0xff;
      packet.set(this.#cipher.seal(this.#length), at);
      packet.set(this.#cipher.seal(message), at + HEADER_BYTES);
      at += message.length + OVERHEAD_BYTES;
    }
    return packet;
  }

  wipe(): void {
    this.#cipher.wipe();
  }
}

/** What a chunk of the peer's bytes gave: whole messages in order, then the fault that ended the stream, if any. */
export interface Fed {
  readonly messages: readonly Uint8Array[];
  readonly fault?: TransportFault;
}

/**
 * Opens the peer's byte stream, in chunks of any size. Between chunks it holds at most one unfinished message
 * (65 551 bytes). After a fault it takes nothing any more and gives the same fault again.
 */
export class TransportReader {
  readonly #cipher: CipherState;
  readonly #header = new Uint8Array(HEADER_BYTES);
  /** Sealed bytes of the present part that came so far; its length is what the part needs. */
  #pending: Uint8Array = this.#header;
  #pendingBytes = 0;
  #needed = HEADER_BYTES;
  #step: 'message_length' | 'message' = 'message_length';
  #fault: TransportFault | undefined;

  constructor({ receivingKey, chainingKey }: SessionKeys) {
    this.#cipher = new CipherState(receivingKey, chainingKey);
  }

  /** Bytes held back until more come. */
  get bufferedBytes(): number {
    return this.#pendingBytes;
  }

  /** The messages are copies; `chunk` may be reused afterwards. */
  feed(chunk: Uint8Array): Fed {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (!this.#fault) {
      const taken = Math.min(this.#needed - this.#pendingBytes, chunk.length - at);
      const isWhole = taken === this.#needed;
      const part = isWhole ? chunk.subarray(at, at + taken) : this.#keep(chunk.subarray(at, at + taken));
      at += taken;
      if (!part) return { messages };
      const message = this.#openPart(part);
      if (message) messages.push(message);
    }
    return { messages, fault: this.#fault };
  }

  /** Collects a part that chunks have cut; gives it once it is whole. */
  #keep(bytes: Uint8Array): Uint8Array | undefined {
    if (this.#pendingBytes === 0 && bytes.length > 0) {
      this.#pending = this.#step === 'message_length' ? this.#header : new Uint8Array(this.#needed);
    }
    this.#pending.set(bytes, this.#pendingBytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes < this.#needed) return undefined;
    const whole = this.#pending;
    this.#pending = this.#header;
    return whole;
  }

  #openPart(part: Uint8Array): Uint8Array | undefined {
    this.#pendingBytes = 0;
    const plain = this.#cipher.open(part);
    if (!plain) {
      this.#fault = { code: 'bad_tag', at: this.#step };
      return undefined;
    }
    if (this.#step === 'message') {
      this.#step = 'message_length';
      this.#needed = HEADER_BYTES;
      return plain;
    }
    this.#step = 'message';
    this.#needed = ((plain[0]! << 8) | plain[1]!) + TAG_BYTES;
    return undefined;
  }

  wipe(): void {
    this.#cipher.wipe();
  }
}
