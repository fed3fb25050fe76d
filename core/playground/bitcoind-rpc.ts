/** A client of bitcoind's JSON-RPC, for the test network only. */

export class BitcoindRpcError extends Error {
  readonly code: number;
  constructor(method: string, code: number, message: string) {
    super(`${method}: ${message} (${code})`);
    this.code = code;
  }
}

export type BitcoindCall = <T>(method: string, ...params: unknown[]) => Promise<T>;

/** `url` carries user and password. Refusals come as BitcoindRpcError. */
export function bitcoindCaller(url: string): BitcoindCall {
  const { origin, username, password } = new URL(url);
  const authorization = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`;
  return async <T>(method: string, ...params: unknown[]): Promise<T> => {
    const response = await fetch(origin, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
    });
    const text = await response.text();
    if (!text.startsWith('{')) throw new Error(`${method}: HTTP status ${response.status} ${text}`);
    const { result, error } = JSON.parse(text) as { result: T; error: { code: number; message: string } | null };
    if (error) throw new BitcoindRpcError(method, error.code, error.message);
    return result;
  };
}
