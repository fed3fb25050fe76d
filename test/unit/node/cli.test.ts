import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { methods, type Method } from '../../../core/api.ts';
import { runCli } from '../../../core/cli.ts';
import { formatAnswer, helpText, methodHelp, parseWords, wireParamsOf } from '../../../core/cli-text.ts';
import { serveRpc, type RpcServer } from '../../../core/io/rpc-server.ts';
import { askSecret } from '../../../core/io/terminal.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { dispatch, subscribeWire } from '../../../core/node/dispatch.ts';
import { createFakeApp, PAYMENT, type FakeApp, type FakeHandlers } from '../../support/fake-app.ts';

describe('words', () => {
  test('name=value, the value with whatever it has', () => {
    const words = parseWords(['wallet.label', 'txid=ab', 'label=a=b c', 'x=']);
    expect(words).toMatchObject({ ok: true, value: { method: 'wallet.label' } });
    expect(words.ok && { ...words.value.values }).toEqual({ txid: 'ab', label: 'a=b c', x: '' });
  });

  test.each([[['node.info', 'x']], [['node.info', '=x']], [['node.info', 'a=1', 'a=2']]])('refuses %j', (words) => {
    expect(parseWords(words).ok).toBe(false);
  });

  test('values become what the schema asks for', () => {
    expect(wireParamsOf('payment.send', { invoice: '123', amountMsat: '5000', payAgain: 'true', timeoutMs: '250' })).toEqual({
      invoice: '123', amountMsat: '5000', payAgain: true, timeoutMs: 250,
    }); // prettier-ignore
    expect(wireParamsOf('vault.create', { words: '24', password: '12345678' })).toEqual({ words: 24, password: '12345678' });
    expect(wireParamsOf('wallet.bumpFee', { feerateSatPerVb: '2.5' })).toEqual({ feerateSatPerVb: 2.5 });
    expect(wireParamsOf('node.subscribe', { events: 'alarm,peer.updated' })).toEqual({ events: ['alarm', 'peer.updated'] });
    expect(wireParamsOf('payment.send', { payAgain: 'yes', timeoutMs: '0x10', other: '1' })).toEqual({ payAgain: 'yes', timeoutMs: '0x10', other: '1' });
  });
});

describe('help', () => {
  test('lists every method, and describes each', () => {
    for (const method of Object.keys(methods) as Method[]) {
      expect(helpText()).toContain(`  ${method} `);
      expect(methodHelp(method)).toContain(methods[method].summary);
      for (const name of Object.keys(methods[method].params.shape)) expect(methodHelp(method)).toMatch(new RegExp(`^  ${name} `, 'mu'));
    }
  });

  test('shows types, limits, defaults, and no password in an example', () => {
    expect(methodHelp('payment.send')).toContain('  timeoutMs   whole number from 0 to 600000 (default 60000)');
    expect(methodHelp('vault.unlock')).toContain('npm run cli -- vault.unlock\n');
    expect(methodHelp('vault.unlock')).toContain('(asked for)');
  });
});

test('answers are aligned, lists have a blank line between entries', () => {
  const answer = [{ a: 1, long: '2', inner: { x: true } }, { a: null, list: ['x', 'y'], objects: [{ y: 1 }] }];
  expect(formatAnswer(answer)).toBe('a      1\nlong   2\ninner\n  x  true\n\na        null\nlist     x, y\nobjects\n  y  1');
  expect([formatAnswer([]), formatAnswer({}), formatAnswer('text')]).toEqual(['(none)', '(done)', 'text']);
});

