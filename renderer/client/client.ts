import './no-compiling.ts';
import { z } from 'zod';
import {
  type Answer, type ApiError, CONFIRMED_METHODS, type EventData, type EventName, events, type Method, methods, type ParamsIn, type ShellAnswer, type ShellEventData, type ShellEventName,
  shellEvents, type ShellMethod, shellMethods, type ShellParams,
} from '../../core/api.ts'; // prettier-ignore

export type AnyMethod = Method | ShellMethod;
export type AnyEvent = EventName | ShellEventName;
export type Given<M extends AnyMethod> = M extends Method ? ParamsIn<M> : M extends ShellMethod ? ShellParams<M> : never;
export type Got<M extends AnyMethod> = M extends Method ? Answer<M> : M extends ShellMethod ? ShellAnswer<M> : never;
export type Told<N extends AnyEvent> = N extends EventName ? EventData<N> : N extends ShellEventName ? ShellEventData<N> : never;

/** A refusal of the engine or the shell: a code of the closed list and a sentence. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ApiError['code'];
  readonly data: ApiError['data'];
  constructor({ code, message, data }: ApiError) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

const allMethods = { ...methods, ...shellMethods };
const allEvents = { ...events, ...shellEvents };

/** Amounts are digits on the wire; what is not given is left out. */
function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, toWire(field)]));
}

type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: ApiError };
const CONFIRMED: ReadonlySet<string> = new Set(CONFIRMED_METHODS);

/** What spends, closes or reveals is shown by the main process first; its yes is for exactly these parameters. */
async function ask(method: string, params: unknown): Promise<Reply> {
  if (!CONFIRMED.has(method)) return (await window.sferic.request(method, params)) as Reply;
  const confirmed = (await window.sferic.request('shell.confirm', { method, params })) as Reply;
  if (!confirmed.ok) return confirmed;
  return (await window.sferic.request(method, params, (confirmed.value as { readonly token: string }).token)) as Reply;
}

/** Amounts come back as bigint. Rejects with RequestError only. */
export async function request<M extends AnyMethod>(method: M, params: Given<M>): Promise<Got<M>> {
  const reply = await ask(method, toWire(params));
  if (!reply.ok) throw new RequestError(reply.error);
  return z.decode(allMethods[method].result as z.ZodType, reply.value) as Got<M>;
}

export type Listener = <N extends AnyEvent>(name: N, data: Told<N>) => void;

/** One subscription at the bridge for the whole page, however many components listen. */
const listeners = new Set<Listener>();
let isSubscribed = false;

export function onEvent(listener: Listener): () => void {
  if (!isSubscribed) {
    isSubscribed = true;
    window.sferic.subscribe((name, data) => {
      if (!Object.hasOwn(allEvents, name)) return;
      const told = z.decode(allEvents[name as AnyEvent] as z.ZodType, data) as never;
      for (const each of listeners) each(name as AnyEvent, told);
    });
  }
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const asRequestError = (error: unknown): RequestError =>
  error instanceof RequestError ? error : new RequestError({ code: 'internal', message: 'The answer could not be read. Nothing is known to have happened; look before you repeat it.' });
