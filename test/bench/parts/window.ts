import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { bundle } from '../../../build/bundle.ts';
import { PASSWORD, ask, createWallet, handsOn, openChannel, payInvoice, receiveCoins } from '../../../build/desktop/hands.ts';
import { type Practice, startPractice } from '../../../build/desktop/practice.ts';
import { launch, type RunningApp } from '../../../build/electron-stand-in/launch.ts';
import { openStore } from '../../../core/io/sqlite/open.ts';
import { VAULT_NAME, unlockVault } from '../../../core/io/vault-file.ts';
import { passwordBytes } from '../../../core/store/vault.ts';
import { type Figure, below, figure, percentile } from '../figures.ts';
import { writeHistory } from './history.ts';

const STARTS = 3;
const PAYMENTS = 600;
/** What a second of payments is spread over. */
const PAYMENTS_PER_S = 100;
const INVOICES_AT_ONCE = 20;
const CAPACITY_SAT = 5_000_000n;
const AMOUNT_MSAT = 1_000_000n;
const TYPED = 'lnbcrt10u1p5fj8zgpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypq';

const median = (values: readonly number[]): number => percentile(values, 0.5);

/** From the start of the process to the first pixels, and from the password to the balances, with a hundred thousand payments. */
async function measureStart(practice: Practice, userData: string): Promise<readonly Figure[]> {
  const paints: number[] = [];
  const firstContents: number[] = [];
  const usable: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const startedAt = Date.now();
    const app = await launch({ userData, env: practice.env });
    const { page } = app;
    await page.getByLabel('Password').first().waitFor();
    // What was painted is told a little after it was.
    const { paintedAt, paintMs } = await page.evaluate(
      () =>
        new Promise<{ readonly paintedAt: number; readonly paintMs: number }>((resolve) => {
          new PerformanceObserver((list) => {
            const paint = list.getEntriesByName('first-contentful-paint')[0];
            if (paint) resolve({ paintedAt: performance.timeOrigin + paint.startTime, paintMs: paint.startTime });
          }).observe({ type: 'paint', buffered: true });
        }),
    );
    paints.push((paintedAt - startedAt) / 1000);
    firstContents.push(paintMs / 1000);
    await page.getByLabel('Password').first().fill(PASSWORD);
    const from = performance.now();
    await page.getByRole('button', { name: /^Unlock|^Open/u }).first().click();
    await page.getByText('You can pay over Lightning').first().waitFor();
    usable.push((performance.now() - from) / 1000);
    await app.close();
  }
  return [
    below(1, 'window_page_first_paint_s', median(firstContents), 's'),
    figure('window_process_to_first_paint_s', median(paints), 's'),
    below(2, 'window_password_to_usable_100k_payments_s', median(usable), 's'),
  ];
}

async function fillHistory(userData: string): Promise<void> {
  const dataDir = join(userData, 'regtest');
  const { dataKey } = await unlockVault(join(dataDir, VAULT_NAME), passwordBytes(PASSWORD));
  const { store } = await openStore({ folder: dataDir, dataKey, random: randomBytes });
  await writeHistory(store);
  await store.close();
}

interface Watched {
  readonly longestTaskMs: number;
  readonly typingMs: readonly number[];
}

