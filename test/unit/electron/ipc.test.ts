import { describe, expect, test } from 'vitest';
import { CONFIRMED_METHODS, methods, shellMethods, WINDOW_METHODS } from '../../../core/api.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { dispatch } from '../../../core/node/dispatch.ts';
import { type IpcPort, registerIpc, type Reply, type ShellHandlers } from '../../../electron/ipc.ts';
import { createFakeApp } from '../../support/fake-app.ts';

type Channel = (event: unknown, ...args: unknown[]) => Promise<Reply>;
const PAGE = 7;

function openIpc(change: Partial<IpcPort> = {}) {
  const channels = new Map<string, Channel>();
  const app = createFakeApp();
  const asked: string[] = [];
  const shell = Object.fromEntries(Object.keys(shellMethods).map((name) => [name, () => (asked.push(name), {})])) as unknown as ShellHandlers;
  registerIpc({
    ipc: { handle: (name: string, channel: Channel) => void channels.set(name, channel) } as never,
    engine: (method, params) => dispatch(app, method, params), shell, redeem: (_method, params) => params, isLocked: () => false, pageId: () => PAGE, log: silentLogger, ...change,
  }); // prettier-ignore
  const ask = (method: string, event: unknown, ...args: unknown[]): Promise<Reply> => channels.get(`sferic:${method}`)!(event, ...args);
  return { channels, ask, reached: () => [...asked, ...app.calls.map(({ method }) => method)] };
}

const sender = (change: object = {}) => ({ id: PAGE, isDestroyed: () => false, ...change });
const frame = (change: object = {}) => ({ url: 'app://wallet/index.html', parent: null, ...change });
const fromWallet = { sender: sender(), senderFrame: frame() };

const STRANGERS: readonly (readonly [string, unknown])[] = [
  ['another window', { sender: sender({ id: 8 }), senderFrame: frame() }],
  ['a sub-frame', { sender: sender(), senderFrame: frame({ parent: frame() }) }],
  ['another origin', { sender: sender(), senderFrame: frame({ url: 'https://wallet.example/' }) }],
  ['a look-alike origin', { sender: sender(), senderFrame: frame({ url: 'app://wallet.evil/index.html' }) }],
  ['a file', { sender: sender(), senderFrame: frame({ url: 'file:///index.html' }) }],
  ['a frame that is gone', { sender: sender(), senderFrame: null }],
  ['a destroyed page', { sender: sender({ isDestroyed: () => true }), senderFrame: frame() }],
];

/** An own `__proto__`, as structured clone and JSON can bring it. */
const polluted: unknown = JSON.parse('{"__proto__":{"password":"x"}}');
const circular: { self?: unknown } = {};
circular.self = circular;
const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), {});

const BAD_PARAMS: readonly (readonly [string, unknown])[] = [
  ['text', 'text'], ['a number', 1], ['null in a list', [null]], ['a list', []], ['an extra key', { nobodyKnowsThis: 1 }], ['a polluting key', polluted],
  ['a constructor key', { constructor: { prototype: {} } }], ['too deep', deep], ['itself', circular], ['a map', new Map([['a', 1]])], ['a date', new Date()],
  ['a huge text', { password: 'x'.repeat(300_000) }], ['a huge list', { events: Array.from({ length: 300_000 }, () => 1) }], ['huge bytes', new Uint8Array(300_000)],
]; // prettier-ignore

