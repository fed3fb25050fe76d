import { EventEmitter } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../../core/node/log.ts';
import { createNotifier } from '../../../electron/notify.ts';
import { watchPower } from '../../../electron/power.ts';
import { createQuit, quitLines } from '../../../electron/quit.ts';
import { sayIn } from '../../../electron/texts/index.ts';

const HASH = 'aa'.repeat(32);

describe('notifications', () => {
  function scene(isWatched = false) {
    const shown: string[] = [];
    const clock = { nowMs: 0 };
    return { shown, clock, tell: createNotifier({ say: sayIn('en'), language: () => 'en', isWatched: () => isWatched, show: (body) => shown.push(body), nowMs: () => clock.nowMs }) };
  }

  test('money that moved is told once, without amount or foreign words', () => {
    const { shown, tell } = scene();
    const invoice = { paymentHash: HASH, state: 'paid', receivedMsat: '250000', description: 'visit evil.example' };
    tell('invoice.updated', { ...invoice, state: 'receiving' });
    tell('invoice.updated', invoice);
    tell('invoice.updated', invoice);
    const payment = { paymentHash: HASH, direction: 'sent', state: 'pending', createdAtMs: 1, amountMsat: '250000' };
    tell('payment.updated', payment);
    tell('payment.updated', { ...payment, state: 'succeeded' });
    tell('payment.updated', { ...payment, createdAtMs: 2, state: 'failed' });
    tell('payment.updated', { ...payment, direction: 'received', state: 'succeeded' });
    expect(shown).toEqual(['A payment has arrived.', 'A payment has reached its payee.', 'A payment could not be made. The money is still yours.']);
  });

  test('a channel that begins to close, a deadline, an alarm in words of ours', () => {
    const { shown, tell } = scene();
    tell('channel.updated', { channelId: HASH, state: 'closing' });
    tell('channel.updated', { channelId: 'bb', state: 'normal' });
    tell('channel.updated', { channelId: 'bb', state: 'shutting_down' });
    tell('channel.updated', { channelId: 'bb', state: 'closing' });
    tell('sleep.updated', { blocks: 720, untilHeight: 1000, channelId: 'bb' });
    tell('sleep.updated', { blocks: 100, untilHeight: 1000, channelId: 'bb' });
    tell('sleep.updated', { blocks: 99, untilHeight: 1000, channelId: 'bb' });
    tell('sleep.updated', {});
    tell('alarm', { code: 'revoked_commitment', message: 'x' });
    tell('alarm', { code: 'something_new', message: 'x' });
    expect(shown).toEqual([
      'A channel is being closed.', 'Keep this computer on and connected: a deadline of a channel ends in about 16 hours.',
      'Somebody published an old state of a channel. Your node takes it back as a penalty. Keep Sferic running.', 'Your wallet needs you. Open Sferic to see what happened.',
    ]); // prettier-ignore
  });

  test('of a stream of payments the first is told, and the next after half a minute', () => {
    const { shown, clock, tell } = scene();
    for (let count = 0; count < 100; count++, clock.nowMs += 400) tell('invoice.updated', { paymentHash: `${count}`, state: 'paid' });
    expect(shown).toHaveLength(2);
  });

  test('nothing while somebody looks at the window', () => {
    const { shown, tell } = scene(true);
    tell('invoice.updated', { paymentHash: HASH, state: 'paid' });
    expect(shown).toEqual([]);
  });
});

describe('power', () => {
  function scene() {
    const state = { idleSeconds: 0, nowMs: 0, idleMinutes: 10 };
    const done: string[] = [];
    const monitor = Object.assign(new EventEmitter(), { getSystemIdleTime: () => state.idleSeconds });
    const { look } = watchPower({
      monitor: monitor as never, onSuspend: () => done.push('suspend'), onResume: () => done.push('resume'), onShutdown: () => done.push('shutdown'), lock: () => done.push('lock'),
      idleMinutes: () => state.idleMinutes, nowMs: () => state.nowMs,
    }); // prettier-ignore
    return { state, done, monitor, look };
  }

  test('sleep and its end are handed on; a screen that is locked locks the window', () => {
    const { done, monitor } = scene();
    for (const name of ['suspend', 'resume', 'lock-screen', 'shutdown']) monitor.emit(name);
    expect(done).toEqual(['suspend', 'resume', 'lock', 'shutdown']);
  });

  test('a sleep that nobody announced shows in the clock, once', () => {
    const { state, done, monitor, look } = scene();
    state.nowMs += 5000;
    look();
    state.nowMs += 3_600_000;
    look();
    look();
    expect(done).toEqual(['resume']);
    state.nowMs += 3_600_000;
    monitor.emit('resume');
    look();
    expect(done).toEqual(['resume', 'resume']);
  });

  test('absence locks after the minutes that were chosen; nought is never', () => {
    const { state, done, look } = scene();
    state.idleSeconds = 599;
    look();
    expect(done).toEqual([]);
    state.idleSeconds = 600;
    look();
    expect(done).toEqual(['lock']);
    state.idleMinutes = 0;
    look();
    expect(done).toEqual(['lock']);
  });
});

