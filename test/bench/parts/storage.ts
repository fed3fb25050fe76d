import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../../core/io/sqlite/open.ts';
import type { Store, StoreBatch } from '../../../core/store/port.ts';
import { type Figure, figure, percentile } from '../figures.ts';

const LONE = 2000;
const COMMITTERS = 50;
const BATCHES_EACH = 200;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** What one step of a payment stores: a channel, an HTLC, an event. */
const batchOf = (step: number): StoreBatch => ({
  records: [
    { table: 'channel', key: hex(1, 8), value: new Uint8Array(1200).fill(step) },
    { table: 'channelHtlc', key: `${hex(1, 8)}o${hex(step, 16)}`, value: new Uint8Array(1500).fill(step) },
  ],
  journal: [
    { subject: `channel:${hex(1, 8)}`, timeMs: 1_780_000_000_000 + step, event: new Uint8Array(80).fill(step) },
  ],
});

async function loneMs(store: Store): Promise<readonly number[]> {
  const times: number[] = [];
  for (let step = 0; step < LONE; step++) {
    const startedAt = performance.now();
    await store.commit(batchOf(step));
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function sharedPerSecond(store: Store): Promise<number> {
  const startedAt = performance.now();
  const committer = async (number: number): Promise<void> => {
    for (let step = 0; step < BATCHES_EACH; step++) await store.commit(batchOf(1_000_000 * number + step));
  };
  await Promise.all(Array.from({ length: COMMITTERS }, (_, i) => committer(i + 1)));
  return ((COMMITTERS * BATCHES_EACH) / (performance.now() - startedAt)) * 1000;
}

/** Sealed and durable, so the figures are those of the disk under the temporary folder. */
export async function measureStorage(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sferic-bench-'));
  const { store } = await openStore({ folder, dataKey: randomBytes(32), random: randomBytes });
  try {
    const lone = await loneMs(store);
    return [
      figure('store_lone_commit_p50_ms', percentile(lone, 0.5), 'ms'),
      figure('store_lone_commit_p99_ms', percentile(lone, 0.99), 'ms'),
      figure('store_50_committers_batches_per_s', await sharedPerSecond(store), '1/s'),
    ];
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
