// The headless node on an engine that does nothing, as a process of its own: `node fake-headless.ts <behaviour> <flags>`.
import { runHeadless } from '../../core/headless.ts';
import { createFakeApp } from './fake-app.ts';

const [behaviour, ...args] = process.argv.slice(2);

await runHeadless(args, {
  createApp: () => {
    if (behaviour === 'no-start') return Promise.reject(new Error('secret reason'));
    const app = createFakeApp({
      'vault.lock': () => {
        setImmediate(() => {
          throw new Error('nobody caught this');
        });
        return {};
      },
    });
    const hangs = (): Promise<void> => new Promise(() => setInterval(() => undefined, 1000));
    return Promise.resolve({
      ...app,
      stop: async () => {
        await (behaviour === 'hangs' ? hangs() : app.stop());
        process.stdout.write('engine stopped\n');
      },
    });
  },
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
});
