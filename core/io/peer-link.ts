import type { Socket } from 'node:net';
import { DecodeError } from '../codec/reader.ts';
import { MAX_MESSAGE_BYTES, OVERHEAD_BYTES, TransportReader, TransportWriter } from '../transport/cipher.ts';
import { describeFault } from '../transport/fault.ts';
import type { SessionKeys } from '../transport/handshake.ts';
import type { PeerLink, PeerLinkError, PeerLinkHandler } from '../transport/link.ts';
import { messageType } from '../wire/messages.ts';
import { Pings } from './peer-pings.ts';
import type { Cancel, System } from './system.ts';
import type { Turns } from './turns.ts';

/** A peer that leaves more than this unread is let go. */
export const MAX_OUTGOING_BYTES = 8 * 1024 * 1024;
const DRAIN_MARK_BYTES = 1024 * 1024;
/** What one write may take, so that a burst of gossip is not encrypted in one go. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Messages that the handler has not finished with; reading stops above and goes on below half. */
const MAX_UNFINISHED_BYTES = 1024 * 1024;
/** What a message costs besides its bytes. */
const MESSAGE_COST_BYTES = 256;
const CLOSE_TIMEOUT_MS = 2_000;

const INIT = messageType('init');
/** What a peer may say first: `init`, or why it will not talk to us. */
const FIRST_TYPES: ReadonlySet<number> = new Set([INIT, messageType('error'), messageType('warning')]);

export interface LinkParts {
  readonly socket: Socket;
  readonly keys: SessionKeys;
  readonly theirNodeId: Uint8Array;
  readonly isIncoming: boolean;
  readonly system: System;
  readonly turns: Turns;
  /** Time for the peer to send its `init`. */
  readonly initTimeoutMs: number;
}

/** A link over a socket whose handshake is done and which is paused. */
export class SocketPeerLink implements PeerLink {
  readonly theirNodeId: Uint8Array;
  readonly isIncoming: boolean;
  readonly host: string;
  readonly port: number;
  readonly #parts: LinkParts;
  readonly #socket: Socket;
  readonly #reader: TransportReader;
  readonly #writer: TransportWriter;
  readonly #pings: Pings;
  #handler: PeerLinkHandler | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #end: PeerLinkError | undefined;
  #cancelTimer: Cancel = () => {};