describe('commands', () => {
  let folder = '';
  let server: RpcServer;
  let app: FakeApp;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sferic-cli-'));
    const handlers: FakeHandlers = {
      'payment.send': ({ invoice }) => {
        if (invoice === 'none') throw new ApiFailure('no_route', 'There is no way.', { possibleMsat: '5' });
        return PAYMENT;
      },
      'vault.create': () => ({ mnemonic: 'abandon about' }),
      'vault.unlock': () => ({}),
      'vault.restore': () => ({}),
      'backup.run': () => ({ file: 'U0ZFUklDQg==', channels: 2, madeAtMs: 5 }),
      'backup.drill': () => ({ madeAtMs: 5, channels: [], missing: [] }),
    };
    app = createFakeApp(handlers);
    server = await serveRpc({
      path: join(folder, 'rpc.sock'),
      dispatch: (method, params) => dispatch(app, method, params),
      subscribe: (listener) => subscribeWire(app, listener),
    });
  });
  afterEach(async () => {
    await server.close(0);
    rmSync(folder, { recursive: true, force: true });
  });

  async function cli(args: readonly string[], typed: readonly string[] = []) {
    const out: string[] = [];
    const errors: string[] = [];
    const asked: string[] = [];
    const keys = [...typed];
    const code = await runCli([...args, '--data-dir', folder], {
      print: (text) => out.push(text),
      complain: (text) => errors.push(text),
      ask: (question) => {
        asked.push(question);
        return Promise.resolve(keys.shift());
      },
    });
    return { code, out: out.join('\n'), errors: errors.join('\n'), asked };
  }

  test('an answer as text and as JSON', async () => {
    const text = await cli(['payment.send', 'invoice=lnbc', 'maxFeeMsat=7']);
    expect(text).toMatchObject({ code: 0, errors: '' });
    expect(text.out).toMatch(/^amountMsat {3}9007199254740993$/mu);
    expect(app.calls[0]?.params).toMatchObject({ invoice: 'lnbc', maxFeeMsat: 7n });
    const json = await cli(['payment.send', 'invoice=lnbc', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ amountMsat: '9007199254740993' });
  });

  test('errors: a sentence with the code, exit code 1', async () => {
    expect(await cli(['payment.send', 'invoice=none'])).toMatchObject({ code: 1, out: '', errors: 'There is no way. (no_route, possibleMsat 5)' });
    const json = await cli(['payment.send', 'invoice=none', '--json']);
    expect(JSON.parse(json.errors)).toEqual({ code: 'no_route', message: 'There is no way.', data: { possibleMsat: '5' } });
    expect(await cli(['payment.send', 'invoice=a', 'timeoutMs=x'])).toMatchObject({ code: 1, errors: expect.stringContaining('bad_request') });
    expect(await cli(['payment.send', '__proto__=1', 'invoice=a'])).toMatchObject({ code: 1 });
    expect(await cli(['payment.steal'])).toMatchObject({ code: 1, errors: expect.stringContaining('There is no method') });
    expect(await cli(['node.info', '--nonsense'])).toMatchObject({ code: 1, errors: expect.stringContaining('--nonsense') });
    expect(await cli(['node.info', '--rpc', join(folder, 'none')])).toMatchObject({ code: 1, errors: expect.stringContaining('No wallet is running') });
    expect(app.calls).toHaveLength(2);
  });

  test('a password that was left out is asked for; a new one twice', async () => {
    expect(await cli(['vault.unlock'], ['hunter22'])).toMatchObject({ code: 0, out: '(done)', asked: ['Password'] });
    expect(await cli(['vault.create', 'words=24'], ['hunter22', 'hunter22'])).toMatchObject({ code: 0, asked: ['Password', 'Password again'] });
    expect(app.calls.map(({ params }) => params)).toEqual([{ password: 'hunter22' }, { password: 'hunter22', words: 24, passphrase: '' }]);
    expect(await cli(['vault.create'], ['hunter22', 'hunter23'])).toMatchObject({ code: 1, errors: 'The two are not the same.' });
    expect(await cli(['vault.unlock'])).toMatchObject({ code: 1, errors: expect.stringContaining('--password-file') });
    expect(app.calls).toHaveLength(2);
  });

  test('nothing is asked for when the rest is wrong already', async () => {
    expect(await cli(['vault.create', 'words=13'], ['hunter22', 'hunter22'])).toMatchObject({ code: 1, asked: [], errors: expect.stringContaining('words') });
  });

  test('secrets come from files too', async () => {
    writeFileSync(join(folder, 'password'), 'hunter22\n', { mode: 0o600 });
    writeFileSync(join(folder, 'words'), 'abandon about\r\n', { mode: 0o600 });
    const files = ['--password-file', join(folder, 'password'), '--mnemonic-file', join(folder, 'words')];
    expect(await cli(['vault.restore', ...files])).toMatchObject({ code: 0, asked: [] });
    expect(app.calls[0]?.params).toEqual({ password: 'hunter22', mnemonic: 'abandon about', passphrase: '' });
    expect(await cli(['vault.unlock', '--password-file', join(folder, 'none')])).toMatchObject({ code: 1, errors: expect.stringContaining('ENOENT') });
  });

  test('a backup file is written and read by its path', async () => {
    const path = join(folder, 'channels.sferic');
    const made = await cli(['backup.run', '--file', path]);
    // What lies there is what counts.
    expect(app.calls.map(({ method, params }) => [method, params])).toEqual([['backup.run', {}], ['backup.drill', { file: 'U0ZFUklDQg==' }]]);
    expect(made).toMatchObject({ code: 0, errors: '' });
    expect(made.out).toContain(path);
    expect(made.out).not.toContain('U0ZF');
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['U0ZFUklDQg==\n', process.platform === 'win32' ? expect.anything() : 0o600]);
    writeFileSync(path, 'U0ZF\r\nUklDQg== \n');
    expect(await cli(['backup.drill', '--file', path])).toMatchObject({ code: 0 });
    expect(app.calls.at(-1)).toMatchObject({ method: 'backup.drill', params: { file: 'U0ZFUklDQg==' } });
    expect((await cli(['backup.run'])).out).toContain('U0ZFUklDQg==');
  });

  test('a file that cannot be read or written is a sentence, and a method without one says so', async () => {
    expect(await cli(['backup.drill', '--file', join(folder, 'none')])).toMatchObject({ code: 1, errors: expect.stringContaining('ENOENT') });
    writeFileSync(join(folder, 'huge'), 'x'.repeat(600_000));
    expect(await cli(['backup.restore', '--file', join(folder, 'huge')])).toMatchObject({ code: 1, errors: expect.stringContaining('too large') });
    expect(await cli(['node.info', '--file', join(folder, 'none')])).toMatchObject({ code: 1, errors: expect.stringContaining('no file') });
    expect(app.calls).toEqual([]);
    expect(await cli(['backup.run', '--file', join(folder, 'no', 'such', 'folder')])).toMatchObject({ code: 1, errors: expect.stringContaining('there is no backup file') });
    expect(await cli(['backup.run', '--file', folder])).toMatchObject({ code: 1, errors: expect.stringContaining('there is no backup file') });
  });

  test('node.subscribe prints events until the wallet stops', async () => {
    const out: string[] = [];
    const running = runCli(['node.subscribe', 'events=alarm', '--data-dir', folder], {
      print: (text) => out.push(text),
      complain: () => undefined,
      ask: () => Promise.resolve(undefined),
    });
    await expect.poll(() => out).toEqual(['(done)']);
    app.tell('alarm', { code: 'breach', message: 'A peer cheated.' });
    await expect.poll(() => out[1]).toBe('{"event":"alarm","data":{"code":"breach","message":"A peer cheated."}}');
    await server.close(0);
    expect(await running).toBe(0);
  });
});

