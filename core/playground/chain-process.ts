/**
 * A test network as a program: requests as lines of JSON on stdin (the first is `start` with ChainOptions), answers on
 * stdout. It ends when stdin does, so it never outlives the one who started it, not even a killed one.
 */
import { createInterface } from 'node:readline';
import { ChainHost, type ChainOptions } from './chain-host.ts';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown[];
}

let host: ChainHost | undefined;

async function run({ method, params }: Request): Promise<unknown> {
  if (method === 'start') {
    const options = (params[0] ?? {}) as ChainOptions;
    host = await ChainHost.start({ bitcoindBinary: process.env['BITCOIND'] || undefined, ...options });
    return host.control.ports();
  }
  if (!host) throw new Error('not started');
  if (method === 'stop') return host.stop();
  if (!Object.hasOwn(host.control, method)) throw new Error(`no such method: ${method}`);
  return (host.control[method as keyof ChainHost['control']] as (...args: unknown[]) => unknown)(
    ...params.map((p) => p ?? undefined),
  );
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const request = JSON.parse(line) as Request;
  run(request).then(
    (result) => process.stdout.write(`${JSON.stringify({ id: request.id, result: result ?? null })}\n`),
    (e: Error) => process.stdout.write(`${JSON.stringify({ id: request.id, error: e.message })}\n`),
  );
});
process.stdout.on('error', () => process.exit(0)); // nobody reads any more
lines.on('close', () => process.exit(0));
