import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, chmodSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectRpc, RpcFailure, type RpcClient } from '../../../core/io/rpc-client.ts';
import { RpcPathError, rpcPathOf } from '../../../core/io/rpc-path.ts';
import { serveRpc, type RpcServer, type RpcServerOptions } from '../../../core/io/rpc-server.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { dispatch, subscribeWire } from '../../../core/node/dispatch.ts';
import { BALANCE, createFakeApp, INFO, PAYMENT, type FakeApp, type FakeHandlers } from '../../support/fake-app.ts';

let folder = '';
let path = '';
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sferic-rpc-'));
  path = join(folder, 'rpc.sock');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

interface Rig {
  readonly app: FakeApp;
  readonly server: RpcServer;
  readonly drops: string[];
}

async function serve(handlers: FakeHandlers = {}, options: Partial<RpcServerOptions> = {}): Promise<Rig> {
  const app = createFakeApp(handlers);
  const drops: string[] = [];
  const server = await serveRpc({
    path,
    dispatch: (method, params) => dispatch(app, method, params),
    subscribe: (listener) => subscribeWire(app, listener),
    onDrop: (reason) => drops.push(reason),
    ...options,
  });
  cleanups.push(() => server.close(0));
  return { app, server, drops };
}

async function client(): Promise<RpcClient> {
  const rpc = await connectRpc(path);
  cleanups.push(() => rpc.close());
  return rpc;
}

interface Raw {
  readonly socket: Socket;
  readonly send: (bytes: string | Uint8Array) => void;
  /** The next line, parsed. */
  readonly next: () => Promise<Record<string, unknown>>;
  readonly ended: Promise<unknown>;
}

async function raw(): Promise<Raw> {
  const socket = connect({ path, allowHalfOpen: true });
  cleanups.push(() => socket.destroy());
  socket.on('error', () => undefined);
  const ended = once(socket, 'close');
  await once(socket, 'connect');
  let text = '';
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const parts = text.split('\n');
    text = parts.pop() ?? '';
    for (const line of parts) {
      const taker = waiting.shift();
      taker ? taker(line) : lines.push(line);
    }
  });
  socket.on('end', () => socket.end());
  const nextLine = (): Promise<string> => new Promise((settle) => (lines.length > 0 ? settle(lines.shift()!) : waiting.push(settle)));
  return { socket, ended, send: (bytes) => void socket.write(bytes), next: async () => JSON.parse(await nextLine()) as Record<string, unknown> };
}

const request = (id: unknown, method: string, params?: unknown): string => `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

describe('framing', () => {
  test('a request may arrive in pieces cut at any byte, inside a character too', async () => {
    const { app } = await serve({ 'wallet.label': () => ({}) });
    const bytes = Buffer.from(request('é☕', 'wallet.label', { txid: 'ab'.repeat(32), label: 'tea ☕ 茶' }) + request(2, 'vault.status'));
    const { send, next } = await raw();
    const other = await client();
    for (let cut = 1; cut < bytes.length; cut++) {
      send(bytes.subarray(0, cut));
      // An answer on another connection: the server has been reading since.
      await other.call('node.info');
      send(bytes.subarray(cut));
      const answers = [await next(), await next()];
      expect(answers).toContainEqual({ jsonrpc: '2.0', id: 'é☕', result: {} });
      expect(answers).toContainEqual({ jsonrpc: '2.0', id: 2, result: { state: 'unlocked', network: 'regtest' } });
    }
    const labels = app.calls.filter(({ method }) => method === 'wallet.label').map(({ params }) => (params as { label: string }).label);
    expect(new Set(labels)).toEqual(new Set(['tea ☕ 茶']));
    expect(labels).toHaveLength(bytes.length - 1);
  });

  test('one byte at a time, with carriage returns and empty lines between', async () => {
    await serve();
    const { send, next } = await raw();
    for (const byte of Buffer.from(`\r\n \n${request(1, 'vault.status').trimEnd()}\r\n\n`)) send(Uint8Array.of(byte));
    expect(await next()).toMatchObject({ id: 1, result: { state: 'unlocked' } });
  });

  test('a line that is too long is answered and ends the connection', async () => {
    const { drops, app } = await serve();
    const { send, next, ended } = await raw();
    send(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(1024 * 1024)}`);
    expect(await next()).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'A request may have 1048576 bytes at most.', data: { code: 'bad_request' } },
    });
    await ended;
    expect(drops).toEqual(['it sent a line that is too long']);
    expect(app.calls).toEqual([]);
    expect(await (await client()).call('vault.status')).toMatchObject({ state: 'unlocked' });
  });

  test('what was asked before the writing side ended is answered', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof PAYMENT>();
    await serve({ 'payment.send': () => promise });
    const { socket, next, ended } = await raw();
    socket.end(request(1, 'payment.send', { invoice: 'lnbc' }) + request(2, 'vault.status'));
    expect(await next()).toMatchObject({ id: 2 });
    resolve(PAYMENT);
    expect(await next()).toMatchObject({ id: 1, result: { state: 'succeeded' } });
    await ended;
  });
});

