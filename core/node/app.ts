import type { Answer, ApiError, ErrorCode, EventData, EventName, Method, Params } from '../api.ts';

/** The engine as its transports see it: IPC, the local socket and tests all speak to this. */
export interface App {
  /** Params and answer are in code form (bigint amounts) and already checked; rejects with ApiFailure only. */
  readonly call: <M extends Method>(method: M, params: Params<M>) => Promise<Answer<M>>;
  /** Told in order; the returned function ends it. */
  readonly subscribe: (listener: <N extends EventName>(name: N, data: EventData<N>) => void) => () => void;
  /** The computer is about to sleep: connections to peers end. */
  readonly suspended: () => void;
  /** It has slept: the chain is asked first, peers follow. Resolves when the chain is known again or nobody answers. */
  readonly resumed: () => Promise<void>;
  /** Resolves when everything is stored and closed. */
  readonly stop: () => Promise<void>;
}

/** The only error that leaves the engine: its code is from the closed list and its message may be shown as it is. */
export class ApiFailure extends Error implements ApiError {
  override readonly name = 'ApiFailure';
  readonly code: ErrorCode;
  readonly data: ApiError['data'];
  constructor(code: ErrorCode, message: string, data?: ApiError['data']) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
