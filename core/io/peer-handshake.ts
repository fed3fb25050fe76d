import type { Socket } from 'node:net';
import { isScalar } from '../crypto/secp256k1.ts';
import { concat } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import { type TransportFault, describeFault } from '../transport/fault.ts';
import {
  ACT_ONE_BYTES,
  ACT_THREE_BYTES,
  ACT_TWO_BYTES,
  type SessionKeys,
  initiate,
  respond,
} from '../transport/handshake.ts';
import type { PeerLinkError } from '../transport/link.ts';
import type { System } from './system.ts';
import type { Turns } from './turns.ts';

export interface HandshakeContext {
  readonly socket: Socket;
  readonly ourKey: Uint8Array;
  readonly system: System;
  readonly turns: Turns;
  readonly timeoutMs: number;
}
export interface Shaken {
  readonly keys: SessionKeys;
  readonly theirNodeId: Uint8Array;
}
type Outcome = Result<Shaken, PeerLinkError>;

/** Dials' side. The socket is connected; afterwards it is paused, or destroyed after an error. */
export function shakeOutgoing(context: HandshakeContext, theirNodeId: Uint8Array): Promise<Outcome> {
  return within(context, async (acts) => {
    const ephemeralKey = drawKey(context.system);
    const { actOne, receiveActTwo } = initiate({ ourKey: context.ourKey, ephemeralKey }, theirNodeId);
    context.socket.write(actOne);
    const actTwo = await acts.next(ACT_TWO_BYTES);
    // Who does not hold the key cannot read act one, and has to hang up without a word (BOLT 8, "Act One").
    if (actTwo.length === 0) return err({ code: 'wrong_key', detail: 'closed after act one' });
    const answer = receiveActTwo(actTwo);
    ephemeralKey.fill(0);
    if (!answer.ok) return err(errorOf(answer.error));
    context.socket.write(answer.value.actThree);
    return ok({ keys: answer.value.keys, theirNodeId });
  });
}

/** Answering side. The socket is paused afterwards, or destroyed after an error. */
export function shakeIncoming(context: HandshakeContext): Promise<Outcome> {
  return within(context, async (acts) => {
    const actOne = await acts.next(ACT_ONE_BYTES);
    if (actOne.length < ACT_ONE_BYTES) return err({ code: 'handshake_failed', detail: 'closed in act one' });
    const ephemeralKey = drawKey(context.system);
    const responder = await inTurn(context.turns, () => respond({ ourKey: context.ourKey, ephemeralKey }, actOne));
    if (!responder.ok) return err(errorOf(responder.error));
    context.socket.write(responder.value.actTwo);
    const actThree = await acts.next(ACT_THREE_BYTES);
    if (actThree.length < ACT_THREE_BYTES) return err({ code: 'handshake_failed', detail: 'closed in act three' });
    const done = await inTurn(context.turns, () => responder.value.receiveActThree(actThree));
    ephemeralKey.fill(0);
    return done.ok ? ok(done.value) : err(errorOf(done.error));
  });
}

const errorOf = (fault: TransportFault): PeerLinkError => ({
  code: fault.code === 'bad_tag' && fault.at === 'act_two' ? 'wrong_key' : 'handshake_failed',
  detail: describeFault(fault),
});

/** Elliptic curve work of strangers takes its place in the queue. */
const inTurn = <T>(turns: Turns, task: () => T): Promise<T> =>
  new Promise((resolve) => turns.run(() => resolve(task())));

function drawKey(system: System): Uint8Array {
  for (;;) {
    const key = system.random(32);
    if (isScalar(key)) return key;
  }
}

async function within(context: HandshakeContext, run: (acts: ActReader) => Promise<Outcome>): Promise<Outcome> {
  const { socket, system, timeoutMs } = context;
  const acts = new ActReader(socket);
  let isLate = false;
  const cancel = system.timers.after(timeoutMs, () => {
    isLate = true;
    socket.destroy();
  });
  const outcome = await run(acts);
  cancel();
  acts.release();
  if (isLate) return err({ code: 'timeout', detail: 'handshake' });
  if (outcome.ok && socket.destroyed) return err({ code: 'handshake_failed', detail: 'closed by the peer' });
  if (!outcome.ok) socket.destroy();
  return outcome;
}

/** Hands out the first bytes of a socket act by act and gives back what belongs to the messages behind them. */
class ActReader {
  readonly #socket: Socket;
  #bytes: Uint8Array = new Uint8Array(0);
  #hasEnded = false;
  #wake: () => void = () => {};
  readonly #onData = (chunk: Uint8Array): void => {
    this.#bytes = concat(this.#bytes, chunk);
    // Nobody may send further ahead than the messages of one chunk.
    this.#socket.pause();
    this.#wake();
  };
  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#wake();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.pause();
    socket.on('data', this.#onData);
    for (const event of ['end', 'close', 'error']) socket.on(event, this.#onEnd);
  }

  /** Exactly `length` bytes, or fewer when the socket ended before. */
  async next(length: number): Promise<Uint8Array> {
    while (this.#bytes.length < length && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
    }
    const act = this.#bytes.slice(0, length);
    this.#bytes = this.#bytes.slice(length);
    return act;
  }

  /** Leaves the socket paused. A listener for errors stays, since without one they would end the process. */
  release(): void {
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.pause();
    for (const event of ['end', 'close']) socket.off(event, this.#onEnd);
    if (this.#bytes.length > 0 && !socket.destroyed && !socket.readableEnded) socket.unshift(this.#bytes);
  }
}
