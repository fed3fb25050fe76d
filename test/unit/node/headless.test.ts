import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startHeadless, type Headless } from '../../../core/headless.ts';
import { parseListen, parseOptions, UsageError } from '../../../core/headless-options.ts';
import { LOOK_MS } from '../../../core/io/clock-jumps.ts';
import { connectRpc } from '../../../core/io/rpc-client.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { createFakeApp, INFO, type FakeHandlers } from '../../support/fake-app.ts';

const CHAIN = ['--chain', 'electrum:tcp://127.0.0.1:1'];
const SCRIPT = fileURLToPath(new URL('../../support/fake-headless.ts', import.meta.url));

let folder = '';
let dataDir = '';
const running: Headless[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sferic-headless-'));
  dataDir = join(folder, 'data');
});
afterEach(async () => {
  for (const headless of running.splice(0)) await headless.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('flags', () => {
  test('all of them', () => {
    const flags = ['--network', 'regtest', '--data-dir', '/d', '--listen', '[::1]:9735', '--chain', 'electrum:tcp://h:1', '--chain', 'bitcoind:http://u:p@h:2',
      '--rpc', '/r', '--password-file', '/p', '--init', '--log-level', 'debug']; // prettier-ignore
    expect(parseOptions(flags)).toEqual({
      network: 'regtest', dataDir: '/d', listen: { host: '::1', port: 9735 }, chain: ['electrum:tcp://h:1', 'bitcoind:http://u:p@h:2'],
      rpc: '/r', passwordFile: '/p', mnemonicFile: undefined, init: true, logLevel: 'debug',
    }); // prettier-ignore
    expect(parseOptions(['--help'])).toBeUndefined();
    expect(parseOptions(CHAIN)).toMatchObject({ network: 'mainnet', chain: ['electrum:tcp://127.0.0.1:1'], listen: undefined, logLevel: 'info' });
  });

  test.each([
    ['--network', 'main'], ['--log-level', 'loud'], ['--listen', '9735'], ['--listen', 'h:99999'], ['--listen', '::1:9735'], ['--init'], ['--mnemonic-file', 'f'],
    ['--unknown'], ['stray'], ['--password-file', 'p', '--init', '--mnemonic-file', 'm'],
  ])('refuses %s %s', (...flags) => {
    expect(() => parseOptions([...CHAIN, ...flags])).toThrow(UsageError);
  }); // prettier-ignore

  test.each([[[]], [['--chain', 'nonsense']], [['--chain', 'electrum:udp://h:1']], [['--chain', 'bitcoind:http://h:1']]])('needs a chain source: %j', (flags) => {
    expect(() => parseOptions(flags)).toThrow(/--chain/u);
  });

  test('host and port', () => {
    expect(parseListen('0.0.0.0:0')).toEqual({ host: '0.0.0.0', port: 0 });
    expect(parseListen('node.example:9735')).toEqual({ host: 'node.example', port: 9735 });
  });
});

describe('the start', () => {
  const lines: string[] = [];
  const logged: string[] = [];
  const stopsOfFailed: number[] = [];
  let nowMs = 0;
  beforeEach(() => {
    stopsOfFailed.length = 0;
    lines.length = 0;
    logged.length = 0;
  });

  async function start(handlers: FakeHandlers, flags: readonly string[] = []) {
    const app = createFakeApp(handlers);
    const options = parseOptions(['--network', 'regtest', '--data-dir', dataDir, ...CHAIN, ...flags])!;
    const configs: unknown[] = [];
    const headless = await startHeadless(options, {
      createApp: (config) => {
        configs.push(config);
        return Promise.resolve(app);
      },
      print: (line) => lines.push(line),
      complain: (line) => logged.push(line),
      nowMs: () => nowMs,
    }).catch((error: unknown) => {
      stopsOfFailed.push(app.stops);
      throw error;
    });
    running.push(headless);
    return { app, headless, config: configs[0] };
  }

  const passwordFile = (): string => {
    const path = join(folder, 'password');
    writeFileSync(path, 'correct horse\n', { mode: 0o600 });
    return path;
  };
  const vault = (state: 'missing' | 'locked' | 'unlocked') => ({ 'vault.status': () => ({ state, network: 'regtest' as const }) });

  test('one line of JSON when ready, then requests are answered', async () => {
    const { config } = await start({ 'node.info': () => ({ ...INFO, listen: '127.0.0.1:19735' }) }, ['--listen', '127.0.0.1:0', '--chain', 'electrum:tcp://h:1']);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { ready: true, rpc: join(dataDir, 'rpc.sock'), listen: '127.0.0.1:19735', nodeId: INFO.nodeId, network: 'regtest' },
    ]);
    expect(config).toMatchObject({ network: 'regtest', dataDir, listen: { host: '127.0.0.1', port: 0 }, chain: ['electrum:tcp://127.0.0.1:1', 'electrum:tcp://h:1'] });
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    expect(await rpc.call('node.info')).toMatchObject({ network: 'regtest' });
    await rpc.close();
    expect(process.platform === 'win32' || (statSync(dataDir).mode & 0o777) === 0o700).toBe(true);
  });

  test('a clock that jumped wakes the node, once', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { app } = await start({});
      let wakes = 0;
      Object.assign(app, { resumed: () => Promise.resolve(wakes++) });
      const look = (): void => {
        nowMs += LOOK_MS;
        vi.advanceTimersByTime(LOOK_MS);
      };
      look();
      expect(wakes).toBe(0);
      nowMs += 3_600_000;
      look();
      look();
      expect(wakes).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('node.stop is answered, then asks for the stop', async () => {
    const { app, headless } = await start({});
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    expect(await rpc.call('node.stop')).toEqual({});
    await headless.stopRequested;
    await Promise.all([headless.stop(), headless.stop()]);
    expect(app.stops).toBe(1);
    await rpc.closed;
    expect(existsSync(join(dataDir, 'rpc.sock'))).toBe(false);
  });

  test('without a password file the vault is left alone', async () => {
    const { app } = await start({});
    expect(app.calls.map(({ method }) => method)).toEqual(['node.info']);
  });

  test('a locked wallet is opened', async () => {
    const { app } = await start({ ...vault('locked'), 'vault.unlock': () => ({}) }, ['--password-file', passwordFile()]);
    expect(app.calls[1]).toEqual({ method: 'vault.unlock', params: { password: 'correct horse' } });
  });

  test('a missing one is made when asked for, and its words are written nowhere', async () => {
    const mnemonic = 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong';
    const { app, headless } = await start({ ...vault('missing'), 'vault.create': () => ({ mnemonic }) }, ['--password-file', passwordFile(), '--init']);
    expect(app.calls[1]).toEqual({ method: 'vault.create', params: { password: 'correct horse', words: 12, passphrase: '' } });
    await headless.stop();
    const written = [...lines, ...logged, readFileSync(join(dataDir, 'logs', 'sferic.log'), 'utf8')].join('\n');
    expect(written).toContain('a wallet was made');
    expect(written).not.toMatch(/zoo|correct horse/u);
  });

  test('or restored from the words of a file', async () => {
    const words = join(folder, 'words');
    writeFileSync(words, '  abandon   about \n', { mode: 0o600 });
    const { app } = await start({ ...vault('missing'), 'vault.restore': () => ({}) }, ['--password-file', passwordFile(), '--mnemonic-file', words]);
    expect(app.calls[1]).toEqual({ method: 'vault.restore', params: { password: 'correct horse', mnemonic: 'abandon about', passphrase: '' } });
  });

  test('an existing wallet is never made anew', async () => {
    const { app } = await start({ ...vault('locked'), 'vault.unlock': () => ({}) }, ['--password-file', passwordFile(), '--init']);
    expect(app.calls.map(({ method }) => method)).toEqual(['vault.status', 'vault.unlock', 'node.info']);
  });

  test('a missing wallet, a wrong password, a missing file: the engine is stopped and nothing is printed', async () => {
    await expect(start(vault('missing'), ['--password-file', passwordFile()])).rejects.toThrow('Add --init to make one');
    const wrong = () => {
      throw new ApiFailure('wrong_password', 'The password is wrong.');
    };
    await expect(start({ ...vault('locked'), 'vault.unlock': wrong }, ['--password-file', passwordFile()])).rejects.toThrow('The password is wrong.');
    await expect(start({}, ['--password-file', join(folder, 'none')])).rejects.toThrow('ENOENT');
    expect(lines).toEqual([]);
    expect(stopsOfFailed).toEqual([1, 1, 1]);
  });

  test('a second one on the same socket leaves the first alone', async () => {
    await start({});
    await expect(start({})).rejects.toThrow('already listening');
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    expect(await rpc.call('node.info')).toEqual(INFO);
    await rpc.close();
  });
});

describe.skipIf(process.platform === 'win32')('the process', () => {
  async function launch(behaviour: string, flags: readonly string[] = []) {
    const child = spawn(process.execPath, [SCRIPT, behaviour, '--network', 'regtest', '--data-dir', dataDir, ...CHAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const out: string[] = [];
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const exited = once(child, 'close') as Promise<[number | null, string | null]>;
    const reader = createInterface({ input: child.stdout });
    const ready = once(reader, 'line').catch(() => undefined);
    reader.on('line', (line) => out.push(line));
    await Promise.race([ready, exited]);
    return { child, out, exited, errors: () => errors };
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it cleanly', async (signal) => {
    const { child, out, exited } = await launch('good');
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0]!)).toMatchObject({ ready: true });
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    expect(out[1]).toBe('engine stopped');
    expect(existsSync(join(dataDir, 'rpc.sock'))).toBe(false);
  });

  test('a second signal ends it at once', async () => {
    const { child, out, exited, errors } = await launch('hangs');
    child.kill('SIGTERM');
    await expect.poll(errors).toContain('stopping');
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(out).toHaveLength(1);
  });

  test('node.stop ends it', async () => {
    const { out, exited } = await launch('good');
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    await rpc.call('node.stop');
    expect(await exited).toEqual([0, null]);
    expect(out[1]).toBe('engine stopped');
  });

  test('an exception that nobody caught is logged, stops the engine, and ends with 1', async () => {
    const { out, exited } = await launch('good');
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    await rpc.call('vault.lock').catch(() => undefined);
    expect(await exited).toEqual([1, null]);
    expect(out[1]).toBe('engine stopped');
    const log = readFileSync(join(dataDir, 'logs', 'sferic.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { message: string }); // prettier-ignore
    expect(log.map(({ message }) => message)).toEqual(['ready', 'an exception that nobody caught', 'stopping', 'stopped']);
    expect(JSON.stringify(log[1])).toContain('nobody caught this');
  });

  test('no debugger by signal', async () => {
    const { child, exited, errors } = await launch('good');
    child.kill('SIGUSR1');
    const rpc = await connectRpc(join(dataDir, 'rpc.sock'));
    await rpc.call('node.info');
    await rpc.close();
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(errors()).not.toContain('Debugger');
  });

  test('a start that fails: one sentence, nothing on the output, 1; a wrong flag: 2', async () => {
    const failed = await launch('no-start');
    expect((await failed.exited)[0]).toBe(1);
    expect(failed.errors()).toContain('sferic: The node could not start; its log says more.');
    expect(failed.out).toEqual([]);
    const wrong = await launch('good', ['--nonsense']);
    expect((await wrong.exited)[0]).toBe(2);
    expect(wrong.errors()).toContain('--nonsense');
  });
});
