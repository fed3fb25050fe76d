import { type Server, type Socket, connect, createServer } from 'node:net';
import { isPoint } from '../crypto/secp256k1.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { PeerLink, PeerLinkError } from '../transport/link.ts';
import { ConnectionLimiter, DEFAULT_LIMITS, type IncomingLimits } from './connection-limiter.ts';
import { type HandshakeContext, type Shaken, shakeIncoming, shakeOutgoing } from './peer-handshake.ts';
import { SocketPeerLink } from './peer-link.ts';
import { type System, system as realSystem } from './system.ts';
import { Turns } from './turns.ts';

export type { PeerLink, PeerLinkError, PeerLinkErrorCode, PeerLinkHandler } from '../transport/link.ts';

export interface PeerTimeouts {
  readonly dialMs: number;
  readonly handshakeMs: number;
  /** From the handshake to the peer's `init`. */
  readonly initMs: number;
}
export const DEFAULT_TIMEOUTS: PeerTimeouts = { dialMs: 30_000, handshakeMs: 15_000, initMs: 15_000 };

interface Common {
  /** Private node key, 32 bytes. */
  readonly ourKey: Uint8Array;
  readonly system?: System;
  readonly timeouts?: PeerTimeouts;
}

export interface ConnectOptions extends Common {
  readonly host: string;
  readonly port: number;
  /** 33 bytes: only whoever holds this key is talked to. */
  readonly nodeId: Uint8Array;
  /** Gives up when aborted; the answer is then `closed`. */
  readonly signal?: AbortSignal;
}

export interface ListenOptions extends Common {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A peer that has proved its key. `start` may be called at once or later. */
  readonly onPeer: (link: PeerLink) => void;
  /** A connection that did not become a peer, for the log. */
  readonly onRefused?: (error: PeerLinkError, host: string) => void;
  readonly limits?: IncomingLimits;
}

export interface PeerListener {
  readonly port: number;
  readonly handshakeCount: number;
  readonly peerCount: number;
  /** Takes no connection any more and drops unfinished handshakes; links that exist stay. */
  readonly close: () => void;
}

/** All links of a process share the turns of its event loop. */
const turnsOf = new WeakMap<System, Turns>();
function sharedTurns(system: System): Turns {
  const turns = turnsOf.get(system) ?? new Turns(system);
  turnsOf.set(system, turns);
  return turns;
}

/** Dials a peer and proves both identities (BOLT 8). Never rejects. */
export async function connectPeer(options: ConnectOptions): Promise<Result<PeerLink, PeerLinkError>> {
  const { nodeId, signal } = options;
  if (!isPoint(nodeId)) return err({ code: 'wrong_key', detail: 'the node id is not a point of the curve' });
  const dialled = await dial(options);
  if (!dialled.ok) return dialled;
  const socket = dialled.value;
  const abort = (): void => void socket.destroy();
  signal?.addEventListener('abort', abort);
  const context = contextOf(socket, options);
  const shaken = await shakeOutgoing(context, nodeId);
  signal?.removeEventListener('abort', abort);
  if (signal?.aborted) return err({ code: 'closed', detail: 'aborted' });
  return shaken.ok ? ok(linkOf(context, options, shaken.value, false)) : shaken;
}

function contextOf(
  socket: Socket,
  { ourKey, system = realSystem, timeouts = DEFAULT_TIMEOUTS }: Common,
): HandshakeContext {
  return { socket, ourKey, system, turns: sharedTurns(system), timeoutMs: timeouts.handshakeMs };
}

function linkOf(
  { socket, system, turns }: HandshakeContext,
  { timeouts = DEFAULT_TIMEOUTS }: Common,
  { keys, theirNodeId }: Shaken,
  isIncoming: boolean,
): PeerLink {
  return new SocketPeerLink({ socket, keys, theirNodeId, isIncoming, system, turns, initTimeoutMs: timeouts.initMs });
}

function dial(options: ConnectOptions): Promise<Result<Socket, PeerLinkError>> {
  const { host, port, signal, system = realSystem, timeouts = DEFAULT_TIMEOUTS } = options;
  if (signal?.aborted) return Promise.resolve(err({ code: 'closed', detail: 'aborted' }));
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const settle = (result: Result<Socket, PeerLinkError>): void => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const fail = (code: PeerLinkError['code'], detail: string): void => settle(err({ code, detail }));
    const onAbort = (): void => fail('closed', 'aborted');
    const cancel = system.timers.after(timeouts.dialMs, () => fail('timeout', 'dial'));
    signal?.addEventListener('abort', onAbort);
    socket.once('connect', () => settle(ok(socket)));
    // Stays for good: an error without a listener would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => fail('unreachable', error.code ?? 'socket error'));
  });
}

/** Waits for peers. Errors of listening itself are `unreachable`; what strangers do never ends the listener. */
export function listenPeers(options: ListenOptions): Promise<Result<PeerListener, PeerLinkError>> {
  const limiter = new ConnectionLimiter(options.limits ?? DEFAULT_LIMITS);
  const server = createServer(
    { noDelay: true, pauseOnConnect: true },
    (socket) => void welcome(socket, options, limiter),
  );
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(err({ code: 'unreachable', detail: error.code ?? 'cannot listen' })),
    );
    server.listen(options.port, options.host, () => resolve(ok(listenerOf(server, limiter))));
  });
}

function listenerOf(server: Server, limiter: ConnectionLimiter): PeerListener {
  // After listening began, an error is one of accepting (such as too many open files): the next connection may do.
  server.on('error', () => {});
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    get handshakeCount() {
      return limiter.handshakeCount;
    },
    get peerCount() {
      return limiter.peerCount;
    },
    close: () => {
      server.close();
      limiter.dropHandshakes();
    },
  };
}

async function welcome(socket: Socket, options: ListenOptions, limiter: ConnectionLimiter): Promise<void> {
  const host = socket.remoteAddress ?? '';
  socket.on('error', () => {});
  const place = limiter.admit(host, () => socket.destroy());
  socket.on('close', place.release);
  const context = contextOf(socket, options);
  const shaken = await shakeIncoming(context);
  if (!shaken.ok) {
    options.onRefused?.(shaken.error, host);
    return;
  }
  if (!place.promote()) {
    socket.destroy();
    options.onRefused?.({ code: 'closed', detail: 'too many peers' }, host);
    return;
  }
  const link = linkOf(context, options, shaken.value, true);
  try {
    options.onPeer(link);
  } catch (error) {
    link.close('refused');
    options.onRefused?.({ code: 'internal', detail: error instanceof Error ? error.message : 'unknown' }, host);
  }
}
