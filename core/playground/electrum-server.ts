/** An Electrum server (protocol 1.4, one JSON object a line) over a test chain, on 127.0.0.1 only: TCP, and TLS with a certificate. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Chain } from './chain-types.ts';
import { ElectrumAnswers } from './electrum-answers.ts';
import { ElectrumError, TWISTS, type Lie } from './electrum-lies.ts';
import type { FeeSource } from './fees.ts';
import { tryParseTx } from './raw-tx.ts';

type Params = readonly unknown[];
interface Request {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}
interface Client {
  readonly socket: Socket;
  toldTip: string | undefined;
  readonly statuses: Map<string, string | null>;
}

export interface ElectrumServerOptions {
  readonly port?: number;
  readonly tls?: { readonly certPem: string; readonly keyPem: string; readonly port?: number } | undefined;
}

const HUGE_LINE_BYTES = 64 * 1024 * 1024;

export class ElectrumServer {
  readonly #chain: Chain;
  readonly #answers: ElectrumAnswers;
  readonly #plain: Server;
  #secure: Server | undefined;
  readonly #clients = new Set<Client>();
  readonly #lies = new Set<Lie>();
  readonly #stalled: (() => void)[] = [];
  #frozenTip: { height: number; hex: string } | undefined;
  /** Every request as it came, for tests that ask what a wallet reveals or how often it asks. */
  readonly requests: { readonly method: string; readonly params: Params }[] = [];
  readonly #onChanged = (touched: ReadonlySet<string>): void => this.#notify(touched);

  private constructor(chain: Chain, fees: FeeSource) {
    this.#chain = chain;
    this.#answers = new ElectrumAnswers(chain.index, fees);
    this.#plain = createServer((socket) => this.#serve(socket));
    chain.index.on('changed', this.#onChanged);
  }

  static async start(
    chain: Chain,
    fees: FeeSource,
    { port = 0, tls }: ElectrumServerOptions = {},
  ): Promise<ElectrumServer> {
    const server = new ElectrumServer(chain, fees);
    await listening(server.#plain, port);
    if (tls) {
      server.#secure = createTlsServer({ cert: tls.certPem, key: tls.keyPem }, (socket) => server.#serve(socket));
      server.#secure.on('tlsClientError', () => undefined); // a client that mistrusts the certificate
      await listening(server.#secure, tls.port ?? 0);
    }
    return server;
  }

  get port(): number {
    return (this.#plain.address() as AddressInfo).port;
  }
  get tlsPort(): number | undefined {
    return (this.#secure?.address() as AddressInfo | undefined)?.port;
  }

  async stop(): Promise<void> {
    this.#chain.index.off('changed', this.#onChanged);
    this.truth();
    const closed = [this.#plain, this.#secure].map(
      (server) => new Promise<void>((done) => (server ? server.close(() => done()) : done())),
    );
    this.dropClients();
    await Promise.all(closed);
  }

  /** Cuts every connection but keeps listening: how a wallet takes a lost server. */
  dropClients(): void {
    for (const { socket } of this.#clients) socket.destroy();
  }

  /** From now on this lie too. Subscribers are told what it changes for them. */
  tell(lie: Lie): void {
    this.#lies.add(lie);
    if (lie === 'frozenTip') this.#frozenTip = this.#answers.tip();
    this.#notify(undefined);
  }

  /** No more of this lie, or of any; what was stalled is answered now. */
  truth(lie?: Lie): void {
    if (lie) this.#lies.delete(lie);
    else this.#lies.clear();
    if (!this.#lies.has('stall')) for (const release of this.#stalled.splice(0)) release();
    this.#notify(undefined);
  }

  #serve(socket: Socket): void {
    const client: Client = { socket, toldTip: undefined, statuses: new Map() };
    this.#clients.add(client);
    socket.on('error', () => undefined).on('close', () => this.#clients.delete(client));
    let buffered = '';
    // Answers leave in the order of their requests, also when one of them has to wait for the chain.
    let last: Promise<unknown> = Promise.resolve();
    socket
      .setNoDelay(true)
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        const lines = (buffered + chunk).split('\n');
        buffered = lines.pop()!;
        for (const line of lines) last = last.then(() => this.#line(line, client));
      });
  }

  async #line(line: string, client: Client): Promise<void> {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#send(client, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'invalid JSON' } });
    }
    if (!Array.isArray(message)) return this.#send(client, await this.#reply(message as Request, client));
    const replies = [];
    for (const request of message) replies.push(await this.#reply(request as Request, client));
    this.#send(client, replies);
  }

  async #reply({ id = null, method, params = [] }: Request, client: Client): Promise<object> {
    try {
      const result = await this.#result(String(method), Array.isArray(params) ? params : [], client);
      return { jsonrpc: '2.0', id, result };
    } catch (e) {
      const { code, message } =
        e instanceof ElectrumError ? e : { code: -32603, message: `internal error: ${(e as Error).message}` };
      return { jsonrpc: '2.0', id, error: { code, message } };
    }
  }

  async #result(method: string, params: Params, client: Client): Promise<unknown> {
    this.requests.push({ method, params });
    if (this.#lies.has('stall')) await new Promise<void>((release) => this.#stalled.push(release));
    if (method === 'blockchain.transaction.broadcast') return this.#broadcast(params);
    if (method === 'blockchain.scripthash.unsubscribe') return client.statuses.delete(String(params[0]));
    const result = this.#told(method, params);
    if (method === 'blockchain.headers.subscribe') client.toldTip = (result as { hex: string }).hex;
    if (method === 'blockchain.scripthash.subscribe') client.statuses.set(String(params[0]), result as string | null);
    return result;
  }

  /** The truth, or what the lies in force make of it. */
  #told(method: string, params: Params): unknown {
    if (method === 'blockchain.headers.subscribe' && this.#lies.has('frozenTip')) return this.#frozenTip;
    let tell = (): unknown => this.#answers.answer(method, params);
    for (const lie of this.#lies) {
      const twist = TWISTS[lie];
      const before = tell;
      if (twist) tell = () => twist(before, method, params, this.#answers);
    }
    return tell();
  }

  async #broadcast(params: Params): Promise<string> {
    const tx = tryParseTx(params[0]);
    if (!tx) throw new ElectrumError('the transaction was rejected by network rules.\n\nTX decode failed');
    if (this.#lies.has('swallowBroadcast')) return tx.txid;
    this.#told('server.ping', []); // lies about everything apply here as well
    const refuse = TWISTS.refuseBroadcast;
    if (refuse && this.#lies.has('refuseBroadcast'))
      refuse(() => undefined, 'blockchain.transaction.broadcast', params, this.#answers);
    const sent = await this.#chain.submit(tx.hex);
    if (sent.accepted) return sent.txid;
    throw new ElectrumError(`the transaction was rejected by network rules.\n\n${sent.reason}\n[${tx.hex}]`);
  }

  #send({ socket }: Client, message: object): void {
    if (socket.destroyed) return;
    if (this.#lies.has('garbage')) socket.write('<html>502 Bad Gateway</html>\n');
    else if (this.#lies.has('hugeAnswer')) socket.write(`"${'x'.repeat(HUGE_LINE_BYTES)}"\n`);
    else socket.write(`${JSON.stringify(message)}\n`);
  }

  /** To each client: the tip first, then its scripts; only of those that changed, `undefined` meaning perhaps all. */
  #notify(touched: ReadonlySet<string> | undefined): void {
    if (this.#lies.has('stall') || this.#lies.has('internalError')) return;
    const tip = this.#told('blockchain.headers.subscribe', []) as { hex: string };
    const statuses = new Map<string, string | null>();
    for (const client of this.#clients) {
      if (client.toldTip !== undefined && client.toldTip !== tip.hex) {
        client.toldTip = tip.hex;
        this.#send(client, { jsonrpc: '2.0', method: 'blockchain.headers.subscribe', params: [tip] });
      }
      for (const hash of touched && touched.size < client.statuses.size ? touched : client.statuses.keys()) {
        const before = client.statuses.get(hash);
        if (before === undefined || (touched && !touched.has(hash))) continue;
        const now = statuses.get(hash) ?? (this.#told('blockchain.scripthash.subscribe', [hash]) as string | null);
        statuses.set(hash, now);
        if (now === before) continue;
        client.statuses.set(hash, now);
        this.#send(client, { jsonrpc: '2.0', method: 'blockchain.scripthash.subscribe', params: [hash, now] });
      }
    }
  }
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', () => done()));
