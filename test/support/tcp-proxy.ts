import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between two programs on this machine that can be cut at any byte. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that are open now. */
  readonly connectionCount: number;
  /** How often a cut hit an open connection. */
  readonly cutCount: number;
  /** Every connection ends at once; what is under way is lost. */
  readonly cut: () => void;
  /** The same once `bytes` more have passed, in the middle of a message if it so happens; undone by `cut`. */
  readonly cutAfter: (bytes: number) => void;
  /** While refused, nobody gets through. */
  readonly refuse: (refused: boolean) => void;
  readonly close: () => Promise<void>;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<readonly [Socket, Socket]>();
  let bytesLeft = Number.POSITIVE_INFINITY;
  let isRefusing = false;
  let cutCount = 0;

  const cut = (): void => {
    bytesLeft = Number.POSITIVE_INFINITY;
    if (open.size > 0) cutCount++;
    for (const pair of open) for (const socket of pair) socket.destroy();
    open.clear();
  };
  const forward = (from: Socket, to: Socket): void => {
    from.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, Math.min(chunk.length, bytesLeft));
      bytesLeft -= passed.length;
      if (passed.length > 0 && !to.write(passed)) from.pause();
      // What was let through goes out first: only the rest is lost.
      if (bytesLeft <= 0) to.write('', () => cut());
    });
    to.on('drain', () => from.resume());
    from.on('error', () => undefined);
    from.on('close', () => to.destroy());
  };

  const server = createServer({ noDelay: true }, (near) => {
    if (isRefusing) return void near.destroy();
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = [near, far] as const;
    open.add(pair);
    forward(near, far);
    forward(far, near);
    near.on('close', () => open.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return open.size;
    },
    get cutCount() {
      return cutCount;
    },
    cut,
    cutAfter: (bytes) => {
      bytesLeft = bytes;
    },
    refuse: (refused) => {
      isRefusing = refused;
    },
    close: async () => {
      cut();
      await new Promise((done) => server.close(done));
    },
  };
}
