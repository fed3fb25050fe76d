import { decodeMessage, encodeMessage, messageType } from '../wire/messages.ts';
import type { Cancel, System } from './system.ts';

const PING = messageType('ping');
const PONG = messageType('pong');
/** From this value on a ping asks for no answer (BOLT 1, "The ping and pong Messages"). */
const NO_PONG_FROM = 65_532;
const PONG_BYTES = 8;
const IDLE_MIN_MS = 30_000;
const IDLE_SPREAD_MS = 30_000;
const PONG_TIMEOUT_MS = 30_000;
/** Pings answered at once, and per second after that. A pong may be a thousand times as long as its ping. */
const BURST = 64;
const PINGS_PER_SECOND = 4;

export interface PingPorts {
  readonly system: System;
  readonly send: (message: Uint8Array) => void;
  /** False while we ourselves do not read, and so could not see a pong. */
  readonly isReading: () => boolean;
  readonly onSilence: () => void;
}

/** Answers the peer's pings, sends our own on an idle link, and notices when nobody is there any more. */
export class Pings {
  readonly #ports: PingPorts;
  #cancel: Cancel = () => {};
  /** Messages seen, to tell whether any came since, and when the last one did. */
  #seen = 0;
  #lastMs = 0;
  #allowance = BURST;
  #allowanceMs: number;

  constructor(ports: PingPorts) {
    this.#ports = ports;
    this.#allowanceMs = ports.system.monotonicMs();
  }

  start(): void {
    this.#lastMs = this.#ports.system.monotonicMs();
    this.#waitForIdle();
  }

  stop(): void {
    this.#cancel();
  }

  /** Any message is a sign of life. `flood`: more pings than a peer in its right mind sends. Throws DecodeError. */
  receive(type: number, message: Uint8Array): 'other' | 'handled' | 'flood' {
    this.#seen++;
    this.#lastMs = this.#ports.system.monotonicMs();
    if (type === PONG) return 'handled';
    if (type !== PING) return 'other';
    const decoded = decodeMessage(message);
    if (!decoded.known || decoded.message.name !== 'ping') return 'other';
    if (!this.#allow()) return 'flood';
    const { numPongBytes } = decoded.message;
    if (numPongBytes < NO_PONG_FROM) {
      this.#ports.send(encodeMessage({ name: 'pong', ignored: new Uint8Array(numPongBytes) }));
    }
    return 'handled';
  }

  /** A bucket of pings that refills with time. */
  #allow(): boolean {
    const nowMs = this.#ports.system.monotonicMs();
    const refill = ((nowMs - this.#allowanceMs) / 1000) * PINGS_PER_SECOND;
    this.#allowance = Math.min(BURST, this.#allowance + refill);
    this.#allowanceMs = nowMs;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    return true;
  }

  /** Pings once nothing came for 30 to 60 seconds, drawn anew each time so that links do not ping in step. */
  #waitForIdle(): void {
    this.#waitUntilIdle(IDLE_MIN_MS + (IDLE_SPREAD_MS * this.#ports.system.random(1)[0]!) / 255);
  }

  #waitUntilIdle(idleMs: number): void {
    const { system } = this.#ports;
    const leftMs = this.#lastMs + idleMs - system.monotonicMs();
    if (leftMs <= 0) this.#ping();
    else this.#cancel = system.timers.after(leftMs, () => this.#waitUntilIdle(idleMs));
  }

  #ping(): void {
    this.#ports.send(encodeMessage({ name: 'ping', numPongBytes: PONG_BYTES, ignored: new Uint8Array(0) }));
    this.#waitForPong(this.#seen);
  }

  #waitForPong(seenBefore: number): void {
    this.#cancel = this.#ports.system.timers.after(PONG_TIMEOUT_MS, () => {
      if (this.#seen > seenBefore) this.#waitForIdle();
      else if (this.#ports.isReading()) this.#ports.onSilence();
      else this.#waitForPong(seenBefore);
    });
  }
}
