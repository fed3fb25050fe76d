import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../core/headless-options.ts';
import { system } from '../../../core/io/system.ts';
import { towerKey } from '../../../core/io/tower-key.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { parseTowerOptions, startTower } from '../../../core/tower-main.ts';
import { StoreError } from '../../../core/store/port.ts';

const NEEDED = ['--data-dir', '/d', '--listen', '127.0.0.1:0', '--chain', 'bitcoind:http://u:p@127.0.0.1:1'];
let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sferic-tower-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the command line of a tower', () => {
  it('takes what is needed', () => {
    expect(parseTowerOptions([...NEEDED, '--network', 'regtest', '--max-megabytes', '5', '--log-level', 'debug'])).toEqual({
      network: 'regtest', dataDir: '/d', listen: { host: '127.0.0.1', port: 0 }, chain: 'bitcoind:http://u:p@127.0.0.1:1', maxTotalBytes: 5n * 1024n ** 2n, logLevel: 'debug',
    }); // prettier-ignore
    expect(parseTowerOptions(['--help'])).toBeUndefined();
  });

  it('says why an Electrum server will not do', () => {
    expect(() => parseTowerOptions([...NEEDED.slice(0, 4), '--chain', 'electrum:tcp://127.0.0.1:1'])).toThrow(/Electrum server cannot list/u);
  });

  it.each([
    [NEEDED.slice(2)], [[...NEEDED.slice(0, 2), ...NEEDED.slice(4)]], [NEEDED.slice(0, 4)], [[...NEEDED, '--network', 'main']], [[...NEEDED, '--max-megabytes', '0']],
    [[...NEEDED, '--max-megabytes', 'all']], [[...NEEDED, '--log-level', 'loud']], [[...NEEDED, 'stray']], [[...NEEDED, '--chain', 'nonsense']],
  ])('refuses %j', (args) => {
    expect(() => parseTowerOptions(args)).toThrow(UsageError);
  }); // prettier-ignore
});

const options = () => ({ ...parseTowerOptions([...NEEDED, '--network', 'regtest'])!, dataDir: folder });

describe('a tower', () => {
  it('keeps its name over restarts, and its key to its owner', async () => {
    const first = await startTower(options(), silentLogger);
    await first.stop();
    const second = await startTower(options(), silentLogger);
    await second.stop();
    expect(second.address.split('@')[0]).toBe(first.address.split('@')[0]);
    expect(first.address).toMatch(/^0[23][0-9a-f]{64}@127\.0\.0\.1:\d+$/u);
    if (process.platform !== 'win32') expect(statSync(join(folder, 'tower-key')).mode & 0o777).toBe(0o600);
  });

  it('is one in a folder', async () => {
    const first = await startTower(options(), silentLogger);
    await expect(startTower(options(), silentLogger)).rejects.toThrow(StoreError);
    await first.stop();
  });

  it('does not take a damaged key for a new one', async () => {
    writeFileSync(join(folder, 'tower-key'), new Uint8Array(63).fill(1));
    expect(await towerKey(join(folder, 'tower-key'), system.random)).toBeUndefined();
    await expect(startTower(options(), silentLogger)).rejects.toThrow(/tower-key/u);
  });
});
