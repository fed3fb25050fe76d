import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { ERROR_CODES, events, methods, type Answer, type ApiError, type ErrorCode, type EventData, type EventName, type Method, type ParamsIn } from '../api.ts'; // prettier-ignore
import { LineSplitter } from './electrum/line-splitter.ts';
import { isRecord } from './foreign-json.ts';
import { checkRpcOwner, RpcPathError } from './rpc-path.ts';

/** An answer that is an error; `code` is of the contract's closed list. */
export class RpcFailure extends Error implements ApiError {
  override readonly name = 'RpcFailure';
  readonly code: ErrorCode;
  readonly data: ApiError['data'];
  constructor(code: ErrorCode, message: string, data?: ApiError['data']) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export type RpcListener = <N extends EventName>(name: N, data: EventData<N>) => void;

type OptionalParams<M extends Method> = Record<string, never> extends ParamsIn<M> ? [params?: ParamsIn<M>] : [params: ParamsIn<M>];

export interface RpcClient {
  /** Parameters and answer in code form (bigint amounts). Rejects with RpcFailure. */
  readonly call: <M extends Method>(method: M, ...params: OptionalParams<M>) => Promise<Answer<M>>;
  /** The same with plain JSON data, unchecked on this side. */
  readonly request: (method: string, wireParams?: unknown) => Promise<unknown>;
  /** Told the events after `node.subscribe`; the returned function ends it. */
  readonly on: (listener: RpcListener) => () => void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly close: () => Promise<void>;
}

/** The export of a long history is one line. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

interface Waiting {
  readonly settle: (value: unknown) => void;
  readonly fail: (error: RpcFailure) => void;
}

/** Amounts are the only parameters that are not JSON by themselves. */
const jsonOf = (message: object): string =>
  JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

const isErrorCode = (code: unknown): code is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(code);

function failureOf(error: Readonly<Record<string, unknown>>): RpcFailure {
  const { code, ...data } = isRecord(error['data']) ? error['data'] : {};
  const message = typeof error['message'] === 'string' ? error['message'] : 'The wallet answered with an error.';
  return new RpcFailure(isErrorCode(code) ? code : 'internal', message, Object.keys(data).length > 0 ? (data as ApiError['data']) : undefined);
}

/** A connection to a running wallet's local socket. Throws RpcPathError when there is none. */
export async function connectRpc(path: string): Promise<RpcClient> {
  await checkRpcOwner(path);
  const socket = await open(path);
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<RpcListener>();
  const lines = new LineSplitter(MAX_ANSWER_BYTES);
  let nextId = 1;
  let isClosed = false;

  const tell = (params: unknown): void => {
    if (!isRecord(params) || typeof params['name'] !== 'string' || !Object.hasOwn(events, params['name'])) return;
    const name = params['name'] as EventName;
    const data = z.safeDecode(events[name] as z.ZodType as z.ZodType<EventData<EventName>>, params['data']);
    if (data.success) for (const listener of listeners) listener(name, data.data);
  };
  const receive = (line: Uint8Array): void => {
    const message: unknown = JSON.parse(new TextDecoder().decode(line));
    if (!isRecord(message)) return;
    if (message['method'] === 'event') return tell(message['params']);
    const asked = typeof message['id'] === 'number' ? waiting.get(message['id']) : undefined;
    if (!asked) {
      // An error without an id is about the connection: nothing after it will be answered.
      if (isRecord(message['error'])) end(failureOf(message['error']));
      return;
    }
    waiting.delete(message['id'] as number);
    if (isRecord(message['error'])) asked.fail(failureOf(message['error']));
    else asked.settle(message['result']);
  };
  const end = (failure: RpcFailure): void => {
    isClosed = true;
    for (const { fail } of waiting.values()) fail(failure);
    waiting.clear();
    socket.destroy();
  };
  socket.on('data', (chunk: Buffer) => {
    const complete = lines.push(chunk);
    if (!complete) return end(new RpcFailure('internal', 'The wallet sent a line that is too long.'));
    try {
      complete.forEach(receive);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      end(new RpcFailure('internal', 'What listens at this socket does not speak JSON.'));
    }
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((settle) => {
    socket.once('close', () => {
      end(new RpcFailure('stopping', 'The connection to the wallet has ended.'));
      settle();
    });
  });

  const request = (method: string, wireParams?: unknown): Promise<unknown> =>
    new Promise((settle, fail) => {
      if (isClosed) return fail(new RpcFailure('stopping', 'The connection to the wallet has ended.'));
      const id = nextId++;
      waiting.set(id, { settle, fail });
      socket.write(`${jsonOf({ jsonrpc: '2.0', id, method, ...(wireParams === undefined ? {} : { params: wireParams }) })}\n`);
    });

  return {
    request,
    call: async (method, ...[params]) => decodeAnswer(method, await request(method, params)),
    on: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    closed,
    close: async () => {
      end(new RpcFailure('stopping', 'The connection to the wallet was closed.'));
      await closed;
    },
  };
}

function decodeAnswer<M extends Method>(method: M, wire: unknown): Answer<M> {
  const answer = z.safeDecode(methods[method].result as z.ZodType as z.ZodType<Answer<M>>, wire);
  if (answer.success) return answer.data;
  throw new RpcFailure('internal', 'The wallet answers in a way that this program does not know: they are of different versions.');
}

function open(path: string): Promise<Socket> {
  return new Promise((settle, fail) => {
    const socket = connect(path);
    socket.once('connect', () => settle(socket));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      fail(new RpcPathError(`No wallet answers at ${path} (${error.code}). Start one with: npm run headless`)),
    );
  });
}