/** Types and goes about while payments come in. */
async function measureBusy(app: RunningApp, practice: Practice): Promise<readonly Figure[]> {
  const { page } = app;
  const { neighbour } = practice;
  // It has to have what it pays.
  const { invoice: first } = await neighbour.rpc.call('invoice.create', { amountMsat: (CAPACITY_SAT / 2n) * 1000n });
  await payInvoice(handsOn(page), first);
  const invoices: string[] = [];
  while (invoices.length < PAYMENTS) {
    const made = await Promise.all(Array.from({ length: INVOICES_AT_ONCE }, () => ask(page, 'invoice.create', { amountMsat: `${AMOUNT_MSAT}` })));
    invoices.push(...made.map((answer) => (answer as { readonly value: { readonly invoice: string } }).value.invoice));
  }
  await page.evaluate(() => {
    const watched = { longestTaskMs: 0 };
    Object.assign(globalThis, { watched });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) watched.longestTaskMs = Math.max(watched.longestTaskMs, duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  const session = await page.context().newCDPSession(page);
  // Time on the processor, so that what else runs on this machine does not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyS = async (): Promise<number> => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  const busyBefore = await busyS();
  const startedAt = performance.now();
  let paid = 0;
  const paying = Promise.all(
    invoices.map(async (invoice, i) => {
      await new Promise((resolve) => setTimeout(resolve, (i * 1000) / PAYMENTS_PER_S));
      await neighbour.rpc.call('payment.send', { invoice });
      paid++;
    }),
  );
  const typingMs = await typing(page, () => paid < PAYMENTS);
  await paying;
  const seconds = (performance.now() - startedAt) / 1000;
  const busyShare = ((await busyS()) - busyBefore) / seconds;
  const { longestTaskMs } = await page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
  return [
    figure('window_payments_while_typing_per_s', PAYMENTS / seconds, '1/s'),
    figure('window_page_busy_while_paying_percent', 100 * busyShare, '%'),
    below(50, 'window_longest_task_ms', longestTaskMs, 'ms'),
    figure('window_key_to_frame_p50_ms', percentile(typingMs, 0.5), 'ms'),
    below(50, 'window_key_to_frame_p99_ms', percentile(typingMs, 0.99), 'ms'),
  ];
}

/** Shorter ones are not told of by the browser; they count as this. */
const QUICK_MS = 16;

/** From each key to the frame that shows it on the screen, as the browser itself measures it (Event Timing). */
async function typing(page: Page, goesOn: () => boolean): Promise<readonly number[]> {
  const hands = handsOn(page);
  await page.evaluate((durationThreshold) => {
    const slow: number[] = [];
    Object.assign(globalThis, { slow });
    new PerformanceObserver((list) => slow.push(...list.getEntries().flatMap(({ name, duration }) => (name === 'keydown' ? [duration] : [])))).observe({ type: 'event', durationThreshold } as PerformanceObserverInit);
  }, QUICK_MS);
  let pressed = 0;
  while (goesOn()) {
    await hands.go('Pay');
    const field = page.getByLabel('Invoice or address').first();
    await field.waitFor();
    await field.focus();
    for (const key of TYPED.slice(0, 30)) await page.keyboard.press(key);
    pressed += 30;
    await hands.go('Home');
    await hands.go('History');
  }
  const slow = await page.evaluate(() => new Promise<readonly number[]>((resolve) => setTimeout(() => resolve((globalThis as unknown as { slow: number[] }).slow), 200)));
  return [...slow, ...Array.from({ length: Math.max(0, pressed - slow.length) }, () => QUICK_MS)];
}

/** Memory that the page's process has for itself. */
async function measureMemory(app: RunningApp): Promise<readonly Figure[]> {
  const session = await app.page.context().newCDPSession(app.page);
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { readonly usedSize: number };
  return [figure('window_page_heap_mb', usedSize / 1e6, 'MB'), below(200, 'window_page_memory_mb', rendererMb(app.pid), 'MB')];
}

/** The largest of the renderers below a process: anonymous memory, which it shares with nobody. */
function rendererMb(root: number): number {
  const below: number[] = [root];
  let most = 0;
  for (let pid = below.shift(); pid !== undefined; pid = below.shift()) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) below.push(...readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) continue;
    const [, kib] = /^RssAnon:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    most = Math.max(most, (Number(kib) * 1024) / 1e6);
  }
  return most;
}

/** The compiled window in Chromium, as a person has it. */
export async function measureWindow(): Promise<readonly Figure[]> {
  await bundle();
  const practice = await startPractice();
  const userData = mkdtempSync(join(tmpdir(), 'sferic-bench-window-'));
  try {
    const first = await launch({ userData, env: practice.env });
    await createWallet(handsOn(first.page));
    await first.close();
    await fillHistory(userData);
    const figures = [...(await measureStart(practice, userData))];
    const app = await launch({ userData, env: practice.env });
    try {
      const hands = handsOn(app.page);
      await hands.fill('Password', PASSWORD);
      await hands.press(/^Unlock|^Open/u);
      await hands.sees('You can pay over Lightning');
      await receiveCoins(hands, practice, CAPACITY_SAT + 1_000_000n);
      await openChannel(hands, practice, CAPACITY_SAT);
      figures.push(...(await measureBusy(app, practice)), ...(await measureMemory(app)));
    } finally {
      await app.close();
    }
    return figures;
  } finally {
    await practice.stop();
    rmSync(userData, { recursive: true, force: true });
  }
}
