/**
 * The playground as a process of the window's program (Electron's utilityProcess): requests and answers are messages. It ends when it
 * is told to or when the program is gone, and leaves nothing behind.
 */
import { ApiFailure } from '../../node/app.ts';
import { Playground } from './playground.ts';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}
interface ParentPort {
  on: (event: 'message', listener: (event: { readonly data: Request }) => void) => void;
  postMessage: (message: unknown) => void;
}

const { parentPort } = process as unknown as { readonly parentPort: ParentPort };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
const post = (message: object): void => parentPort.postMessage(message);
const folder = process.argv.at(-1);
const STOP_MS = 5_000;
let playground: Promise<Playground> | undefined;

const failed = (error: unknown): unknown =>
  error instanceof ApiFailure
    ? { ok: false, error: { code: error.code, message: error.message } }
    : { ok: false, error: { code: 'internal', message: `Something went wrong in the playground: ${error instanceof Error ? error.message : String(error)}` } };

async function answer(method: string, params: unknown): Promise<unknown> {
  if (method === 'playground.start') playground ??= Playground.start({ folder: folder ?? '', tell: (name, data) => post({ event: name, data }) });
  const running = await playground;
  if (method === 'playground.start') return { ok: true, value: running?.state() };
  if (method === 'playground.stop') return end();
  if (!running) throw new ApiFailure('not_found', 'The playground is not running. Nothing was done.');
  return running.isOwn(method) ? { ok: true, value: await running.ask(method, params as never) } : running.wallet(method, params);
}

async function end(): Promise<never> {
  setTimeout(() => process.exit(0), STOP_MS).unref();
  await (await playground?.catch(() => undefined))?.stop().catch(() => undefined);
  process.exit(0);
}

process.report.reportOnFatalError = false;
process.report.reportOnUncaughtException = false;
process.report.excludeEnv = true;
process.on('SIGTERM', () => void end());
parentPort.on('message', ({ data: { id, method, params } }) => {
  answer(method, params).then(
    (reply) => post({ id, reply }),
    (error: unknown) => post({ id, reply: failed(error) }),
  );
});
