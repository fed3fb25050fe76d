import { useCallback, useState } from 'react';
import { type AnyMethod, asRequestError, type Given, type Got, request, type RequestError } from '../client/client.ts';

export interface Action<M extends AnyMethod> {
  readonly isBusy: boolean;
  readonly error: RequestError | undefined;
  /** The answer, or undefined when it was refused; `error` then says why. */
  readonly run: (params: Given<M>) => Promise<Got<M> | undefined>;
  readonly clear: () => void;
}

/** One request that a person makes with a button. */
export function useAction<M extends AnyMethod>(method: M): Action<M> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError>();
  const run = useCallback(
    async (params: Given<M>): Promise<Got<M> | undefined> => {
      setBusy(true);
      setError(undefined);
      try {
        return await request(method, params);
      } catch (refused) {
        setError(asRequestError(refused));
        return undefined;
      } finally {
        setBusy(false);
      }
    },
    [method],
  );
  return { isBusy, error, run, clear: useCallback(() => setError(undefined), []) };
}
