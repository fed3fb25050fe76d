import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** Every line of its output so far. */
  readonly lines: readonly string[];
  /** Resolves at the line with which there are `count`, or at the end of the output. */
  readonly untilLines: (count: number) => Promise<void>;
  /** Ends it by force where it stands, and waits until it is gone. */
  readonly kill: () => Promise<void>;
  /** Waits for its own end. */
  readonly ended: () => Promise<void>;
}

export const childScript = (name: string): string => fileURLToPath(new URL(`children/${name}.ts`, import.meta.url));

/** Runs `children/<name>.ts` with this Node. */
export function startChild(name: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [childScript(name), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  return {
    process: child,
    lines,
    untilLines: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (lines.length >= count) resolve();
        };
        check();
        reader.on('line', check);
        void closed.then(() => resolve());
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => void (await closed),
  };
}
