import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLogFile } from '../../../core/io/log-file.ts';
import { createLogger, jsonLine, textLine, type LogLevel, type LogRecord } from '../../../core/node/log.ts';
import { HIDDEN, isSecretName, redact, redactText } from '../../../core/node/redact.ts';

const SECRET = 'f00d'.repeat(16);

function capture(level: LogLevel = 'debug') {
  const records: LogRecord[] = [];
  return { records, log: createLogger({ level, nowMs: () => 1_700_000_000_000, write: (record) => records.push(record) }) };
}

describe('the redactor', () => {
  test.each([
    'password', 'newPassword', 'passphrase', 'mnemonic', 'seed', 'perCommitmentSeed', 'preimage', 'paymentPreimage', 'secret',
    'perCommitmentSecret', 'paymentSecret', 'key', 'privateKey', 'nodeKey', 'encryption_key', 'keys', 'PRIVATE_KEY', 'priv', 'token', 'cookie',
  ])('hides %s, whatever it is and however deep', (name) => {
    for (const value of [SECRET, 'abandon abandon', new Uint8Array(32).fill(7), { hex: SECRET }, [SECRET], 7n]) {
      const lines = [redact({ [name]: value }), redact({ a: { b: [{ [name]: value }] } })].map((fields) => JSON.stringify(fields));
      expect(lines[0]).toBe(JSON.stringify({ [name]: HIDDEN }));
      for (const line of lines) expect(line).not.toMatch(/f00d|abandon|7/u);
    }
  }); // prettier-ignore

  test.each(['nodeId', 'paymentHash', 'txid', 'channelId', 'publicKey', 'fundingPubkey', 'pubkeys', 'address', 'event'])('shows %s', (name) => {
    expect(redact({ [name]: SECRET })).toEqual({ [name]: SECRET });
  });

  test('only counts bytes, whatever they are called', () => {
    expect(redact({ a: new Uint8Array(33), b: Buffer.from(SECRET), c: [new Uint8Array(1)], d: new ArrayBuffer(5), e: new DataView(new ArrayBuffer(2)) })).toEqual({
      a: '[33 bytes]', b: '[64 bytes]', c: ['[1 bytes]'], d: '[5 bytes]', e: '[2 bytes]',
    }); // prettier-ignore
  });

  test('takes credentials out of addresses', () => {
    expect(redact({ chain: ['bitcoind:http://alice:pa/ss@w@127.0.0.1:8332', 'electrum:tcp://h:1'] })).toEqual({
      chain: [`bitcoind:http://${HIDDEN}@127.0.0.1:8332`, 'electrum:tcp://h:1'],
    });
  });

  test('makes foreign text one short harmless line', () => {
    const alias = redact({ alias: `evil\n2026-01-01 error paid\u001b[2J\u202e${'x'.repeat(100_000)}` })['alias'] as string;
    expect(alias).toMatch(/^evil 2026-01-01 error paid\[2Jx+…$/u);
    expect(alias.length).toBeLessThanOrEqual(500);
  });

  test('of exceptions: the name, the message without anything like a secret, the place', () => {
    const error = Object.assign(new RangeError(`bad scalar ${SECRET}`), { code: 'E_RANGE', privateKey: SECRET });
    const line = JSON.stringify(redact({ error }));
    expect(line).toContain('RangeError');
    expect(line).toContain(`bad scalar ${HIDDEN}`);
    expect(line).toContain('log.test.ts');
    expect(line).not.toContain('f00d');
    expect(redactText(`boom ${SECRET.toUpperCase()}`)).toBe(`boom ${HIDDEN}`);
  });

  test('is bounded in depth and width, and knows no objects of ours', () => {
    const circle: Record<string, unknown> = {};
    circle['a'] = circle;
    expect(JSON.stringify(redact({ circle }))).toContain('[deeper]');
    expect((redact({ list: Array.from({ length: 1000 }, (_, i) => i) })['list'] as unknown[]).length).toBe(51);
    class Wallet {
      readonly words = 'abandon';
    }
    expect(redact({ a: new Wallet(), b: new Map([['x', SECRET]]), c: () => SECRET, d: Symbol(SECRET), e: undefined, f: 5n, g: null })).toEqual({
      a: '[object]', b: '[object]', c: '[function]', d: '[symbol]', f: '5', g: null,
    }); // prettier-ignore
  });

  test('property: nothing under a secret name is ever seen, and a line is always JSON', () => {
    const names = fc.constantFrom('password', 'seed', 'peer', 'nested', 'list', 'paymentPreimage', 'nodeKey');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.constant(SECRET), fc.dictionary(names, tie('tree'), { maxKeys: 3 })),
    }));
    const underPublicNames = (value: unknown): boolean =>
      value === SECRET ||
      (typeof value === 'object' && value !== null && Object.entries(value).some(([name, inner]) => !isSecretName(name) && underPublicNames(inner)));
    fc.assert(
      fc.property(fc.dictionary(names, tree), (fields) => {
        const { records, log } = capture();
        log.info('x', fields);
        const line = jsonLine(records[0]!);
        expect(JSON.parse(line)).toMatchObject({ level: 'info' });
        expect(line.includes(SECRET) && !underPublicNames(fields)).toBe(false);
      }),
    );
  });
});

