import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Tx, decodeTx, txid, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { type BlockFeed, FeedFault } from '../../../core/chain/block-feed.ts';
import type { PublishResult } from '../../../core/chain/port.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { system } from '../../../core/io/system.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { TowerBook } from '../../../core/node/tower/book.ts';
import { Guard } from '../../../core/node/tower/guard.ts';
import { DEFAULT_TERMS } from '../../../core/tower/terms.ts';
import { until } from '../../support/headless-pair.ts';
import { type MemoryStore, type StoreImage, createMemoryStore } from '../../support/memory-store.ts';
import { sessionNamed } from '../../support/tower-server.ts';
import { type Breach, appointed, breachWith } from './kit.ts';

const CLIENT = new Uint8Array(33).fill(2);

/** A chain of blocks whose hashes are their names. */
class FakeFeed implements BlockFeed {
  readonly name = 'fake';
  blocks: { readonly hash: string; readonly txs: readonly Tx[] }[] = Array.from({ length: 21 }, (_, height) => ({ hash: `block ${height}`, txs: [] }));
  readonly published: Tx[] = [];
  answer: (tx: Tx) => PublishResult = () => ({ ok: true });
  isAway = false;
  prunedBelow = 0;
  asked: string[] = [];

  mine(name: string, ...txs: readonly Tx[]): void {
    this.blocks.push({ hash: name, txs });
  }
  cut(height: number): void {
    this.blocks = this.blocks.slice(0, height);
  }
  #here(): void {
    if (this.isAway) throw new FeedFault({ code: 'unreachable', reason: 'The node cannot be reached.' });
  }
  readonly checkNetwork = async (): Promise<void> => this.#here();
  readonly tip = async () => {
    this.#here();
    return { hash: this.blocks.at(-1)!.hash, height: this.blocks.length - 1 };
  };
  readonly hashAt = async (height: number) => {
    this.#here();
    return this.blocks[height]?.hash;
  };
  readonly block = async (hash: string) => {
    this.#here();
    this.asked.push(hash);
    const height = this.blocks.findIndex((block) => block.hash === hash);
    if (height < 0) throw new FeedFault('moved');
    if (height < this.prunedBelow) throw new FeedFault({ code: 'pruned', reason: 'The node has deleted a block.' });
    return { hash, previousHash: this.blocks[height - 1]!.hash, txs: new Map(this.blocks[height]!.txs.map((tx) => [txid(tx), tx])) };
  };
  readonly publish = async (rawTx: Uint8Array): Promise<PublishResult> => {
    if (this.isAway) return { ok: false, code: 'unreachable', reason: '' };
    const tx = decodeTx(rawTx);
    const result = this.answer(tx);
    if (result.ok) this.published.push(tx);
    return result;
  };
  readonly feerate = async () => undefined;
  readonly stop = (): void => undefined;
}

const other = (name: string): Tx => ({ version: 2, locktime: 0, inputs: [unsignedInput({ txid: toHex(sha256(utf8(name))), vout: 0 }, 0)], outputs: [{ amountSat: sat(1n), script: utf8(name) }] });

let breach: Breach;
beforeAll(() => {
  breach = breachWith('static_remotekey', [{ by: 'alice', amountSat: 20_000 }]);
});
/** What pays out each output of the breach. */
const OUTPUTS = 2;

interface Rig {
  readonly store: MemoryStore;
  readonly book: TowerBook;
  readonly guard: Guard;
}

async function rig(feed: FakeFeed, image?: StoreImage): Promise<Rig> {
  const store = createMemoryStore(image);
  const book = new TowerBook(store, DEFAULT_TERMS);
  await book.load();
  const guard = new Guard({ store, book, feed, system, log: silentLogger, pollMs: 2, onStatus: () => undefined });
  await guard.load();
  onTestFinished(() => void guard.stop()); // one whose store died never comes to an end
  return { store, book, guard };
}

async function handOver({ book, guard }: Rig, blobs = appointed(breach, 'signed').blobs): Promise<void> {
  const { hint } = appointed(breach, 'signed');
  const appointments = blobs.map((blob, part) => ({ sequence: 4n, part, isLast: part === blobs.length - 1, hint, blob }));
  const result = await book.upload(CLIENT, sessionNamed('channel'), appointments, 0);
  expect(result.ok).toBe(true);
  guard.stored([hint]);
}

const untilAt = ({ guard }: Rig, height: number): Promise<unknown> => until(`height ${height}`, async () => guard.status, ({ blockHeight, isWatching }) => blockHeight === height && isWatching, 5_000);
const untilPublished = (feed: FakeFeed, count: number): Promise<unknown> => until(`${count} published`, async () => feed.published.length, (length) => length >= count, 5_000);
const takenBy = (feed: FakeFeed): readonly string[] => [...new Set(feed.published.map(({ inputs }) => `${inputs[0]!.txid}:${inputs[0]!.vout}`))];