describe('requests', () => {
  test.each([
    ['not JSON', 'hello\n', -32700, null],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), -32700, null],
    ['a batch', `[${request(1, 'vault.status').trim()}]\n`, -32600, null],
    ['an empty batch', '[]\n', -32600, null],
    ['a number', '1\n', -32600, null],
    ['no id', '{"jsonrpc":"2.0","method":"vault.status"}\n', -32600, null],
    ['an id of another kind', '{"jsonrpc":"2.0","id":{},"method":"vault.status"}\n', -32600, null],
    ['a long id', request('i'.repeat(101), 'vault.status'), -32600, null],
    ['another version', '{"jsonrpc":"1.0","id":7,"method":"vault.status"}\n', -32600, 7],
    ['no method', '{"jsonrpc":"2.0","id":7}\n', -32600, 7],
    ['an unknown method', request(7, 'wallet.steal'), -32601, 7],
    ['a method of every object', request(7, 'toString'), -32601, 7],
    ['parameters in a list', request(7, 'vault.status', []), -32602, 7],
    ['a bad parameter', request(7, 'channel.get', { channelId: 'x' }), -32602, 7],
    ['a deep value', `{"jsonrpc":"2.0","id":7,"method":"vault.status","params":${'['.repeat(200_000)}${']'.repeat(200_000)}}\n`, -32602, 7],
  ])('%s gets an error, and the connection goes on', async (_, bytes, code, id) => {
    const { app } = await serve();
    const { send, next } = await raw();
    send(bytes);
    expect(await next()).toMatchObject({ jsonrpc: '2.0', id, error: { code, data: { code: expect.stringMatching(/bad_request|unknown_method/u) } } });
    expect(app.calls).toEqual([]);
    send(request(8, 'vault.status'));
    expect(await next()).toMatchObject({ id: 8, result: {} });
  });

  test('pipelined requests are answered as they are done', async () => {
    const held = new Map<string, (payment: typeof PAYMENT) => void>();
    await serve({ 'payment.send': ({ invoice }) => new Promise((settle) => held.set(invoice, settle)) });
    const { send, next } = await raw();
    send(['a', 'b', 'c'].map((invoice) => request(invoice, 'payment.send', { invoice })).join('') + request('now', 'vault.status'));
    expect(await next()).toMatchObject({ id: 'now' });
    for (const invoice of ['c', 'a', 'b']) {
      held.get(invoice)?.(PAYMENT);
      expect(await next()).toMatchObject({ id: invoice, result: { amountMsat: '9007199254740993' } });
    }
  });

  test('a flood: no more than the limit under way, all answered in the end', async () => {
    let underWay = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const { app } = await serve(
      {
        'payment.send': () =>
          new Promise((settle) => {
            most = Math.max(most, ++underWay);
            waiting.push(() => {
              underWay--;
              settle(PAYMENT);
            });
          }),
      },
      { limits: { pending: 10 } },
    );
    const { send, next } = await raw();
    const total = 3000;
    send(Array.from({ length: total }, (_, id) => request(id, 'payment.send', { invoice: 'lnbc' })).join(''));
    const other = await client();
    const answered = new Set<unknown>();
    while (answered.size < total) {
      if (waiting.length === 0) await other.call('vault.status');
      for (const finish of waiting.splice(0)) {
        finish();
        answered.add((await next())['id']);
      }
    }
    expect(most).toBe(10);
    expect(app.calls.filter(({ method }) => method === 'payment.send')).toHaveLength(total);
  });

  test('several clients do not see each other; the end of one leaves the others', async () => {
    const { app } = await serve();
    const clients = await Promise.all(Array.from({ length: 20 }, () => client()));
    const answers = await Promise.all(clients.map((rpc) => rpc.call('node.info')));
    expect(answers).toEqual(clients.map(() => INFO));
    await clients[0]?.close();
    expect(await clients[1]?.call('node.info')).toEqual(INFO);
    expect(app.calls).toHaveLength(21);
  });

  test('more clients than allowed are told so', async () => {
    await serve({}, { limits: { clients: 2 } });
    const [first] = [await client(), await client()];
    await first?.call('vault.status');
    const third = await raw();
    expect(await third.next()).toMatchObject({ id: null, error: { message: 'Too many programs are connected to the wallet.' } });
    await third.ended;
  });
});

