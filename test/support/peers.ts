import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type ConnectOptions,
  type ListenOptions,
  type PeerLink,
  type PeerLinkError,
  type PeerListener,
  connectPeer,
  listenPeers,
} from '../../core/io/peer-socket.ts';
import type { PeerLinkHandler } from '../../core/transport/link.ts';
import { encodeMessage } from '../../core/wire/messages.ts';
import { DIALLER_KEY, LISTENER_ID, LISTENER_KEY } from './transport.ts';

export const LOCALHOST = '127.0.0.1';
export const INIT = encodeMessage({ name: 'init', globalfeatures: new Uint8Array(0), features: new Uint8Array(0) });

/** A message of a custom odd type that carries a number. */
export const numbered = (value: number, length = 6): Uint8Array => {
  const message = new Uint8Array(length);
  new DataView(message.buffer).setUint16(0, 0xffff);
  new DataView(message.buffer).setUint32(2, value);
  return message;
};
export const numberOf = (message: Uint8Array): number => new DataView(message.buffer, message.byteOffset).getUint32(2);

/** Values that come one by one, to be awaited one by one. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #waiting: (() => void)[] = [];

  readonly push = (value: T): void => {
    this.all.push(value);
    for (const wake of this.#waiting.splice(0)) wake();
  };
  async next(): Promise<T> {
    await this.untilCount(this.#taken + 1);
    return this.all[this.#taken++]!;
  }
  async untilCount(count: number): Promise<void> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export interface Recorded {
  readonly messages: Inbox<Uint8Array>;
  readonly closed: Inbox<PeerLinkError>;
  readonly drained: Inbox<void>;
}

/** Starts a link and keeps what comes. */
export function record(link: PeerLink, more: Partial<PeerLinkHandler> = {}): Recorded {
  const recorded = {
    messages: new Inbox<Uint8Array>(),
    closed: new Inbox<PeerLinkError>(),
    drained: new Inbox<void>(),
  };
  onTestFinished(() => link.close());
  link.start({
    onMessage: recorded.messages.push,
    onClose: recorded.closed.push,
    onDrain: () => recorded.drained.push(),
    ...more,
  });
  return recorded;
}

export interface Listening {
  readonly listener: PeerListener;
  readonly links: Inbox<PeerLink>;
  readonly refused: Inbox<PeerLinkError>;
}

export async function listen(options: Partial<ListenOptions> = {}): Promise<Listening> {
  const [links, refused] = [new Inbox<PeerLink>(), new Inbox<PeerLinkError>()];
  const result = await listenPeers({
    host: LOCALHOST, port: 0, ourKey: LISTENER_KEY, onPeer: links.push, onRefused: refused.push, ...options,
  }); // prettier-ignore
  if (!result.ok) throw new Error(result.error.detail);
  onTestFinished(() => {
    result.value.close();
    for (const link of links.all) link.close();
  });
  return { listener: result.value, links, refused };
}

export const dial = (port: number, options: Partial<ConnectOptions> = {}) =>
  connectPeer({ host: LOCALHOST, port, nodeId: LISTENER_ID, ourKey: DIALLER_KEY, ...options });

export async function dialled(port: number, options: Partial<ConnectOptions> = {}): Promise<PeerLink> {
  const result = await dial(port, options);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  onTestFinished(() => result.value.close());
  return result.value;
}

/** Two links, one at each end of a connection, neither started. */
export async function linkPair(
  options: Partial<ListenOptions> & Partial<ConnectOptions> = {},
): Promise<readonly [dialler: PeerLink, listener: PeerLink]> {
  const { listener, links } = await listen(options.system ? { system: options.system } : {});
  const link = await dialled(listener.port, options);
  return [link, await links.next()];
}

/** Both ends started, both inits exchanged. */
export async function talkingPair(options: Parameters<typeof linkPair>[0] = {}, more: Partial<PeerLinkHandler> = {}) {
  const [a, b] = await linkPair(options);
  const [ofA, ofB] = [record(a), record(b, more)];
  a.send(INIT);
  b.send(INIT);
  await ofA.messages.next();
  if (!more.onMessage) await ofB.messages.next();
  return { a, b, ofA, ofB };
}

/** A bare TCP connection, for everything that no honest peer would do. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connect({ host: LOCALHOST, port, noDelay: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A bare TCP server; gives its port. */
export async function rawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, LOCALHOST);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Something between the two that may change how bytes travel; gives the port to dial. */
export const relay = (toPort: number, pass: (bytes: Uint8Array, out: Socket) => void): Promise<number> =>
  rawServer((near) => {
    const far = connect({ host: LOCALHOST, port: toPort, noDelay: true });
    far.on('error', () => near.destroy());
    near.on('data', (bytes) => pass(bytes, far));
    far.on('data', (bytes) => pass(bytes, near));
    near.on('close', () => far.destroy());
    far.on('close', () => near.end());
  });