  readonly #chunks: Uint8Array[] = [];
  #isScheduled = false;
  #hasSpoken = false;
  #unfinishedBytes = 0;
  #isHeldBack = false;

  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #isFlushing = false;
  #wasFull = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#socket = parts.socket;
    this.theirNodeId = parts.theirNodeId;
    this.isIncoming = parts.isIncoming;
    this.host = parts.socket.remoteAddress ?? '';
    this.port = parts.socket.remotePort ?? 0;
    this.#reader = new TransportReader(parts.keys);
    this.#writer = new TransportWriter(parts.keys);
    this.#pings = new Pings({
      system: parts.system,
      send: (message) => this.send(message),
      isReading: () => !this.#isBehind(),
      onSilence: () => this.#fail({ code: 'timeout', detail: 'no pong' }),
    });
    this.#socket.on('drain', () => this.#flush());
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#note({ code: 'closed', detail: error.code ?? 'socket error' }),
    );
    this.#socket.on('close', () => this.#closed());
  }

  get bufferedBytes(): number {
    return this.#outgoingBytes + this.#socket.writableLength;
  }

  start(handler: PeerLinkHandler): void {
    if (this.#handler) throw new Error('bug: the link was started twice');
    this.#handler = handler;
    if (this.#state === 'closed') {
      setImmediate(() => this.#tellClosed());
      return;
    }
    this.#cancelTimer = this.#parts.system.timers.after(this.#parts.initTimeoutMs, () =>
      this.#fail({ code: 'timeout', detail: 'no init' }),
    );
    this.#socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    this.#socket.resume();
  }

  send(message: Uint8Array): void {
    if (message.length > MAX_MESSAGE_BYTES) throw new RangeError(`message of ${message.length} bytes`);
    if (this.#state !== 'open') return;
    this.#outgoing.push(message);
    this.#outgoingBytes += message.length + OVERHEAD_BYTES;
    if (this.bufferedBytes > MAX_OUTGOING_BYTES) {
      this.#fail({ code: 'protocol_violation', detail: `does not read: ${this.bufferedBytes} bytes wait` });
      return;
    }
    if (this.bufferedBytes > DRAIN_MARK_BYTES) this.#wasFull = true;
    this.#flushSoon();
  }

  close(detail = 'closed by us'): void {
    if (this.#state !== 'open') return;
    this.#note({ code: 'closed', detail });
    this.#state = 'closing';
    this.#stopTimers();
    this.#cancelTimer = this.#parts.system.timers.after(CLOSE_TIMEOUT_MS, () => this.#socket.destroy());
    if (this.#outgoing.length > 0) this.#socket.write(this.#writer.seal(this.#takeOutgoing(Infinity)));
    this.#socket.end();
    // What still comes is thrown away, so that the end of the stream is seen.
    this.#socket.resume();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#chunks.push(chunk);
    this.#work();
    // What could not be worked off at once waits, and nothing more is read meanwhile.
    if (this.#chunks.length > 0 || this.#isBehind()) this.#socket.pause();
  }

  /** Takes the waiting chunks, or lets the peer send more once there are none; does neither while we are behind. */
  #work(): void {
    if (this.#isScheduled || this.#state !== 'open' || this.#isBehind()) return;
    if (this.#chunks.length === 0) {
      if (this.#socket.isPaused()) this.#socket.resume();
      return;
    }
    this.#isScheduled = true;
    this.#parts.turns.run(() => {
      this.#isScheduled = false;
      const chunk = this.#state === 'open' ? this.#chunks.shift() : undefined;
      if (chunk) this.#open(chunk);
      this.#work();
    });
  }

  #open(chunk: Uint8Array): void {
    const { messages, fault } = this.#reader.feed(chunk);
    for (const message of messages) {
      if (this.#state !== 'open') return;
      this.#take(message);
    }
    if (fault && this.#state === 'open') this.#fail({ code: 'protocol_violation', detail: describeFault(fault) });
  }

  #take(message: Uint8Array): void {
    if (message.length < 2) {
      this.#fail({ code: 'protocol_violation', detail: 'message without a type' });
      return;
    }
    const type = (message[0]! << 8) | message[1]!;
    if (!this.#hasSpoken) {
      // BOLT 1, "The init Message": it comes before any other.
      if (!FIRST_TYPES.has(type)) {
        this.#fail({ code: 'protocol_violation', detail: `message ${type} before init` });
        return;
      }
      this.#hasSpoken = true;
      this.#cancelTimer();
      this.#pings.start();
    }
    this.#contain(() => {
      const kind = this.#pings.receive(type, message);
      if (kind === 'flood') this.#fail({ code: 'protocol_violation', detail: 'flood of pings' });
      else if (kind === 'other') this.#deliver(message);
    });
  }

  #deliver(message: Uint8Array): void {
    const working = this.#handler?.onMessage(message);
    if (!working) return;
    const cost = message.length + MESSAGE_COST_BYTES;
    this.#unfinishedBytes += cost;
    working.then(
      () => this.#finished(cost),
      (error: unknown) => {
        this.#finished(cost);
        this.#failOf(error);
      },
    );
  }

  #finished(cost: number): void {
    const wasBehind = this.#isBehind();
    this.#unfinishedBytes -= cost;
    if (wasBehind && this.#unfinishedBytes <= MAX_UNFINISHED_BYTES / 2) {
      this.#isHeldBack = false;
      this.#work();
    }
  }

  #isBehind(): boolean {
    if (this.#unfinishedBytes > MAX_UNFINISHED_BYTES) this.#isHeldBack = true;
    return this.#isHeldBack;
  }

  /** Whatever a peer's message leads to stays with this peer. */
  #contain(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#failOf(error);
    }
  }

  #failOf(error: unknown): void {
    const detail = error instanceof Error ? error.message : 'unknown';
    this.#fail({ code: error instanceof DecodeError ? 'protocol_violation' : 'internal', detail });
  }

  #flushSoon(): void {
    if (this.#isFlushing || this.#socket.writableNeedDrain) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#state !== 'open') return;
    if (this.#outgoing.length > 0) this.#socket.write(this.#writer.seal(this.#takeOutgoing(MAX_WRITE_BYTES)));
    if (this.#outgoing.length > 0) this.#flushSoon();
    else if (this.#wasFull && !this.#socket.writableNeedDrain) {
      this.#wasFull = false;
      this.#contain(() => this.#handler?.onDrain?.());
    }
  }

  /** Messages from the front of the queue, one at least, up to `maxBytes` on the wire. */
  #takeOutgoing(maxBytes: number): readonly Uint8Array[] {
    let count = 0;
    let bytes = 0;
    for (const message of this.#outgoing) {
      const size = message.length + OVERHEAD_BYTES;
      if (count > 0 && bytes + size > maxBytes) break;
      bytes += size;
      count++;
    }
    const taken = count === this.#outgoing.length ? this.#outgoing : this.#outgoing.slice(0, count);
    this.#outgoing = count === this.#outgoing.length ? [] : this.#outgoing.slice(count);
    this.#outgoingBytes -= bytes;
    return taken;
  }

  #fail(error: PeerLinkError): void {
    if (this.#state === 'closed') return;
    this.#note(error);
    this.#state = 'closing';
    this.#stopTimers();
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#socket.destroy();
  }

  /** The first reason is the one that counts. */
  #note(error: PeerLinkError): void {
    this.#end ??= error;
  }

  #stopTimers(): void {
    this.#cancelTimer();
    this.#pings.stop();
  }

  #closed(): void {
    this.#state = 'closed';
    this.#stopTimers();
    this.#reader.wipe();
    this.#writer.wipe();
    this.#chunks.length = 0;
    this.#note({ code: 'closed', detail: 'closed by the peer' });
    if (this.#handler) this.#tellClosed();
  }

  #tellClosed(): void {
    if (this.#handler && this.#end) this.#handler.onClose(this.#end);
  }
}
