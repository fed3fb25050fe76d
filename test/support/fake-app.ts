import type { Answer, EventData, EventName, Method, Params } from '../../core/api.ts';
import { ApiFailure, type App } from '../../core/node/app.ts';

type Handler<M extends Method> = (params: Params<M>) => Promise<Answer<M>> | Answer<M>;
export type FakeHandlers = { [M in Method]?: Handler<M> };

export interface FakeApp extends App {
  /** Every call that came through, in order. */
  readonly calls: { readonly method: Method; readonly params: unknown }[];
  readonly tell: <N extends EventName>(name: N, data: EventData<N>) => void;
  readonly listenerCount: () => number;
  stops: number;
}

export const VAULT = { state: 'unlocked', network: 'regtest' } as const;

export const INFO: Answer<'node.info'> = {
  version: '0.1.0', network: 'regtest', vault: VAULT, channels: 0, peers: 0, sendableMsat: 0n, receivableMsat: 0n, curve: 'test',
  nodeId: `02${'ab'.repeat(32)}`,
}; // prettier-ignore

export const BALANCE: EventData<'wallet.updated'> = {
  confirmedSat: 2_100_000_000_000_000n, unconfirmedSat: 0n, immatureSat: 0n, frozenSat: 0n, reservedSat: 0n, spendableSat: 1n, closeReserveSat: 0n, availableSat: 1n,
}; // prettier-ignore

export const PAYMENT: Answer<'payment.send'> = {
  paymentHash: 'aa'.repeat(32), direction: 'sent', state: 'succeeded', amountMsat: 9_007_199_254_740_993n, feeMsat: 1n,
  createdAtMs: 1_700_000_000_000, parts: 1, attempts: 1,
}; // prettier-ignore

/** An engine that answers what the test says, and `not_supported` to all else. */
export function createFakeApp(handlers: FakeHandlers = {}): FakeApp {
  const listeners = new Set<Parameters<App['subscribe']>[0]>();
  const all: FakeHandlers = {
    'node.info': () => INFO,
    'node.subscribe': () => ({}),
    'node.stop': () => ({}),
    'vault.status': () => VAULT,
    ...handlers,
  };
  const app: FakeApp = {
    calls: [],
    stops: 0,
    call: async (method, params) => {
      app.calls.push({ method, params });
      const handler = all[method] as Handler<typeof method> | undefined;
      if (!handler) throw new ApiFailure('not_supported', 'The test knows no answer.');
      return handler(params);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    suspended: () => undefined,
    resumed: () => Promise.resolve(),
    stop: () => {
      app.stops++;
      return Promise.resolve();
    },
    tell: (name, data) => listeners.forEach((listener) => listener(name, data)),
    listenerCount: () => listeners.size,
  };
  return app;
}
