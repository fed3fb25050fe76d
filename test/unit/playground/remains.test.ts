import { describe, expect, test } from 'vitest';
import type { Share } from '../../../core/playground/world/kinds.ts';
import { remainsOf } from '../../../core/playground/world/remains.ts';

const share = (vout: number, valueSat: bigint): Share => ({ txid: 'c', vout, valueSat, isTimeout: false, origin: { txid: 'c', vout } });
const second = (vout: number, valueSat: bigint): Share => ({ txid: 'second', vout: 0, valueSat, isTimeout: true, origin: { txid: 'c', vout } });

describe('what is left of a channel whose commitment is in a block', () => {
  test('after a cheat nothing is theirs: what the penalty wants, or has taken, is ours', () => {
    const outputs = [{ txid: 'c', vout: 0, kind: 'balance', amountSat: 4n }, { txid: 'c', vout: 1, kind: 'penalty', amountSat: 5n, takenBy: 'us' }] as const; // prettier-ignore
    expect(remainsOf([share(0, 4n), share(1, 5n)], outputs)).toEqual({ ourSat: 9n, theirSat: 0n, locked: [] });
  });
  test('of their share the engine says nothing until they take it', () => {
    expect(remainsOf([share(0, 4n), share(1, 7n)], [{ txid: 'c', vout: 0, kind: 'balance' }])).toEqual({ ourSat: 4n, theirSat: 7n, locked: [] });
    expect(remainsOf([share(1, 7n)], [{ txid: 'c', vout: 1, kind: 'peer_balance', takenBy: 'peer' }])).toMatchObject({ theirSat: 7n });
  });
  test('an HTLC is locked until its second stage, and ours from then on', () => {
    expect(remainsOf([share(2, 5n)], [{ txid: 'c', vout: 2, kind: 'htlc', earliestHeight: 619 }])).toEqual({ ourSat: 0n, theirSat: 0n, locked: [{ amountSat: 5n, height: 619 }] });
    expect(remainsOf([second(2, 5n)], [{ txid: 'c', vout: 2, kind: 'htlc', takenBy: 'us' }])).toEqual({ ourSat: 5n, theirSat: 0n, locked: [] });
    expect(remainsOf([second(2, 5n)], [{ txid: 'second', vout: 0, kind: 'balance' }])).toMatchObject({ ourSat: 5n });
  });
  test('all taken: nothing is left', () => expect(remainsOf([], [])).toEqual({ ourSat: 0n, theirSat: 0n, locked: [] }));
});
