import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LaunchOptions, launch, type RunningApp } from '../../build/electron-stand-in/launch.ts';
import { type Practice, startPractice } from '../../build/desktop/practice.ts';

/** A practice network and what was started on it, to be ended together. */
export interface Stage {
  readonly practice: Practice;
  readonly folder: () => string;
  /** `env` beside what the practice network needs. */
  readonly open: (options: LaunchOptions) => Promise<RunningApp>;
  readonly end: () => Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const practice = await startPractice();
  const folders: string[] = [];
  const apps: RunningApp[] = [];
  return {
    practice,
    folder: () => {
      const folder = mkdtempSync(join(tmpdir(), 'sferic-ui-'));
      folders.push(folder);
      return folder;
    },
    open: async (options) => {
      const app = await launch({ ...options, env: { ...practice.env, ...options.env } });
      apps.push(app);
      return app;
    },
    end: async () => {
      for (const app of apps) await app.close().catch(() => undefined);
      await practice.stop();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Faults that the page reported; none is allowed. Only the stand-in hears of them. */
export const complaints = (app: RunningApp): Promise<readonly string[]> => (app.kind === 'stand-in' ? app.evaluate(({ _log }) => [..._log.violations, ..._log.blocked]) : Promise.resolve([]));
