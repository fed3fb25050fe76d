export interface IncomingLimits {
  /** Connections in the middle of their handshake, over all and from one address. */
  readonly maxHandshakes: number;
  readonly maxHandshakesPerHost: number;
  /** Peers that dialled us and proved their key, over all and from one address (this machine's own has no such limit). */
  readonly maxPeers: number;
  readonly maxPeersPerHost: number;
}

export const DEFAULT_LIMITS: IncomingLimits = {
  maxHandshakes: 64,
  maxHandshakesPerHost: 16,
  maxPeers: 125,
  maxPeersPerHost: 8,
};

/** A place that an incoming connection holds. */
export interface Place {
  /** The handshake is done; false when there are peers enough and the connection must go. */
  readonly promote: () => boolean;
  readonly release: () => void;
}

interface Entry {
  readonly host: string;
  readonly drop: () => void;
}

const isLoopback = (host: string): boolean => host === '::1' || host.replace(/^::ffff:/, '').startsWith('127.');

/**
 * Counts incoming connections. When the places for handshakes are taken, the oldest unfinished one has to go, of the
 * same address first: an honest peer needs a fraction of a second, so whoever sits there longest is the likeliest to
 * be idling, and a newcomer always gets in.
 */
export class ConnectionLimiter {
  readonly #limits: IncomingLimits;
  /** In the order of arrival. */
  readonly #handshakes = new Set<Entry>();
  readonly #peers = new Set<Entry>();

  constructor(limits: IncomingLimits) {
    this.#limits = limits;
  }

  get handshakeCount(): number {
    return this.#handshakes.size;
  }
  get peerCount(): number {
    return this.#peers.size;
  }

  /** `drop` ends the connection; it must lead to `release`. */
  admit(host: string, drop: () => void): Place {
    const ofHost = [...this.#handshakes].filter((entry) => entry.host === host);
    if (ofHost.length >= this.#limits.maxHandshakesPerHost) this.#evict(ofHost[0]);
    if (this.#handshakes.size >= this.#limits.maxHandshakes) this.#evict([...this.#handshakes][0]);
    const entry = { host, drop };
    this.#handshakes.add(entry);
    return {
      promote: () => this.#promote(entry),
      release: () => {
        this.#handshakes.delete(entry);
        this.#peers.delete(entry);
      },
    };
  }

  /** Ends every unfinished handshake. */
  dropHandshakes(): void {
    // A set may lose members while it is walked.
    for (const entry of this.#handshakes) this.#evict(entry);
  }

  #evict(entry: Entry | undefined): void {
    if (!entry) return;
    this.#handshakes.delete(entry);
    entry.drop();
  }

  #promote(entry: Entry): boolean {
    if (!this.#handshakes.delete(entry) || this.#peers.size >= this.#limits.maxPeers) return false;
    const ofHost = [...this.#peers].filter(({ host }) => host === entry.host).length;
    if (!isLoopback(entry.host) && ofHost >= this.#limits.maxPeersPerHost) return false;
    this.#peers.add(entry);
    return true;
  }
}