describe('the terminal', () => {
  class FakeKeyboard extends EventEmitter {
    readonly isTTY = true;
    readonly raw: boolean[] = [];
    setRawMode(isRaw: boolean): void {
      this.raw.push(isRaw);
    }
    resume(): void {
      this.raw.push(true);
    }
    pause(): void {
      this.raw.push(false);
    }
  }

  test.each([
    ['hunter22\r', 'hunter22'],
    ['huntex\u007fr\n', 'hunter'],
    ['pässwört☕\r', 'pässwört☕'],
    ['\r', ''],
    ['hun\u0003', undefined],
    ['\u0004', undefined],
  ])('reads %j without showing it', async (typed, secret) => {
    const keyboard = new FakeKeyboard();
    const shown: string[] = [];
    const asking = askSecret('Password', keyboard, { write: (text) => shown.push(text) });
    for (const byte of Buffer.from(typed)) keyboard.emit('data', Buffer.from([byte]));
    expect(await asking).toBe(secret);
    expect(shown).toEqual(['Password: ', '\n']);
    expect(keyboard.raw).toEqual([true, true, false, false]);
    expect(keyboard.listenerCount('data')).toBe(0);
  });

  test('asks nobody where there is no terminal', async () => {
    const keyboard = Object.assign(new FakeKeyboard(), { isTTY: false });
    expect(await askSecret('Password', keyboard, { write: () => undefined })).toBeUndefined();
  });
});