describe('the logger', () => {
  test('levels, fields of the child, and two ways to write', () => {
    const { records, log } = capture('warn');
    const child = log.child({ peer: '02ab' }).child({ channel: 3 });
    child.info('not written');
    child.debug('not written');
    child.warn('slow answer', { peer: '03cd', ms: 12, words: 'two words' });
    log.error('broken');
    expect(records.map(({ message }) => message)).toEqual(['slow answer', 'broken']);
    expect(JSON.parse(jsonLine(records[0]!))).toEqual({
      time: '2023-11-14T22:13:20.000Z', level: 'warn', message: 'slow answer', fields: { peer: '03cd', channel: 3, ms: 12, words: 'two words' },
    }); // prettier-ignore
    expect(textLine(records[0]!)).toBe('2023-11-14T22:13:20.000Z warn  slow answer peer=03cd channel=3 ms=12 words="two words"');
  });

  test('never throws', () => {
    const broken = createLogger({
      level: 'debug',
      nowMs: () => Number.NaN,
      write: () => {
        throw new Error('disk');
      },
    });
    const trap = Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('trap'); } }); // prettier-ignore
    expect(() => broken.error('x', trap as Record<string, unknown>)).not.toThrow();
    const { records, log } = capture();
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(() => log.error('x', { a: revoked.proxy })).not.toThrow();
    expect(jsonLine({ timeMs: Number.NaN, level: 'info', message: '', fields: {} })).toContain('NaN');
    expect(records).toEqual([]);
  });
});

const PRIVATE = 0o600;
/** Windows knows no modes. */
const modeOf = (path: string): number => (process.platform === 'win32' ? PRIVATE : statSync(path).mode & 0o777);

describe('the log file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sferic-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('keeps the newest lines in a bounded number of private files', () => {
    const path = join(folder, 'logs', 'sferic.log');
    const log = openLogFile({ path, maxBytes: 1000, files: 3 });
    for (let i = 0; i < 500; i++) {
      log.write(`line ${i}`);
      log.flush();
    }
    log.close();
    const files = readdirSync(join(folder, 'logs')).sort();
    expect(files).toEqual(['sferic.1.log', 'sferic.2.log', 'sferic.log']);
    for (const file of files) {
      expect(statSync(join(folder, 'logs', file)).size).toBeLessThanOrEqual(1000);
      expect(modeOf(join(folder, 'logs', file))).toBe(PRIVATE);
    }
    const kept = ['sferic.2.log', 'sferic.1.log', 'sferic.log'].map((file) => readFileSync(join(folder, 'logs', file), 'utf8')).join('');
    const numbers = kept.trim().split('\n').map((line) => Number(line.slice(5))); // prettier-ignore
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 500 - numbers.length + i));
    expect(numbers.length).toBeGreaterThan(200);
  });

  test('goes on where it ended, makes an open file private, writes one line a call', () => {
    const path = join(folder, 'sferic.log');
    writeFileSync(path, 'old\n');
    chmodSync(path, 0o644);
    const log = openLogFile({ path });
    log.write('a\nforged line\r\nb');
    log.close();
    log.write('after the end');
    expect(readFileSync(path, 'utf8')).toBe('old\na forged line b\n');
    expect(modeOf(path)).toBe(PRIVATE);
  });

  test('lines gather and are written by themselves', async () => {
    const path = join(folder, 'sferic.log');
    const log = openLogFile({ path });
    log.write('by itself');
    await expect.poll(() => readFileSync(path, 'utf8')).toBe('by itself\n');
    log.close();
  });

  test.skipIf(process.platform === 'win32')('does not follow a link', () => {
    writeFileSync(join(folder, 'precious'), '');
    symlinkSync(join(folder, 'precious'), join(folder, 'sferic.log'));
    expect(() => openLogFile({ path: join(folder, 'sferic.log') })).toThrow(/ELOOP/u);
  });

  test('a folder that is gone loses lines, says so later, and never throws', () => {
    const path = join(folder, 'logs', 'sferic.log');
    const log = openLogFile({ path, maxBytes: 10 });
    log.write('0123456789');
    log.flush();
    rmSync(join(folder, 'logs'), { recursive: true });
    writeFileSync(join(folder, 'logs'), 'a file in place of the folder');
    log.write('lost 1');
    log.flush();
    log.write('lost 2');
    log.flush();
    rmSync(join(folder, 'logs'));
    log.write('found');
    log.close();
    expect(readFileSync(path, 'utf8')).toBe('(2 lines were lost: the log could not be written)\nfound\n');
  });
});
