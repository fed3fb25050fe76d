import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OpenedStore, openStore } from '../../core/io/sqlite/open.ts';
import { openHighWater } from '../../core/io/high-water.ts';
import type { Store, StoreBatch } from '../../core/store/port.ts';

// Run: node test/bench/store.ts. Durable commits, so the figures are those of the disk under the temporary folder.

const folder = mkdtempSync(join(tmpdir(), 'sferic-bench-'));
const dataKey = randomBytes(32);
const open = (): Promise<OpenedStore> => openStore({ folder, dataKey, random: randomBytes });
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** What one step of a payment stores: a channel, an HTLC, an event. */
const smallBatch = (channel: number, step: number): StoreBatch => ({
  records: [
    { table: 'channel', key: hex(channel, 8), value: new Uint8Array(1200).fill(step) },
    { table: 'channelHtlc', key: `${hex(channel, 8)}o${hex(step, 16)}`, value: new Uint8Array(120).fill(step) },
  ],
  journal: [
    { subject: `channel:${hex(channel, 8)}`, timeMs: 1_800_000_000_000 + step, event: new Uint8Array(80).fill(step) },
  ],
});

const withLedger = (channel: number, step: number): StoreBatch => ({
  ...smallBatch(channel, step),
  ledger: [
    {
      timeMs: 1_800_000_000_000,
      debit: `channel:${hex(channel, 8)}`,
      credit: 'payments:in',
      amountMsat: 1000n,
      reason: 'payment',
      reference: hex(step, 64),
    },
  ],
});

function percentile(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2)} ms`;
}

async function loneCommits(store: Store): Promise<void> {
  const times: number[] = [];
  for (let step = 0; step < 2000; step++) {
    const startedAt = performance.now();
    await store.commit(smallBatch(1, step));
    times.push(performance.now() - startedAt);
  }
  const sorted = times.toSorted((a, b) => a - b);
  console.log(
    `lone commit: p50 ${percentile(sorted, 0.5)}, p95 ${percentile(sorted, 0.95)}, p99 ${percentile(sorted, 0.99)}`,
  );
}

async function concurrentCommits(
  store: Store,
  channels: number,
  batchOf: typeof smallBatch,
  label: string,
): Promise<void> {
  const steps = 400;
  const startedAt = performance.now();
  const usage = process.cpuUsage();
  await Promise.all(
    Array.from({ length: 50 }, async (_, committer) => {
      for (let step = 0; step < steps; step++)
        await store.commit(batchOf(committer % channels, 1_000_000 * (committer + 1) + step));
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(usage);
  console.log(
    `50 committers, ${label}: ${Math.round((50 * steps) / seconds)} batches/s, cpu ${((cpu.user + cpu.system) / 1e6 / seconds).toFixed(2)}`,
  );
}

async function largeHistory(): Promise<void> {
  const { store } = await open();
  const count = 100_000;
  for (let from = 0; from < count; from += 500)
    await store.commit({
      records: Array.from(
        { length: 500 },
        (_, index) => ({ table: 'outgoingPayment', key: hex(from + index, 64), value: randomBytes(400) }) as const,
      ),
    });
  const large = performance.now();
  await store.commit({
    records: Array.from(
      { length: 20_000 },
      (_, index) => ({ table: 'revoked', key: hex(index, 20), value: randomBytes(200) }) as const,
    ),
  });
  console.log(`one batch of 20 000 records: ${(performance.now() - large).toFixed(0)} ms`);
  await store.close();
  const startedAt = performance.now();
  const reopened = await open();
  const openedAt = performance.now();
  await reopened.store.list('pendingPayment');
  const page = await reopened.store.list('outgoingPayment', { limit: 50, reverse: true, after: hex(50_000, 64) });
  const pageAt = performance.now();
  const rows = await reopened.store.count('outgoingPayment');
  const countAt = performance.now();
  const size = statSync(join(folder, 'sferic.db')).size / 1e6;
  console.log(
    `start with ${rows} payments (${size.toFixed(0)} MB): ${(openedAt - startedAt).toFixed(0)} ms; page of ${page.length}: ${(pageAt - openedAt).toFixed(1)} ms; count: ${(countAt - pageAt).toFixed(2)} ms; rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  );
  await reopened.store.close();
}

async function highWater(): Promise<void> {
  const marks = await openHighWater(join(folder, 'high-water'));
  const startedAt = performance.now();
  for (let number = 0; number < 1000; number++) await marks.raise(1, number);
  console.log(`high-water mark, one after another: ${((performance.now() - startedAt) / 1000).toFixed(2)} ms`);
  const concurrentAt = performance.now();
  await Promise.all(
    Array.from({ length: 50 }, async (_, channel) => {
      for (let number = 1000; number < 1200; number++) await marks.raise(channel, number);
    }),
  );
  console.log(`high-water mark, 50 channels: ${Math.round(10_000 / ((performance.now() - concurrentAt) / 1000))}/s`);
  await marks.close();
}

try {
  const opened = await open();
  await loneCommits(opened.store);
  await concurrentCommits(opened.store, 1, smallBatch, 'one channel');
  await concurrentCommits(opened.store, 50, smallBatch, '50 channels');
  await concurrentCommits(opened.store, 1, withLedger, 'one channel with ledger');
  await concurrentCommits(opened.store, 50, withLedger, '50 channels with ledger');
  await opened.store.close();
  await largeHistory();
  await highWater();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
