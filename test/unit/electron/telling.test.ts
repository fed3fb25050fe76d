import { expect, test } from 'vitest';
import { tellingOf } from '../../../electron/telling.ts';

const ALARM = { name: 'alarm', data: { code: 'short_of_coins', message: 'x' } };
const BALANCE = { name: 'wallet.updated', data: { spendableSat: '1' } };

test('the page hears of the wallet that it shows, and of the other nothing that can wait', () => {
  expect(tellingOf('own', false, BALANCE)).toEqual(BALANCE);
  expect(tellingOf('own', true, BALANCE)).toBeUndefined();
  expect(tellingOf('playground', true, BALANCE)).toEqual(BALANCE);
  expect(tellingOf('playground', false, BALANCE)).toBeUndefined();
});

test('an alarm of the own wallet is always heard, one of the playground only in it, each with its name', () => {
  for (const isPlaying of [false, true]) expect(tellingOf('own', isPlaying, ALARM)).toEqual({ name: 'shell.alarm', data: { ...ALARM.data, whose: 'own' } });
  expect(tellingOf('playground', true, ALARM)).toEqual({ name: 'shell.alarm', data: { ...ALARM.data, whose: 'playground' } });
  expect(tellingOf('playground', false, ALARM)).toBeUndefined();
});

test('a playground that starts says how far it is', () => {
  const progress = { name: 'playground.progress', data: { step: 'coins' } };
  expect(tellingOf('playground', false, progress)).toEqual(progress);
});
