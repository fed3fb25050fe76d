import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setLook } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What keeps a screen from being everybody's: WCAG 2.2 A and AA, and axe's best practices, in light and dark. */
export async function axeFaults(app: RunningApp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await setLook(app, { theme });
    await app.page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished, effect }) => (effect?.getComputedTiming().iterations === Infinity ? undefined : finished))));
    // The debugger evaluates it, so the page's policy is not asked.
    await app.page.evaluate(AXE);
    const { violations } = (await app.page.evaluate(() => (globalThis as unknown as { axe: { run: () => Promise<unknown> } }).axe.run())) as AxeResult;
    found.push(...violations.map(({ id, nodes }) => `${theme} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`));
  }
  await setLook(app, { theme: 'light' });
  return found;
}
