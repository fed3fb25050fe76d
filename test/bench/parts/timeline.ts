import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../../build/bundle.ts';
import { handsOn, PASSWORD } from '../../../build/desktop/hands.ts';
import { startPractice } from '../../../build/desktop/practice.ts';
import { walk } from '../../../build/desktop/walk.ts';
import { launch, type RunningApp } from '../../../build/electron-stand-in/launch.ts';
import { decodeChannel, encodeChannel } from '../../../core/channel/codec.ts';
import { DIRECTION, HTLC_CHANGE, journalEvent } from '../../../core/channel/journal.ts';
import { encodeWith } from '../../../core/codec/codec.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { openStore } from '../../../core/io/sqlite/open.ts';
import { VAULT_NAME, unlockVault } from '../../../core/io/vault-file.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';
import { channelSubject } from '../../../core/node/records.ts';
import { StateHistory } from '../../../core/node/state-history.ts';
import type { JournalWrite, Store } from '../../../core/store/port.ts';
import { passwordBytes } from '../../../core/store/vault.ts';
import { type Figure, below, figure, percentile } from '../figures.ts';

const STATES = 1_000_000;
const BATCH = 1_000;
const PAGE = 64;
const LOOKS = 200;
const FIRST_MS = 1_780_000_000_000;
const CAPACITY_MSAT = 2_000_000_000n;

const paymentHash = sha256(utf8('timeline'));

/** What the journal has for one state: the peer signed ours, we signed the peer's, the peer revoked the one before. */
function rowsOf(number: number, subject: string): JournalWrite[] {
  const ourMsat = msat(CAPACITY_MSAT / 2n + BigInt((number % 1000) * 100_000));
  const isAdded = number % 2 === 1;
  const commitment = {
    number: BigInt(number), ourMsat, theirMsat: msat(CAPACITY_MSAT - ourMsat - (isAdded ? 25_000n : 0n)), feeratePerKw: feeratePerKw(2500 + (Math.floor(number / 5000) % 4) * 250), htlcCount: isAdded ? 1 : 0,
    changes: [{ direction: number % 3 === 0 ? DIRECTION.received : DIRECTION.offered, id: BigInt(number >> 1), amountMsat: msat(25_000n), paymentHash, change: isAdded ? HTLC_CHANGE.added : HTLC_CHANGE.fulfilled }],
  }; // prettier-ignore
  return [
    { kind: 'remote_commitment_signed', ...commitment } as const,
    { kind: 'remote_commitment_revoked', number: BigInt(number - 1) } as const,
    { kind: 'local_commitment', ...commitment } as const,
  ].map((event) => ({ subject, timeMs: FIRST_MS + number * 700, event: encodeWith(journalEvent, event) }));
}

/** Takes the only channel to its millionth state, rows written as the node writes them. */
async function writeStates(store: Store): Promise<string> {
  const [record] = await store.list('channel');
  if (!record) throw new Error('there is no channel');
  const channel = decodeChannel(record.value, []);
  const subject = channelSubject(channel.config.channelNumber);
  const { localNumber } = channel.commitments;
  for (let from = localNumber + 1; from <= STATES; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, STATES - from + 1) }, (_, index) => from + index);
    await store.commit({ journal: numbers.flatMap((number) => rowsOf(number, subject)) });
  }
  const commitments = { ...channel.commitments, localNumber: STATES, remoteNumber: STATES };
  await store.commit({ records: [{ table: 'channel', key: record.key, value: encodeChannel({ ...channel, commitments }) }] });
  return subject;
}

