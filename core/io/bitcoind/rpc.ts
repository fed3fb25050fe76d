import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { err, ok, type Result } from '../../lib/result.ts';
import type { ChainEnvironment } from '../chain-options.ts';
import { isRecord, parseForeignJson } from '../foreign-json.ts';

export interface BitcoindServer {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** A name and password, or the file in which the node leaves them at each start. */
  readonly login: { readonly user: string; readonly password: string } | { readonly cookieFile: string };
}

/** `refused`: the node answered with an error; its text is for mapping only, never for showing. */
export type RpcFailure =
  | { readonly kind: 'refused'; readonly code: number; readonly text: string }
  | { readonly kind: 'unreachable' | 'malformed'; readonly reason: string };

export type RpcResult = Result<unknown, RpcFailure>;
export type Call = readonly [method: string, ...params: unknown[]];

const UNKNOWN_METHOD = -32601;
export const isUnknownMethod = (failure: RpcFailure): boolean => failure.kind === 'refused' && failure.code === UNKNOWN_METHOD;

const unreachable = (reason: string): RpcFailure => ({ kind: 'unreachable', reason });
const malformed = (reason: string): RpcFailure => ({ kind: 'malformed', reason });

/** JSON-RPC over HTTP with connections kept open. Never throws; every answer is bounded in size, depth and time. */
export class BitcoindRpc {
  readonly #server: BitcoindServer;
  readonly #env: ChainEnvironment;
  readonly #agent: HttpAgent;
  readonly #stopping = new AbortController();
  #nextId = 0;

  constructor(server: BitcoindServer, env: ChainEnvironment) {
    this.#server = server;
    this.#env = env;
    const settings = { keepAlive: true, maxSockets: 4 };
    this.#agent = server.protocol === 'https' ? new HttpsAgent(settings) : new HttpAgent(settings);
  }

  async call(...[method, ...params]: Call): Promise<RpcResult> {
    const id = this.#nextId++;
    const body = await this.#post(JSON.stringify({ jsonrpc: '1.0', id, method, params }));
    return body.ok ? answerOf(body.value, id) : body;
  }

  /** One answer a call, in the calls' order. */
  async batch(calls: readonly Call[]): Promise<Result<readonly RpcResult[], RpcFailure>> {
    if (calls.length === 0) return ok([]);
    const first = this.#nextId;
    this.#nextId += calls.length;
    const body = await this.#post(JSON.stringify(calls.map(([method, ...params], i) => ({ jsonrpc: '1.0', id: first + i, method, params }))));
    if (!body.ok) return body;
    if (!Array.isArray(body.value) || body.value.length !== calls.length) return err(malformed('The node answered a batch with something else.'));
    const byId = new Map<unknown, unknown>();
    for (const answer of body.value as unknown[]) if (isRecord(answer)) byId.set(answer['id'], answer);
    return ok(calls.map((_, i) => answerOf(byId.get(first + i), first + i)));
  }

  stop(): void {
    this.#stopping.abort();
    this.#agent.destroy();
  }

  async #post(json: string): Promise<Result<unknown, RpcFailure>> {
    const authorization = await this.#authorization();
    if (authorization === undefined) return err(unreachable("The node's cookie file cannot be read; is the node running?"));
    const { protocol, host, port } = this.#server;
    const { requestTimeoutMs, maxBodyBytes } = this.#env.tuning;
    return new Promise((settle) => {
      const send = protocol === 'https' ? httpsRequest : httpRequest;
      const request = send({
        host, port, agent: this.#agent, method: 'POST', path: '/', signal: this.#stopping.signal,
        headers: { authorization, 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) },
      }); // prettier-ignore
      const timer = setTimeout(() => request.destroy(new Error('timeout')), requestTimeoutMs);
      const end = (result: Result<unknown, RpcFailure>): void => {
        clearTimeout(timer);
        settle(result);
      };
      request.on('error', () => end(err(unreachable('The node cannot be reached.'))));
      request.on('response', (response) => {
        response.on('error', () => end(err(unreachable('The node broke off its answer.'))));
        response.on('aborted', () => end(err(unreachable('The node broke off its answer.'))));
        collect(response, maxBodyBytes, (body) => {
          if (!body) request.destroy();
          end(body ? bodyOf(response.statusCode ?? 0, body) : err(malformed('The node sent an answer that is too long.')));
        });
      });
      request.end(json);
    });
  }

  /** The cookie changes with every start of the node, so it is read each time. */
  async #authorization(): Promise<string | undefined> {
    const { login } = this.#server;
    if ('user' in login) return basic(`${login.user}:${login.password}`);
    try {
      return basic((await readFile(login.cookieFile, 'utf8')).trim());
    } catch {
      return undefined;
    }
  }
}

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

function collect(response: IncomingMessage, maxBytes: number, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) done(undefined);
    else chunks.push(chunk);
  });
  response.on('end', () => length <= maxBytes && done(Buffer.concat(chunks)));
}

/** What an HTTP answer holds. Errors come with status 4xx or 5xx and a JSON body all the same. */
export function bodyOf(status: number, body: Buffer): Result<unknown, RpcFailure> {
  if (status === 401 || status === 403) return err(unreachable('The node refuses our user name and password.'));
  const parsed = parseForeignJson(body);
  if (parsed.ok && (isRecord(parsed.value) || Array.isArray(parsed.value))) return ok(parsed.value);
  return err(status === 200 ? malformed('The node does not speak JSON-RPC.') : unreachable('The node is busy or still starting.'));
}

const STARTING_UP = -28;

/** One answer of a body, if it is the one to request `id`. */
export function answerOf(answer: unknown, id: number): RpcResult {
  if (!isRecord(answer) || answer['id'] !== id) return err(malformed('The node answers what was not asked.'));
  const { result, error } = answer;
  if (error === null || error === undefined) return result === undefined ? err(malformed('The node sent neither result nor error.')) : ok(result);
  if (!isRecord(error)) return err(malformed('The node sent a malformed error.'));
  const code = typeof error['code'] === 'number' ? error['code'] : 0;
  if (code === STARTING_UP) return err(unreachable('The node is still starting.'));
  return err({ kind: 'refused', code, text: typeof error['message'] === 'string' ? error['message'] : '' });
}