describe('events', () => {
  test('only after node.subscribe, only the ones asked for, in order', async () => {
    const { app } = await serve();
    const [none, some, all] = [await client(), await client(), await client()];
    const told = { none: [] as string[], some: [] as string[], all: [] as string[] };
    none.on((name) => told.none.push(name));
    some.on((name) => told.some.push(name));
    all.on((name, data) => told.all.push(`${name} ${'confirmedSat' in data ? data.confirmedSat : ''}`.trim()));
    await some.call('node.subscribe', { events: ['alarm'] });
    await all.call('node.subscribe');
    app.tell('wallet.updated', BALANCE);
    app.tell('alarm', { code: 'breach', message: 'A peer cheated.' });
    // Answers and events of a connection share one stream: behind an answer, the events before it have arrived.
    await Promise.all([none.call('vault.status'), some.call('vault.status'), all.call('vault.status')]);
    expect(told).toEqual({ none: [], some: ['alarm'], all: ['wallet.updated 2100000000000000', 'alarm'] });
    await some.call('node.subscribe', { events: [] });
    app.tell('alarm', { code: 'breach', message: 'A peer cheated.' });
    await Promise.all([some.call('vault.status'), all.call('vault.status')]);
    expect(told.some).toHaveLength(1);
    expect(told.all).toHaveLength(3);
  });

  test('the engine is followed only while somebody listens', async () => {
    const { app } = await serve();
    const rpc = await client();
    await rpc.call('vault.status');
    expect(app.listenerCount()).toBe(0);
    await rpc.call('node.subscribe');
    await rpc.call('node.subscribe');
    expect(app.listenerCount()).toBe(1);
    const other = await client();
    await rpc.close();
    await expect.poll(() => app.listenerCount()).toBe(0);
    await other.call('vault.status');
  });

  test('a name that is no event is refused', async () => {
    const { app } = await serve();
    const rpc = await client();
    await expect(rpc.call('node.subscribe', { events: ['toString'] })).rejects.toMatchObject({ code: 'bad_request', data: { parameter: 'events' } });
    expect(app.listenerCount()).toBe(0);
  });

  test('a subscriber that does not read is dropped, and nobody else', async () => {
    const { app, drops } = await serve();
    const slow = await raw();
    slow.send(request(1, 'node.subscribe'));
    await slow.next();
    slow.socket.pause();
    const good = await client();
    let heard = 0;
    good.on(() => heard++);
    await good.call('node.subscribe');
    const alarm = { code: 'breach', message: 'x'.repeat(1000) };
    let told = 0;
    while (drops.length === 0 && told < 20_000) {
      for (let i = 0; i < 100; i++) app.tell('alarm', alarm);
      told += 100;
      await good.call('vault.status');
    }
    expect(drops).toEqual(['it reads too slowly']);
    expect(heard).toBe(told);
    // Eight MiB of lines a little over a thousand bytes.
    expect(told).toBeGreaterThan(7500);
    expect(told).toBeLessThan(12_000);
  });
});

