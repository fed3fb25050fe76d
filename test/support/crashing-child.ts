/**
 * The wallet without a window, as `core/headless.ts` starts it, with a cheap password hash. Told `crash`, it writes Node's
 * diagnostic report and dies of an exception that nobody catches, as it would of a bug.
 */
import { runHeadless } from '../../core/headless.ts';
import { createApp } from '../../core/index.ts';
import { KDF_FLOOR } from '../../core/store/vault.ts';

process.on('message', () => {
  // Before the program's own listener, which ends the process.
  process.prependListener('uncaughtException', (error) => void process.report.writeReport(error));
  setImmediate(() => {
    throw new Error('a bug that the test made');
  });
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

await runHeadless(process.argv.slice(2), {
  createApp: (config) => createApp({ ...config, kdf: KDF_FLOOR }),
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
});
