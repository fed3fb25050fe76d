import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../core/node/log.ts';
import { BackupKeeper } from '../../../electron/backup-keeper.ts';
import type { Reply } from '../../../electron/ipc.ts';

const NODE = `02${'ab'.repeat(32)}`;

/** An engine that has channels by name; its files are their names. */
class Engine {
  channels: string[] = [];
  /** Of which a file may say that they are known: open ones and those that closed not long ago. */
  known: string[] = [];
  made = 0;
  nodeId = NODE;
  readonly ask = async (method: string, params: unknown): Promise<Reply> => {
    switch (method) {
      case 'node.info':
        return { ok: true, value: { nodeId: this.nodeId } };
      case 'backup.status':
        return { ok: true, value: { channels: this.channels.length, isCurrent: false } };
      case 'backup.run':
        return { ok: true, value: { file: `file:${this.channels.join()}`, channels: this.channels.length, madeAtMs: ++this.made } };
      default: {
        const { file } = params as { readonly file: string };
        if (!file.startsWith('file:')) return { ok: false, error: { code: 'bad_request', message: 'damaged' } };
        const held = file.slice(5).split(',').filter(Boolean);
        return { ok: true, value: { madeAtMs: 0, channels: held.map((name) => ({ isKnown: this.known.includes(name) })), missing: this.channels.filter((name) => !held.includes(name)) } };
      }
    }
  };
  open(...names: string[]): void {
    this.channels.push(...names);
    this.known.push(...names);
  }
}

describe('the folder that keeps the backup file', () => {
  let folder: string;
  let chosen: string;
  let engine: Engine;
  let changed: number;
  let keeper: BackupKeeper;
  const name = `sferic-regtest-${NODE.slice(0, 8)}`;
  const read = (file = name): string => readFileSync(join(folder, `${file}.backup`), 'utf8').trim();
  const update = (isCurrent = false): void => keeper.told('backup.updated', { channels: engine.channels.length, file: { madeAtMs: engine.made, channels: 0 }, isCurrent });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sferic-keeper-'));
    [chosen, engine, changed] = [folder, new Engine(), 0];
    keeper = new BackupKeeper({ ask: engine.ask, folder: () => chosen, network: () => 'regtest', onChanged: () => changed++, log: silentLogger });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('nothing is written without a folder, or without a channel', async () => {
    chosen = '';
    engine.open('a');
    await keeper.keep();
    expect([keeper.isWritten, engine.made]).toEqual([false, 0]);
    chosen = folder;
    engine.channels = [];
    await keeper.keep();
    expect([keeper.isWritten, readdirSync(folder)]).toEqual([true, []]);
  });

  test('a channel that comes or goes is in it, or out of it, at once; a payment writes nothing', async () => {
    engine.open('a');
    update();
    await vi.waitUntil(() => keeper.isWritten);
    expect(read()).toBe('file:a');
    engine.open('b');
    update();
    await vi.waitUntil(() => read() === 'file:a,b');
    // Its own file is told of like any other, and leads to no other.
    update(true);
    await keeper.keep();
    expect(engine.made).toBe(2);
    engine.channels = ['b'];
    update();
    await vi.waitUntil(() => read() === 'file:b');
    expect(readdirSync(folder)).toEqual([`${name}.backup`]);
  });

  test('a file with channels that nobody here knows stays: after a loss it is all there is', async () => {
    writeFileSync(join(folder, `${name}.backup`), 'file:lost');
    engine.open('new');
    await keeper.keep();
    expect([read(), read(`${name}-2`)]).toEqual(['file:lost', 'file:new']);
    // Brought back, its channels are known, and one file is enough again.
    engine.open('lost');
    await keeper.keep();
    expect(read()).toBe('file:new,lost');
  });

  test('what is no backup, or another wallet’s, is not written over either', async () => {
    writeFileSync(join(folder, `${name}.backup`), 'a letter');
    engine.open('a');
    await keeper.keep();
    expect([read(), read(`${name}-2`)]).toEqual(['a letter', 'file:a']);
    engine.nodeId = `03${'cd'.repeat(32)}`;
    await keeper.keep();
    expect(readdirSync(folder)).toContain('sferic-regtest-03cdcdcd.backup');
  });

  test('a folder that is gone is told of, and tried again with the next block', async () => {
    engine.open('a');
    await keeper.keep();
    expect([keeper.isWritten, changed]).toEqual([true, 1]);
    chosen = join(folder, 'stick');
    engine.open('b');
    await keeper.keep();
    expect([keeper.isWritten, changed]).toEqual([false, 2]);
    chosen = folder;
    keeper.told('chain.updated', {});
    await vi.waitUntil(() => keeper.isWritten);
    expect(read()).toBe('file:a,b');
    const { made } = engine;
    keeper.told('chain.updated', {});
    await keeper.keep();
    expect(engine.made).toBe(made);
  });

  test('at every unlock the file is opened: one that is gone or damaged is written anew', async () => {
    engine.open('a');
    await keeper.keep();
    rmSync(join(folder, `${name}.backup`));
    keeper.told('vault.updated', { state: 'unlocked' });
    await vi.waitUntil(() => readdirSync(folder).length === 1);
    keeper.told('vault.updated', { state: 'locked' });
    expect(engine.made).toBe(2);
  });
});