describe('a guard', () => {
  it('punishes what it finds in a block, follows it to its end, and does nothing more', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.mine('with the breach', other('a'), breach.tx, other('b'));
    await untilPublished(feed, OUTPUTS);
    expect(takenBy(feed).length).toBe(OUTPUTS);
    feed.mine('with justice', ...feed.published);
    await untilAt(at, 22);
    expect(at.guard.openCases).toBe(1);
    const before = feed.published.length;
    for (let i = 23; i <= 27; i++) feed.mine(`later ${i}`);
    await until('the case to be closed', async () => at.guard.openCases, (open) => open === 0, 5_000);
    expect(feed.published.length).toBe(before);
    expect((await at.store.list('towerCase')).length).toBe(1);
    for (let i = 28; i < 2_040; i++) feed.mine(`later ${i}`);
    await until('the case to be forgotten', async () => at.store.list('towerCase'), (rows) => rows.length === 0, 15_000);
  });

  it('learns nothing from, and does nothing for, a transaction that is not the one', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.mine('of others', other('a'), other('b'));
    await untilAt(at, 21);
    expect([at.guard.openCases, feed.published.length]).toEqual([0, 0]);
  });

  it('opens nothing with blobs of another transaction, or rubbish, under the hint', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    const wrong = appointed(breachWith('static_remotekey', []), 'signed').blobs;
    await handOver(at, [...wrong, new Uint8Array(0), new Uint8Array(500).fill(9)]);
    feed.mine('with the breach', breach.tx);
    await untilAt(at, 21);
    expect([at.guard.openCases, feed.published.length]).toEqual([0, 0]);
  });

  it('finds what was handed over just after its block, and what was before a restart', async () => {
    const feed = new FakeFeed();
    const first = await rig(feed);
    first.guard.start();
    feed.mine('with the breach', breach.tx);
    await untilAt(first, 21);
    await handOver(first);
    await untilPublished(feed, OUTPUTS);

    const late = new FakeFeed();
    late.blocks = feed.blocks;
    const second = await rig(late, first.store.image());
    second.guard.start();
    await untilPublished(late, OUTPUTS);
    expect(second.guard.openCases).toBe(1);
  });

  it('finds what was acknowledged just before it died, in a block that it had seen already', async () => {
    const feed = new FakeFeed();
    const first = await rig(feed);
    first.guard.start();
    feed.mine('with the breach', breach.tx);
    for (let i = 22; i < 25; i++) feed.mine(`later ${i}`);
    await untilAt(first, 24);
    await first.guard.stop();
    await handOver(first);
    const second = await rig(feed, first.store.image());
    second.guard.start();
    await untilPublished(feed, OUTPUTS);
  });

  it('publishes again when its node did not answer', async () => {
    const feed = new FakeFeed();
    let unanswered = 0;
    feed.answer = () => (++unanswered <= 3 ? { ok: false, code: 'unreachable', reason: '' } : { ok: true });
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.mine('with the breach', breach.tx);
    await until('all outputs', async () => takenBy(feed), (taken) => taken.length === OUTPUTS, 5_000);
  });

  it('goes on where it was when it dies at any point', async () => {
    const feed = new FakeFeed();
    const first = await rig(feed);
    first.guard.start();
    await untilAt(first, 20);
    await handOver(first);
    first.store.hold();
    feed.mine('with the breach', breach.tx);
    await until('the block to be read', async () => feed.asked, (asked) => asked.includes('with the breach'), 5_000);
    const image = first.store.crash();
    for (let i = 22; i < 60; i++) feed.mine(`while it was off ${i}`);
    const second = await rig(feed, image);
    second.guard.start();
    await untilPublished(feed, OUTPUTS);
    expect(takenBy(feed).length).toBe(OUTPUTS);
  });

  it('publishes again after a reorganisation, and not while the breach itself is gone', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.mine('with the breach', breach.tx);
    await untilPublished(feed, OUTPUTS);
    const justice = feed.published.splice(0);
    feed.mine('with justice', ...justice);
    await untilAt(at, 22);
    feed.cut(21);
    feed.mine('without it');
    feed.mine('nor here');
    await until('the other branch', async () => feed.asked, (asked) => asked.includes('nor here'), 5_000);
    await untilAt(at, 22);
    expect(feed.published).toEqual([]);
    feed.mine('the breach again', breach.tx);
    await untilPublished(feed, OUTPUTS);
    expect(takenBy(feed).length).toBe(OUTPUTS);
  });

  it('climbs until the network takes it', async () => {
    const feed = new FakeFeed();
    const refused: bigint[] = [];
    feed.answer = ({ inputs, outputs }) => {
      const spent = breach.tx.outputs[inputs[0]!.vout]!.amountSat;
      const feeSat = spent - outputs[0]!.amountSat;
      if (feeSat < 3_000n) refused.push(feeSat);
      return feeSat < 3_000n ? { ok: false, code: 'fee_too_low', reason: '' } : { ok: true };
    };
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.mine('with the breach', breach.tx);
    await until('all outputs', async () => takenBy(feed), (taken) => taken.length === OUTPUTS, 5_000);
    expect(refused.length).toBeGreaterThan(0);
  });

  it('tries again when the node was away, and says that it sees nothing meanwhile', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    feed.isAway = true;
    await until('blindness', async () => at.guard.status.isWatching, (isWatching) => !isWatching, 5_000);
    feed.mine('with the breach', breach.tx);
    feed.isAway = false;
    await untilPublished(feed, OUTPUTS);
  });

  it('goes on at the tip when its node has deleted what it missed', async () => {
    const feed = new FakeFeed();
    const first = await rig(feed);
    first.guard.start();
    await untilAt(first, 20);
    await handOver(first);
    await first.guard.stop();
    for (let i = 21; i < 80; i++) feed.mine(`missed ${i}`);
    feed.prunedBelow = 70;
    const second = await rig(feed, first.store.image());
    second.guard.start();
    await untilAt(second, 79);
    feed.mine('with the breach', breach.tx);
    await untilPublished(feed, OUTPUTS);
  });

  it('punishes even when its disk is full', async () => {
    const feed = new FakeFeed();
    const at = await rig(feed);
    at.guard.start();
    await untilAt(at, 20);
    await handOver(at);
    at.store.failNextCommit({ code: 'disk_full' });
    feed.mine('with the breach', breach.tx);
    await untilPublished(feed, OUTPUTS);
    expect(takenBy(feed).length).toBe(OUTPUTS);
  });
});
