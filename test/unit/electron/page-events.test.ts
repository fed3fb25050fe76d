import { expect, test } from 'vitest';
import { PageEvents } from '../../../electron/page-events.ts';

function scene() {
  const sent: [string, unknown][] = [];
  const tasks: (() => void)[] = [];
  const events = new PageEvents({ send: (name, data) => sent.push([name, data]), later: (task) => tasks.push(task) });
  const pass = (): void => tasks.splice(0).forEach((task) => task());
  return { sent, tasks, events, pass };
}
const channel = (channelId: string, localCommitmentNumber: number) => ({ channelId, localCommitmentNumber });

test('what comes alone is told at once', () => {
  const { sent, events, pass } = scene();
  events.tell('channel.updated', channel('a', 1));
  expect(sent).toEqual([['channel.updated', channel('a', 1)]]);
  pass();
  pass();
  events.tell('channel.updated', channel('a', 2));
  expect(sent).toHaveLength(2);
});

test('of many states of one thing the newest is told, and of every thing', () => {
  const { sent, events, pass } = scene();
  events.tell('wallet.updated', {});
  for (let number = 1; number <= 50; number++) for (const id of ['a', 'b']) events.tell('channel.updated', channel(id, number));
  events.tell('payment.updated', { paymentHash: 'h', direction: 'sent', state: 'succeeded' });
  events.tell('payment.updated', { paymentHash: 'h', direction: 'received', state: 'succeeded' });
  expect(sent).toHaveLength(1);
  pass();
  expect(sent.slice(1)).toEqual([
    ['channel.updated', channel('a', 50)],
    ['channel.updated', channel('b', 50)],
    ['payment.updated', { paymentHash: 'h', direction: 'sent', state: 'succeeded' }],
    ['payment.updated', { paymentHash: 'h', direction: 'received', state: 'succeeded' }],
  ]);
});

test('nothing is told late for ever: what waits when the last timer ends was sent', () => {
  const { sent, tasks, events, pass } = scene();
  for (let number = 1; number <= 3; number++) {
    events.tell('channel.updated', channel('a', number));
    pass();
  }
  expect(sent.at(-1)).toEqual(['channel.updated', channel('a', 3)]);
  pass();
  expect(tasks).toEqual([]);
});

test('an alarm waits for nothing and comes after what it may speak of', () => {
  const { sent, events } = scene();
  events.tell('channel.updated', channel('a', 1));
  events.tell('channel.updated', channel('a', 2));
  events.tell('alarm', { code: 'revoked_commitment', message: '', channelId: 'a' });
  expect(sent.slice(1)).toEqual([
    ['channel.updated', channel('a', 2)],
    ['alarm', { code: 'revoked_commitment', message: '', channelId: 'a' }],
  ]);
});

test('what waited for another wallet is not told', () => {
  const { sent, events, pass } = scene();
  events.tell('wallet.updated', { spendableSat: '1' });
  events.tell('wallet.updated', { spendableSat: '2' });
  events.forget();
  pass();
  expect(sent).toEqual([['wallet.updated', { spendableSat: '1' }]]);
});
