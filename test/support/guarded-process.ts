/** What driving a foreign program in a test needs: a port, patience, and that it never outlives the test run. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Polls, because Electrum's RPC has no events; throws with the last value when the time is over. */
export async function until<T>(
  what: string,
  read: () => Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; ;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}; last: ${shown(value)}`);
    await sleep(50);
  }
}

const shown = (value: unknown): string => JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner));

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

// The shell only guards: its input ends when the test run does, however that dies, and then it kills the daemon.
const GUARDED = `exec 3<&0
"$@" 3<&- </dev/null & pid=$!
echo "guarded pid $pid"
( cat <&3; kill -9 $pid ) >/dev/null 2>&1 & guard=$!
exec 3<&-
wait $pid; code=$?
kill $guard 2>/dev/null
exit $code`;

/** Runs `command` under the guard; its first line on stdout says the command's own pid (`guardedPid`). */
export function spawnGuarded(command: readonly string[]): ChildProcessWithoutNullStreams {
  const shell = spawn('sh', ['-c', GUARDED, 'sh', ...command], { stdio: ['pipe', 'pipe', 'pipe'] });
  shell.stdin.on('error', () => undefined);
  shell.once('exit', () => shell.stdin.end());
  return shell;
}

export function guardedPid(output: string): number | undefined {
  const pid = /^guarded pid (\d+)$/m.exec(output)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