describe('quit', () => {
  const say = sayIn('en');
  const SLEEP = { blocks: 100, untilHeight: 5000 };

  test('nothing is asked when nothing is pending, however short the budget', () => expect(quitLines({ payments: 0, channels: 0, sleep: SLEEP }, say, 'en')).toEqual([]));
  test('what is pending, and how long the computer may be off', () => {
    const lines = quitLines({ payments: 2, channels: 1, sleep: SLEEP }, say, 'en');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('While Sferic is off nobody watches your channels. Be back within about 16 hours, before block 5000.');
    expect(quitLines({ payments: 0, channels: 1, sleep: {} }, say, 'en')).toContain('Nothing can be lost, however long it takes.');
    expect(quitLines({ payments: 1, channels: 0, sleep: SLEEP }, sayIn('zh-Hans'), 'zh-Hans')[1]).toMatch(/16\s?小时/u);
  });

  function scene(answers: Readonly<Record<string, unknown>>, says = true) {
    const done: string[] = [];
    const live = { ...answers };
    const quit = createQuit({
      call: (method) => (method in live ? Promise.resolve(live[method]) : Promise.reject(new Error('locked'))),
      stop: async () => void done.push('stop'), say, language: () => 'en', log: silentLogger,
      ask: async () => {
        done.push('ask');
        return says;
      },
    }); // prettier-ignore
    return { done, live, quit };
  }
  const PENDING = { 'payment.list': [{ state: 'pending' }], 'channel.list': [{ state: 'normal', pendingHtlcs: 1 }], 'node.info': { sleep: SLEEP } };
  const QUIET = { 'payment.list': [], 'channel.list': [{ state: 'normal', pendingHtlcs: 0 }], 'node.info': { sleep: SLEEP } };

  test('a locked wallet and a quiet one end without a question', async () => {
    for (const answers of [{}, QUIET]) {
      const { done, quit } = scene(answers);
      expect(await quit.begin()).toBe(true);
      expect([done, quit.isDone()]).toEqual([['stop'], true]);
    }
  });

  test('who keeps it running keeps all of it', async () => {
    const { done, quit } = scene(PENDING, false);
    expect(await quit.begin()).toBe(false);
    expect([done, quit.isDone()]).toEqual([['ask'], false]);
  });

  test('a payment in flight is waited for, but not for ever; the node stops in any case', async () => {
    vi.useFakeTimers();
    try {
      const soon = scene(PENDING);
      const first = soon.quit.begin();
      await vi.advanceTimersByTimeAsync(300);
      expect(soon.done).toEqual(['ask']);
      Object.assign(soon.live, QUIET);
      await vi.advanceTimersByTimeAsync(200);
      expect(await first).toBe(true);
      expect(soon.done).toEqual(['ask', 'stop']);
      const never = scene(PENDING);
      const second = never.quit.begin();
      await vi.advanceTimersByTimeAsync(5000);
      expect(await second).toBe(true);
      expect(never.done).toEqual(['ask', 'stop']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('two presses are one, and a system that goes down asks nobody', async () => {
    const { done, quit } = scene(QUIET);
    await Promise.all([quit.begin(), quit.begin()]);
    expect(done).toEqual(['stop']);
    const hurried = scene({ ...PENDING, 'payment.list': [], 'channel.list': [{ state: 'closing', pendingHtlcs: 0 }] });
    hurried.quit.hurry();
    await hurried.quit.begin();
    expect(hurried.done).toEqual(['stop']);
  });
});
