/** A tower's server on a real socket, with a store that a test can hold or fail, and a bare client for it. */
import { onTestFinished } from 'vitest';
import { networks } from '../../core/bitcoin/network.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { connectPeer, listenPeers } from '../../core/io/peer-socket.ts';
import { system } from '../../core/io/system.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import { silentLogger } from '../../core/node/log.ts';
import { TowerBook } from '../../core/node/tower/book.ts';
import { TowerServer } from '../../core/node/tower/server.ts';
import { type Appointment, TOWER_VERSION, type TowerMessage, decodeTowerMessage, encodeTowerMessage } from '../../core/tower/messages.ts';
import { DEFAULT_TERMS, type TowerTerms } from '../../core/tower/terms.ts';
import { ourInit } from '../../core/wire/init.ts';
import { encodeMessage } from '../../core/wire/messages.ts';
import type { PeerLink } from '../../core/transport/link.ts';
import { type MemoryStore, type StoreImage, createMemoryStore } from './memory-store.ts';
import { Inbox } from './peers.ts';

export const TOWER_KEY = sha256(utf8('the tower'));
export const TOWER_ID = publicKey(TOWER_KEY);
const { chainHash } = networks.regtest;

export interface ServerRig {
  readonly store: MemoryStore;
  readonly book: TowerBook;
  readonly server: TowerServer;
  readonly port: number;
  readonly storedHints: Uint8Array[];
  /** The clock in ms, to be set. */
  readonly clock: { nowMs: number };
  readonly close: () => void;
}

export async function serverRig(terms: Partial<TowerTerms> = {}, image?: StoreImage): Promise<ServerRig> {
  const store = createMemoryStore(image);
  const book = new TowerBook(store, { ...DEFAULT_TERMS, ...terms });
  await book.load();
  const storedHints: Uint8Array[] = [];
  const clock = { nowMs: 1_700_000_000_000 };
  const server = new TowerServer({
    book, terms: { ...DEFAULT_TERMS, ...terms }, chainHash, system: { ...system, nowMs: () => clock.nowMs }, log: silentLogger,
    status: () => ({ blockHeight: 77, isWatching: true }), onStored: (hints) => void storedHints.push(...hints),
  }); // prettier-ignore
  const listening = await listenPeers({ host: '127.0.0.1', port: 0, ourKey: TOWER_KEY, onPeer: (link) => server.accept(link) });
  if (!listening.ok) throw new Error(listening.error.detail);
  const close = (): void => {
    listening.value.close();
    server.stop();
  };
  onTestFinished(close);
  return { store, book, server, port: listening.value.port, storedHints, clock, close };
}

export interface BareClient {
  readonly link: PeerLink;
  readonly inbox: Inbox<TowerMessage>;
  readonly closed: Inbox<string>;
  readonly send: (message: TowerMessage) => void;
}

/** Past init; past the terms and the status, too, unless `hello` is false. */
export async function bareClient(port: number, name: string, hello = true): Promise<BareClient> {
  const dialled = await connectPeer({ host: '127.0.0.1', port, nodeId: TOWER_ID, ourKey: sha256(utf8(name)) });
  if (!dialled.ok) throw new Error(dialled.error.detail);
  const link = dialled.value;
  const [inbox, closed] = [new Inbox<TowerMessage>(), new Inbox<string>()];
  onTestFinished(() => link.close());
  link.start({
    onMessage: (bytes) => {
      const decoded = decodeTowerMessage(bytes);
      if (decoded.known) inbox.push(decoded.message);
    },
    onClose: ({ detail }) => closed.push(detail),
  });
  link.send(encodeMessage(ourInit({ chainHash, features: [] })));
  const send = (message: TowerMessage): void => link.send(encodeTowerMessage(message));
  if (hello) {
    send({ name: 'tower_hello', version: TOWER_VERSION, chainHash });
    await inbox.next();
    await inbox.next();
  }
  return { link, inbox, closed, send };
}

export const sessionNamed = (name: string): Uint8Array => sha256(utf8(name)).slice(0, 16);

export const appointmentAt = (sequence: number, over: Partial<Appointment> = {}): Appointment => ({
  sequence: BigInt(sequence), part: 0, isLast: true, hint: sha256(utf8(`hint ${sequence}`)).slice(0, 16), blob: new Uint8Array(100).fill(sequence & 0xff), ...over,
}); // prettier-ignore