async function timesOf(count: number, task: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    await task(index);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** A page of rows from anywhere, and a page of states by number. */
async function measureStore(store: Store, subject: string): Promise<readonly Figure[]> {
  const history = new StateHistory(store, subject);
  const newest = { ours: STATES, theirs: STATES };
  const spread = (index: number): number => Math.floor((STATES - PAGE) * ((index * 0.618_034) % 1));
  const rows = await timesOf(LOOKS, (index) => store.journal({ subject, afterSequence: 3 * spread(index), limit: PAGE }));
  const pages = await timesOf(LOOKS, (index) => history.page(spread(index), spread(index) + PAGE - 1, newest));
  return [
    below(5, 'journal_page_of_64_in_1m_states_p50_ms', percentile(rows, 0.5), 'ms'),
    below(5, 'journal_page_of_64_in_1m_states_p99_ms', percentile(rows, 0.99), 'ms'),
    figure('states_page_of_64_by_number_p50_ms', percentile(pages, 0.5), 'ms'),
    figure('states_page_of_64_by_number_p99_ms', percentile(pages, 0.99), 'ms'),
  ];
}

/** Milliseconds of each frame while the list scrolls by so many pixels a frame. */
const scrolled = (app: RunningApp, pixels: number, frames: number): Promise<readonly number[]> =>
  app.page.evaluate(
    ([step, count]) =>
      new Promise<number[]>((resolve) => {
        const box = document.querySelector('.states')!;
        const times: number[] = [];
        let last = 0;
        const frame = (now: number): void => {
          if (last > 0) times.push(now - last);
          last = now;
          box.scrollTop += step;
          if (times.length < count) requestAnimationFrame(frame);
          else resolve(times);
        };
        requestAnimationFrame(frame);
      }),
    [pixels, frames] as const,
  );

async function measureWindow(app: RunningApp): Promise<readonly Figure[]> {
  const { page, press, fill, sees, go } = handsOn(app.page);
  await sees('Your node is not running yet. It starts when you unlock.');
  await fill('Password', PASSWORD);
  await press('Unlock');
  await sees('You can pay over Lightning');
  await go('Channels');
  const startedAt = performance.now();
  await page.getByRole('main').getByRole('button', { name: 'History' }).click();
  const newest = page.getByRole('button', { name: `State ${STATES}`, exact: true });
  await newest.waitFor();
  await page.getByRole('img', { name: 'could be published' }).first().waitFor({ state: 'attached' });
  const openMs = performance.now() - startedAt;
  const session = await page.context().newCDPSession(page);
  // Time on the processor, so that what else runs on this machine does not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name: string): Promise<number> => (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  await scrolled(app, 200, 30);
  const busyBefore = await metric('TaskDuration');
  const frames: number[] = [];
  // A slow reader, a wheel, a thumb that is dragged; then to the other end and back.
  for (const pixels of [26, 300, 3000, 60_000, -60_000, -300]) frames.push(...(await scrolled(app, pixels, 240)));
  for (const number of [500_000, 3, 999_000]) {
    await fill('Go to state', String(number));
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await page.getByRole('button', { name: `State ${number}`, exact: true }).waitFor();
    frames.push(...(await scrolled(app, 120, 120)));
  }
  const busyMs = 1000 * ((await metric('TaskDuration')) - busyBefore);
  const heap = await metric('JSHeapUsedSize');
  return [
    figure('timeline_1m_states_open_ms', openMs, 'ms'),
    below(32, 'timeline_1m_states_scroll_frame_p50_ms', percentile(frames, 0.5), 'ms'),
    below(32, 'timeline_1m_states_scroll_frame_p99_ms', percentile(frames, 0.99), 'ms'),
    below(32, 'timeline_1m_states_scroll_frame_longest_ms', Math.max(...frames), 'ms'),
    figure('timeline_1m_states_frames_over_32_ms_per_1000', (1000 * frames.filter((ms) => ms > 32).length) / frames.length, ''),
    figure('timeline_1m_states_page_busy_per_frame_ms', busyMs / frames.length, 'ms'),
    below(200, 'timeline_1m_states_page_heap_mb', heap / 1e6, 'MB'),
  ];
}

/** A channel with a million states, in the store and in the window. */
export async function measureTimeline(): Promise<readonly Figure[]> {
  await bundle();
  const userData = mkdtempSync(join(tmpdir(), 'sferic-timeline-'));
  const practice = await startPractice();
  let app: RunningApp | undefined;
  try {
    app = await launch({ userData, env: practice.env });
    await walk(app, practice);
    await app.close();
    // It knows nothing of a million states; without it the channel only waits.
    await practice.neighbour.stop();
    const folder = join(userData, 'regtest');
    const vault = await unlockVault(join(folder, VAULT_NAME), passwordBytes(PASSWORD));
    const open = () => openStore({ folder, dataKey: vault.dataKey, random: randomBytes });
    const { store: written } = await open();
    const subject = await writeStates(written);
    await written.close();
    // As the program finds it, without what three million writes left behind.
    const { store } = await open();
    const ofStore = await measureStore(store, subject);
    await store.close();
    app = await launch({ userData, env: practice.env });
    return [...ofStore, ...(await measureWindow(app))];
  } finally {
    await app?.close().catch(() => undefined);
    await practice.chain.stop();
    rmSync(userData, { recursive: true, force: true });
  }
}
