/**
 * How a connection failed or ended. `wrong_key`: whoever answers there does not hold the key of the node id dialled.
 * `internal`: our own handler threw; the fault is ours, and it costs this one connection.
 */
export type PeerLinkErrorCode =
  'unreachable' | 'handshake_failed' | 'wrong_key' | 'timeout' | 'closed' | 'protocol_violation' | 'internal';

export interface PeerLinkError {
  readonly code: PeerLinkErrorCode;
  /** For the log: our own words or a code of the operating system, never text of the peer. */
  readonly detail: string;
}

/** Who takes what comes over a link. */
export interface PeerLinkHandler {
  /**
   * One whole message, type in front, in the order of arrival; pings and pongs never come here. What is returned is
   * only counted: while too much of it is unfinished, nothing more is read from the peer.
   */
  readonly onMessage: (message: Uint8Array) => void | PromiseLike<void>;
  /** Exactly once, as the last call. */
  readonly onClose: (error: PeerLinkError) => void;
  /** The outgoing buffer was over its mark and has emptied: time to go on with bulk such as gossip. */
  readonly onDrain?: () => void;
}

/** One authenticated, encrypted connection to a peer. */
export interface PeerLink {
  /** Proven by the handshake, 33 bytes. */
  readonly theirNodeId: Uint8Array;
  readonly isIncoming: boolean;
  readonly host: string;
  readonly port: number;
  /** Bytes that were sent but not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Until this is called nothing is read from the peer. To be called once. */
  readonly start: (handler: PeerLinkHandler) => void;
  /**
   * Queues a message (type in front, at most 65 535 bytes, else RangeError). All messages of one turn of the event loop
   * leave in one write. On a link that is closed it does nothing.
   */
  readonly send: (message: Uint8Array) => void;
  /** Sends what is queued, then ends; `onClose` follows with code `closed`. */
  readonly close: (detail?: string) => void;
}