describe('one channel for each method of the contract', () => {
  test('the channels are the reviewed list: everything but the end of the engine and the subscription', () => {
    const { channels } = openIpc();
    const expected = [...Object.keys(methods).filter((name) => !['node.stop', 'node.subscribe'].includes(name)), ...Object.keys(shellMethods)];
    expect([...channels.keys()].sort()).toEqual(expected.map((name) => `sferic:${name}`).sort());
    expect(channels.has('sferic:node.stop')).toBe(false);
  });

  describe.each(WINDOW_METHODS)('%s', (method) => {
    test.each(STRANGERS)('refuses %s', async (_, event) => {
      const { ask, reached } = openIpc();
      expect(await ask(method, event, {})).toMatchObject({ ok: false, error: { code: 'bad_request' } });
      expect(reached()).toEqual([]);
    });
    test.each(BAD_PARAMS)('refuses %s', async (_, params) => {
      const { ask, reached } = openIpc();
      expect(await ask(method, fromWallet, params)).toMatchObject({ ok: false, error: { code: 'bad_request' } });
      expect(reached()).toEqual([]);
      expect(({} as { password?: string }).password).toBeUndefined();
    });
    test('refuses an argument too many', async () => {
      const { ask, reached } = openIpc();
      expect(await ask(method, fromWallet, {}, ...(CONFIRMED_METHODS.some((name) => name === method) ? ['token'] : []), {})).toMatchObject({ ok: false });
      expect(reached()).toEqual([]);
    });
  });

  test('a request of the wallet goes through, absent parameters are none', async () => {
    const { ask, reached } = openIpc();
    expect(await ask('vault.status', fromWallet)).toMatchObject({ ok: true });
    expect(await ask('shell.state', fromWallet, {})).toMatchObject({ ok: true });
    expect(reached()).toEqual(['shell.state', 'vault.status']);
  });

  test('a locked window gets nothing of the wallet, by any channel', async () => {
    const { ask, reached } = openIpc({ isLocked: () => true });
    for (const method of WINDOW_METHODS) await ask(method, fromWallet, {});
    const open = ['shell.state', 'shell.set', 'shell.lock', 'shell.unlock', 'shell.quickUnlock', 'shell.forgetUnlock', 'shell.openLink', 'vault.status'];
    expect(reached().filter((method) => !open.includes(method))).toEqual([]);
    expect(await ask('wallet.balance', fromWallet, {})).toMatchObject({ error: { code: 'locked' } });
  });

  test.each(CONFIRMED_METHODS)('%s goes no further without a yes, and is carried out as it was shown', async (method) => {
    const refuse = (): never => {
      throw new ApiFailure('not_confirmed', 'You did not confirm this.');
    };
    const refused = openIpc({ redeem: refuse });
    expect(await refused.ask(method, fromWallet, {})).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    expect(await refused.ask(method, fromWallet, {}, 'a token')).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    expect(refused.reached()).toEqual([]);
    const handed: unknown[] = [];
    const given = openIpc({
      redeem: (...shown) => {
        handed.push(shown);
        return { shown: 'limit' };
      },
      engine: async (_method, params) => ({ ok: true, value: params }),
    }); // prettier-ignore
    const answer = await given.ask(method, fromWallet, { page: 1 }, 'a token');
    expect(handed).toEqual([[method, { page: 1 }, 'a token']]);
    // What the shell does itself checks its parameters once more.
    expect(answer).toEqual(method === 'shell.connect' ? expect.objectContaining({ ok: false }) : { ok: true, value: { shown: 'limit' } });
  });

  test.each(WINDOW_METHODS)('%s looks at the size before it looks at anything else', async (method) => {
    const { ask } = openIpc();
    for (const huge of [{ text: 'x'.repeat(300_000) }, { lists: Array.from({ length: 100 }, () => Array(100).fill(1)) }, { [`name${'x'.repeat(300_000)}`]: 1 }]) {
      expect(await ask(method, fromWallet, huge)).toEqual({ ok: false, error: { code: 'bad_request', message: 'The request is too large.' } });
    }
  });

  test('a flood is cut off while its first requests are under way', async () => {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const { ask } = openIpc({ engine: () => promise });
    const flood = Array.from({ length: 100 }, () => ask('vault.status', fromWallet, {}));
    expect(await ask('vault.status', fromWallet, {})).toMatchObject({ ok: false, error: { code: 'bad_request' } });
    resolve({ ok: true, value: {} });
    expect((await Promise.all(flood)).filter(({ ok }) => ok)).toHaveLength(64);
  });

  test('a fault of ours is told without its stack', async () => {
    const shell = { 'shell.state': () => { throw new Error('secret path /home/somebody'); } } as unknown as ShellHandlers; // prettier-ignore
    const { ask } = openIpc({ shell });
    expect(JSON.stringify(await ask('shell.state', fromWallet, {}))).not.toContain('secret');
  });
});