describe('the client', () => {
  test('turns errors into values of the closed list', async () => {
    await serve({
      'payment.send': () => {
        throw new ApiFailure('no_route', 'There is no way.', { possibleMsat: '5' });
      },
    });
    const rpc = await client();
    const failure = await rpc.call('payment.send', { invoice: 'lnbc', amountMsat: 5n }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RpcFailure);
    expect(failure).toMatchObject({ code: 'no_route', message: 'There is no way.', data: { possibleMsat: '5' } });
  });

  test('sends amounts as digits and gets them as bigint', async () => {
    const { app } = await serve({ 'payment.send': ({ amountMsat }) => ({ ...PAYMENT, amountMsat: amountMsat! }) });
    const rpc = await client();
    const amountMsat = 2_100_000_000_000_000_001n;
    expect((await rpc.call('payment.send', { invoice: 'lnbc', amountMsat })).amountMsat).toBe(amountMsat);
    expect(app.calls[0]?.params).toMatchObject({ amountMsat });
  });

  test('an end of the connection ends what waits', async () => {
    const { server } = await serve({ 'payment.send': () => new Promise(() => undefined) });
    const rpc = await client();
    const waiting = rpc.call('payment.send', { invoice: 'lnbc' }).catch((error: unknown) => error);
    await rpc.call('vault.status');
    await server.close(0);
    expect(await waiting).toMatchObject({ code: 'stopping' });
    await rpc.closed;
    await expect(rpc.call('vault.status')).rejects.toMatchObject({ code: 'stopping' });
  });

  test.each([
    ['no JSON', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['an answer of another version', '{"jsonrpc":"2.0","id":1,"result":{"state":"frozen"}}\n'],
    ['an error that is none', '{"jsonrpc":"2.0","id":1,"error":{"data":{"code":"toString"}}}\n'],
  ])('survives a server that answers %s', async (_, answer) => {
    const stranger = createServer((socket) => void socket.on('data', () => socket.write(answer)).on('error', () => undefined));
    await new Promise<void>((settle) => void stranger.listen(path, settle));
    cleanups.push(() => stranger.close());
    const rpc = await client();
    await expect(rpc.call('vault.status')).rejects.toMatchObject({ name: 'RpcFailure', code: 'internal' });
  });

  test('says when there is nobody', async () => {
    await expect(connectRpc(path)).rejects.toThrow(/^No wallet is running at .*rpc\.sock\. Start one with: npm run headless$/u);
    writeFileSync(path, '');
    await expect(connectRpc(path)).rejects.toThrow('is no socket');
  });

  test.runIf(process.getuid?.() === 0)('tells nothing to a socket of another user', async () => {
    await serve();
    const { chownSync } = await import('node:fs');
    chownSync(path, 12_345, 12_345);
    // Root's own processes are believed by everybody; another user's by nobody.
    await expect(connectRpc(path)).rejects.toThrow('belongs to another user');
  });
});

describe.skipIf(process.platform === 'win32')('the socket', () => {
  test('is private from its first moment, and gone after the end', async () => {
    const before = process.umask();
    const umask = vi.spyOn(process, 'umask');
    const { server } = await serve();
    expect(umask.mock.calls).toEqual([[0o177], [before]]);
    umask.mockRestore();
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
    await server.close(0);
    expect(existsSync(path)).toBe(false);
  });

  test('never takes the place of a living one', async () => {
    await serve();
    await expect(serve()).rejects.toThrow(`Another process is already listening at ${path}.`);
    expect(await (await client()).call('node.info')).toEqual(INFO);
  });

  test('takes the place of a dead one', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', script]), 'exit');
    expect(lstatSync(path).isSocket()).toBe(true);
    await serve();
    expect(await (await client()).call('node.info')).toEqual(INFO);
  });

  test.each(['file', 'folder'])('leaves a %s alone', async (kind) => {
    kind === 'file' ? writeFileSync(path, 'precious') : mkdirSync(path);
    await expect(serve()).rejects.toThrow(`${path} exists and is no socket.`);
    expect(existsSync(path)).toBe(true);
  });

  test('wants a folder that nobody else may write to', async () => {
    chmodSync(folder, 0o777);
    await expect(serve()).rejects.toThrow(RpcPathError);
    chmodSync(folder, 0o1777);
    await serve();
  });

  test('says when its path cannot be', async () => {
    path = join(folder, 'x'.repeat(100));
    await expect(serve()).rejects.toThrow('longer than 103 bytes');
    path = join(folder, 'none', 'rpc.sock');
    await expect(serve()).rejects.toThrow('cannot be read (ENOENT)');
  });

  test('requests during the stop are refused, those under way answered', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof PAYMENT>();
    const { server } = await serve({ 'payment.send': () => promise });
    const rpc = await client();
    const paying = rpc.call('payment.send', { invoice: 'lnbc' });
    await rpc.call('vault.status');
    const closed = server.close(10_000);
    resolve(PAYMENT);
    expect(await paying).toEqual(PAYMENT);
    await closed;
    await expect(connectRpc(path)).rejects.toThrow('No wallet is running');
  });

  test('random bytes end at most their own connection', async () => {
    const { app } = await serve();
    const good = await client();
    for (let round = 0; round < 20; round++) {
      const { send, socket } = await raw();
      send(randomBytes(round * 1000));
      send('\n');
      expect(await good.call('node.info')).toEqual(INFO);
      socket.destroy();
    }
    expect(app.calls.every(({ method }) => method === 'node.info')).toBe(true);
  });
});

test('the place of the socket', () => {
  expect(rpcPathOf('/data/sferic', 'linux')).toBe('/data/sferic/rpc.sock');
  expect(rpcPathOf('/data/sferic', 'win32')).toMatch(/^\\\\\.\\pipe\\sferic-[0-9a-f]{24}$/u);
});
