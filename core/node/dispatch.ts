import { z } from 'zod';
import { events, methods, type Answer, type ApiError, type EventData, type EventName, type Method, type Params } from '../api.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { foreign } from '../lib/sanitize.ts';
import { ApiFailure, type App } from './app.ts';
import { explainIssue } from './explain.ts';
import { silentLogger, type Logger } from './log.ts';

const MAX_DEPTH = 8;
const MAX_VALUES = 2000;
const MAX_CHARACTERS = 256 * 1024;

/** No parameter has such a name, and some code somewhere would write to it. */
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const bad = (message: string, parameter?: string): ApiError => ({
  code: 'bad_request',
  message,
  ...(parameter ? { data: { parameter } } : {}),
});

const INTERNAL: ApiError = {
  code: 'internal',
  message: 'Something went wrong inside the wallet. Its log has the details; the request may have been carried out in part.',
};

export const isMethod = (name: string): name is Method => Object.hasOwn(methods, name);

/** What keeps a value from being plain data of a moderate size, as a sentence. Takes bounded time, whatever the value. */
function faultOfShape(value: unknown): string | undefined {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  let values = 0;
  let characters = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string') characters += next.value.length;
    if (++values > MAX_VALUES || characters > MAX_CHARACTERS) return 'The request is too large.';
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth >= MAX_DEPTH) return 'The request is nested too deep.';
    if (!isPlain(next.value)) return 'The parameters must be plain data: text, numbers, true or false, lists and objects.';
    const names = Array.isArray(next.value) ? [] : Object.keys(next.value);
    if (names.some((name) => REFUSED_NAMES.has(name))) return 'The request has a parameter with a name that is not allowed.';
    const children: readonly unknown[] = Array.isArray(next.value) ? next.value : Object.values(next.value);
    if (children.length > MAX_VALUES) return 'The request is too large.';
    for (const name of names) characters += name.length;
    for (const child of children) open.push({ value: child, depth: next.depth + 1 });
  }
  return undefined;
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A request's parameters in code form (bigint amounts, defaults filled in), or `bad_request`. Absent parameters are none. */
export const decodeParams = <M extends Method>(method: M, wireParams: unknown): Result<Params<M>, ApiError> =>
  decodeWith(methods[method].params as z.ZodType as z.ZodType<Params<M>>, wireParams);

/** The same for parameters of another table of methods. */
export function decodeWith<T>(schema: z.ZodType<T>, wireParams: unknown): Result<T, ApiError> {
  const wire = wireParams ?? {};
  const fault = faultOfShape(wire);
  if (fault) return err(bad(fault));
  if (typeof wire !== 'object' || Array.isArray(wire)) return err(bad('The parameters must be an object with names and values.'));
  const decoded = z.safeDecode(schema as z.ZodType as z.ZodType<T>, wire);
  if (decoded.success) return ok(decoded.data);
  const { message, parameter } = explainIssue(decoded.error, wire);
  return err(bad(message, parameter));
}

const encodeAnswer = <M extends Method>(method: M, answer: Answer<M>): unknown =>
  z.encode(methods[method].result as z.ZodType as z.ZodType<Answer<M>>, answer);

/** An event's data as it travels; throws when it does not fit the contract, which is a bug of ours. */
export const encodeEvent = <N extends EventName>(name: N, data: EventData<N>): unknown =>
  z.encode(events[name] as z.ZodType as z.ZodType<EventData<N>>, data);

function errorOf(error: unknown, method: Method, log: Logger): ApiError {
  if (error instanceof ApiFailure) {
    const { code, message, data } = error;
    return { code, message, ...(data ? { data } : {}) };
  }
  log.error('a request failed', { method, error });
  return INTERNAL;
}

/**
 * One request from outside: `wireParams` and the value are plain JSON data. Never rejects; errors have a code of the
 * closed list and a message that may be shown, and repeat of what was sent a short harmless piece at most.
 */
export async function dispatch(
  app: Pick<App, 'call'>,
  method: string,
  wireParams: unknown,
  log: Logger = silentLogger,
): Promise<Result<unknown, ApiError>> {
  if (!isMethod(method)) return err({ code: 'unknown_method', message: `There is no method "${foreign(method, 40)}". Nothing was done; see the list.` });
  try {
    const params = decodeParams(method, wireParams);
    if (!params.ok) return params;
    return ok(encodeAnswer(method, await app.call(method, params.value)));
  } catch (error) {
    return err(errorOf(error, method, log));
  }
}

/** The engine's events as plain JSON data, in order; one that does not fit the contract is logged and left out. */
export function subscribeWire(
  app: Pick<App, 'subscribe'>,
  listener: (name: EventName, data: unknown) => void,
  log: Logger = silentLogger,
): () => void {
  return app.subscribe((name, data) => {
    let wire: unknown;
    try {
      wire = encodeEvent(name, data);
    } catch (error) {
      log.error('an event does not fit the contract', { event: name, error });
      return;
    }
    listener(name, wire);
  });
}
