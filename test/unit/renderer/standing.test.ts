import { expect, test } from 'vitest';
import { outcomeOf, spenderOf, standingIn, standingsOf, type Standing } from '../../../renderer/format/standing.ts';

const CHANNEL = { spendClass: undefined, closingCommitmentNumber: undefined };
const both = (channel: Parameters<typeof standingIn>[0], number: number, side: Parameters<typeof standingIn>[3]): readonly Standing[] => [standingIn(channel, 'ours', number, side), standingIn(channel, 'theirs', number, side)];

test('while a channel is open its newest states can be published, older ones not', () => {
  expect(both(CHANNEL as never, 4, {})).toEqual(['signed', 'signed']);
  expect(both(CHANNEL as never, 3, { revokedAtMs: 1 })).toEqual(['revoked', 'revoked']);
  expect(both(CHANNEL as never, 5, undefined)).toEqual(['unsigned', 'unsigned']);
});

test('once it is spent one was published, and what was signed beside it has a standing of its own', () => {
  expect(both({ spendClass: 'local', closingCommitmentNumber: 10 }, 10, {})).toEqual(['published', 'over']);
  expect(both({ spendClass: 'lost_local', closingCommitmentNumber: 10 }, 10, {})).toEqual(['published', 'over']);
  expect(both({ spendClass: 'revoked', closingCommitmentNumber: 0 }, 0, { revokedAtMs: 1 })).toEqual(['revoked', 'published']);
  expect(both({ spendClass: 'revoked', closingCommitmentNumber: 0 }, 2, {})).toEqual(['over', 'over']);
  expect(both({ spendClass: 'mutual' } as never, 2, {})).toEqual(['over', 'over']);
});

test('the legend names every mark that the table can hold, and no other', () => {
  for (const channel of [CHANNEL, { spendClass: 'revoked', closingCommitmentNumber: 0 }] as const) {
    const seen = new Set([0, 1, 2].flatMap((number) => [undefined, {}, { revokedAtMs: 1 }].flatMap((side) => both(channel as never, number, side))));
    expect(new Set(standingsOf(channel as never))).toEqual(seen);
  }
});

test('nothing more can be published once a block holds what spent the channel, and not before', () => {
  const transaction = { txid: 'aa', spendClass: 'local', commitmentNumber: 10 };
  expect(outcomeOf({ state: 'failing' })).toBe('waits');
  expect(outcomeOf({ state: 'closing', transaction })).toBe('waits');
  expect(outcomeOf({ state: 'closing', transaction: { ...transaction, height: 455 } })).toBe('stands');
  expect(outcomeOf({ state: 'closed', transaction: { ...transaction, height: 455 } })).toBe('final');
  expect(outcomeOf({ state: 'closed' })).toBe('none');
});

test('whose transaction stands', () => {
  const spender = (spendClass: string, commitmentNumber?: number) => spenderOf({ txid: 'aa', spendClass, ...(commitmentNumber === undefined ? {} : { commitmentNumber }) });
  expect([spender('local', 1), spender('lost_local', 1), spender('next_remote', 1), spender('future', 1), spender('revoked', 0)]).toEqual(['ours', 'ours', 'theirs', 'theirs', 'revoked']);
  expect([spender('mutual'), spender('unknown'), spender('future')]).toEqual(['mutual', 'unknown', 'unknown']);
});
