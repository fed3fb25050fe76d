import { type ApiError, type ErrorCode } from '../api.ts';
import { isRecord } from './foreign-json.ts';

/** A request's id: it is repeated in its answer. */
export type RpcId = string | number;

/** JSON-RPC's own codes; every other error has one number and says the rest in `data.code`. */
const PROTOCOL_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: -32602,
  unknown_method: -32601,
  internal: -32603,
};
const OTHER_CODE = -32000;
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;

const MAX_ID_CHARACTERS = 100;

export interface RpcRequest {
  readonly id: RpcId;
  readonly method: string;
  readonly params: unknown;
}

export type ReadLine =
  | { readonly ok: true; readonly value: RpcRequest }
  | { readonly ok: false; readonly error: { readonly id: RpcId | null; readonly code: number; readonly message: string } };

const refused = (code: number, message: string, id: RpcId | null = null): ReadLine => ({ ok: false, error: { id, code, message } });

const isId = (id: unknown): id is RpcId =>
  (typeof id === 'string' && id.length <= MAX_ID_CHARACTERS) || (typeof id === 'number' && Number.isFinite(id));

function parse(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line)) as unknown;
  } catch {
    return undefined;
  }
}

/** One line from a client. Parameters are not looked at. */
export function readRequest(line: Uint8Array): ReadLine {
  const value = parse(line);
  if (value === undefined) return refused(PARSE_ERROR, 'This line is not JSON.');
  if (Array.isArray(value)) return refused(INVALID_REQUEST, 'Batches are not supported: send one request a line, without waiting.');
  if (!isRecord(value)) return refused(INVALID_REQUEST, 'A request is a JSON object.');
  const { jsonrpc, id, method, params } = value;
  if (!isId(id)) return refused(INVALID_REQUEST, 'A request needs an id: a number, or text of at most 100 characters.');
  if (jsonrpc !== '2.0') return refused(INVALID_REQUEST, 'A request needs "jsonrpc": "2.0".', id);
  if (typeof method !== 'string') return refused(INVALID_REQUEST, 'A request needs a method.', id);
  return { ok: true, value: { id, method, params } };
}

const lineOf = (message: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;

export const resultLine = (id: RpcId, result: unknown): string => lineOf({ id, result });

export const errorLine = (id: RpcId | null, { code, message, data }: ApiError): string =>
  lineOf({ id, error: { code: PROTOCOL_CODES[code] ?? OTHER_CODE, message, data: { ...data, code } } });

export const protocolErrorLine = (id: RpcId | null, code: number, message: string): string =>
  lineOf({ id, error: { code, message, data: { code: 'bad_request' } } });

export const eventLine = (name: string, data: unknown): string => lineOf({ method: 'event', params: { name, data } });
