/** JSON-RPC as bitcoind speaks it (HTTP POST, basic auth, batches), over a test chain and on 127.0.0.1 only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RPC, RpcError } from './bitcoind-arguments.ts';
import { BitcoindMethods } from './bitcoind-methods.ts';
import type { Chain } from './chain-types.ts';
import type { FeeSource } from './fees.ts';

export interface BitcoindServerOptions {
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** Blocks below this height are pruned: their bodies cannot be had. */
  readonly pruneHeight?: number | undefined;
  /** Like -txindex: getrawtransaction finds confirmed transactions without a block hash. */
  readonly txIndex?: boolean;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

export class BitcoindServer {
  readonly #server: Server;
  readonly #authorization: string;
  readonly #userInfo: string;
  readonly methods: BitcoindMethods;
  /** Every call as it came. */
  readonly requests: { readonly method: string; readonly params: unknown }[] = [];
  /** Answers 503 to everything, like a node that is overrun or still loading its blocks. */
  unavailable = false;

  private constructor(
    chain: Chain,
    fees: FeeSource,
    { user = 'user', password = 'pass', pruneHeight, txIndex = false }: BitcoindServerOptions,
  ) {
    this.methods = new BitcoindMethods({ chain, fees, txIndex, pruneHeight });
    this.#userInfo = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((e: Error) => answer(response, 500, `internal error: ${e.message}`));
    });
  }

  static async start(chain: Chain, fees: FeeSource, options: BitcoindServerOptions = {}): Promise<BitcoindServer> {
    const server = new BitcoindServer(chain, fees, options);
    await new Promise<void>((done, fail) =>
      server.#server.once('error', fail).listen(options.port ?? 0, '127.0.0.1', () => done()),
    );
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://${this.#userInfo}@127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return answer(response, 405, 'JSONRPC server handles only POST requests');
    if (request.headers.authorization !== this.#authorization) {
      response.setHeader('WWW-Authenticate', 'Basic realm="jsonrpc"');
      return answer(response, 401, '');
    }
    if (this.unavailable) return answer(response, 503, 'Work queue depth exceeded');
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) return answer(response, 413, '');
      chunks.push(chunk);
    }
    let body: unknown;
    try {
      body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      return answer(response, 500, { result: null, error: { code: RPC.parse, message: 'Parse error' }, id: null });
    }
    if (Array.isArray(body)) {
      const replies = [];
      for (const call of body) replies.push((await this.#call(call)).reply);
      return answer(response, 200, replies);
    }
    const { status, reply } = await this.#call(body);
    answer(response, status, reply);
  }

  /** JSON-RPC 2.0 callers get status 200 and either result or error, older ones both and an HTTP error status, as from Core. */
  async #call(call: unknown): Promise<{ status: number; reply: object }> {
    const {
      id = null,
      method,
      params = [],
      jsonrpc,
    } = (call ?? {}) as { id?: unknown; method?: unknown; params?: unknown; jsonrpc?: unknown };
    const modern = jsonrpc === '2.0';
    try {
      if (typeof method !== 'string') throw new RpcError(RPC.invalidRequest, 'Missing method');
      this.requests.push({ method, params });
      const result = (await this.methods.call(method, params)) ?? null;
      return { status: 200, reply: modern ? { jsonrpc, result, id } : { result, error: null, id } };
    } catch (e) {
      const { code, message } =
        e instanceof RpcError ? e : { code: RPC.internal, message: `internal error: ${(e as Error).message}` };
      const status = modern ? 200 : code === RPC.unknownMethod ? 404 : code === RPC.invalidRequest ? 400 : 500;
      return {
        status,
        reply: modern ? { jsonrpc, error: { code, message }, id } : { result: null, error: { code, message }, id },
      };
    }
  }
}

function answer(response: ServerResponse, status: number, body: string | object): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
