import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { electronBinary, type LaunchOptions, launch, type RunningApp } from '../../build/electron-stand-in/launch.ts';
import { setLook } from '../../build/desktop/hands.ts';
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

/** Looks at what only the stand-in shows, such as the tray's text; counted as skipped where the specs run on Electron itself. */
export const onStandIn = electronBinary() === undefined ? test : test.skip;

/** Faults that the page reported; none is allowed. Only the stand-in hears of them. */
export const complaints = (app: RunningApp): Promise<readonly string[]> => (app.kind === 'stand-in' ? app.evaluate(({ _log }) => [..._log.violations, ..._log.blocked]) : Promise.resolve([]));

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What breaks the rules of WCAG 2.2 A and AA or axe's best practices on the present screen, in light and dark. */
export async function axeFaults(app: RunningApp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await setLook(app, { theme });
    // Colours that are still on their way from one theme to the other are nobody's to judge.
    await app.page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished, effect }) => (effect?.getComputedTiming().iterations === Infinity ? undefined : finished))));
    // The debugger evaluates it, so the page's policy is not asked.
    await app.page.evaluate(AXE);
    const { violations } = (await app.page.evaluate(() => (globalThis as unknown as { axe: { run: () => Promise<unknown> } }).axe.run())) as AxeResult;
    found.push(...violations.map(({ id, nodes }) => `${theme} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`));
  }
  await setLook(app, { theme: 'light' });
  return found;
}
