import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../core/api.ts';
import { previewForceClose } from '../../../core/channel/onchain/preview.ts';
import { VIEW, specOf } from '../../../core/channel/spec.ts';
import { feeratePerKw } from '../../../core/lib/units.ts';
import { previewView } from '../../../core/node/preview-view.ts';
import { type At, lessOf, sumsOf, takingFeeOf } from '../../../renderer/screens/channels/closing-sums.ts';
import { openSums } from '../../../renderer/screens/channels/open-sums.ts';
import { partsOf, shareOf } from '../../../renderer/screens/channels/parts.ts';
import { whenOf } from '../../../renderer/screens/channels/when.ts';
import { reachNormal, valueOf } from '../../support/channel-pair.ts';
import { type ClosePlan, situation } from '../../support/close-play.ts';

type Channel = Answer<'channel.get'>;
type Closing = Answer<'channel.closing'>;

const channel = (change: object = {}): Channel =>
  ({ state: 'normal', live: true, capacitySat: 1_000n, ourMsat: 650_000n, theirMsat: 350_000n, offeredMsat: 50_000n, receivedMsat: 50_000n, sendableMsat: 590_000n, receivableMsat: 290_000n, channelType: 'anchors', isOpener: true, ...change }) as never;
const ending = (change: object = {}): Channel => channel({ state: 'closing', closingTxid: 'c', spendClass: 'local', sendableMsat: 0n, receivableMsat: 0n, ...change });
const closing = (change: object = {}): Closing => ({ state: 'closing', transaction: { txid: 'c', height: 7, commitmentNumber: 4 }, outputs: [], backSat: 0n, ...change }) as never;
const balance = (change: object = {}): Closing['outputs'][number] => ({ txid: 'c', vout: 0, kind: 'balance', amountSat: 500n, ...change }) as never;

describe('whose the money in a channel is', () => {
  const fills = (of: Channel): readonly string[] => partsOf(of).filter(({ msat }) => msat > 0n).map(({ fill }) => fill);
  test('solid is what can be used now, and nothing of a closing channel is', () => {
    expect(fills(channel())).toEqual(['reserve', 'local', 'inflight', 'remote', 'reserve-remote']);
    for (const state of ['opening', 'shutting_down', 'negotiating', 'failing', 'closing']) expect(fills(channel({ state }))).toEqual(['onchain-later', 'inflight', 'reserve-remote']);
    for (const state of ['normal', 'opening', 'closing']) expect(partsOf(channel({ state })).reduce((sum, { msat }) => sum + msat, 0n)).toBe(1_000_000n);
  });
  test('a square of the legend is filled as its bar', () => {
    expect(shareOf(channel())).toMatchObject({ ours: 'local', theirs: 'remote' });
    expect(shareOf(channel({ live: false, sendableMsat: 0n, receivableMsat: 0n }))).toMatchObject({ ours: 'reserve', theirs: 'reserve-remote' });
    expect(shareOf(ending())).toMatchObject({ ours: 'onchain-later', theirs: 'reserve-remote' });
  });
  test.each([
    ['open', channel(), undefined, { kind: 'split' }],
    ['its close is on the way', ending(), closing({ outputs: [balance({ earliestHeight: 90 })] }), { kind: 'split' }],
    ['taken, but in no block yet', ending(), closing({ outputs: [balance({ takenBy: 'us' })], backSat: 490n }), { kind: 'split' }],
    ['all of it is back', ending(), closing({ outputs: [balance({ takenBy: 'us', takenHeight: 8 })], backSat: 490n, finalAtHeight: 107 }), { kind: 'back', sat: 490n, isAll: true }],
    ['an HTLC still waits', ending(), closing({ outputs: [balance({ takenBy: 'us', takenHeight: 8 }), balance({ kind: 'htlc', vout: 1 })], backSat: 490n }), { kind: 'back', sat: 490n, isAll: false }],
    ['closed together, in no block yet', ending({ spendClass: 'mutual' }), closing({ transaction: { txid: 'c' }, backSat: 490n }), { kind: 'split' }],
    ['closed together', ending({ spendClass: 'mutual' }), closing({ backSat: 490n, finalAtHeight: 106 }), { kind: 'back', sat: 490n, isAll: true }],
    ['the peer cheated: the split of before is no fact', ending({ spendClass: 'revoked' }), closing({ outputs: [balance(), balance({ kind: 'penalty', vout: 1 })] }), { kind: 'penalty' }],
    ['the penalty is back', ending({ spendClass: 'revoked' }), closing({ outputs: [balance({ kind: 'penalty', takenBy: 'us', takenHeight: 8 })], backSat: 900n, finalAtHeight: 107 }), { kind: 'back', sat: 900n, isAll: true }],
    ['newer than our data', ending({ spendClass: 'future' }), undefined, { kind: 'unknown' }],
    ['newer than our data, in no block yet', ending({ spendClass: 'future' }), closing({ transaction: { txid: 'c' } }), { kind: 'unknown' }],
    ['newer than our data: what the block says it pays', ending({ spendClass: 'future' }), closing({ outputs: [balance(), balance({ kind: 'other', amountSat: 9n })] }), { kind: 'waiting', sat: 500n }],
    ['our own, of lost data', ending({ spendClass: 'lost_local' }), undefined, { kind: 'unknown' }],
    ['an old copy asks the peer to close', channel({ state: 'fallen_behind' }), undefined, { kind: 'unknown' }],
    ['it came from a backup file', channel({ state: 'fallen_behind', isRestored: true, ourMsat: 0n }), undefined, { kind: 'unknown' }],
    ['it came from a backup file and its peer closed', ending({ isRestored: true, spendClass: 'remote', ourMsat: 0n }), closing({ outputs: [balance()] }), { kind: 'waiting', sat: 500n }],
    ['spent by nobody knows what', ending({ spendClass: 'unknown' }), closing(), { kind: 'nothing' }],
    ['over', ending({ state: 'closed' }), closing({ backSat: 490n }), { kind: 'back', sat: 490n, isAll: true }],
    ['over, and nothing was in it', channel({ state: 'closed' }), closing(), { kind: 'nothing' }],
  ])('%s', (_title, of, how, share) => expect(shareOf(of, how)).toMatchObject(share));
});

describe('what lies between a share and what came back', () => {
  const state = { number: 4, ours: { ourMsat: 600_900n }, theirs: { ourMsat: 700_000n } } as never;
  const paid = closing({ outputs: [balance()], backSat: 490n });
  test('the opener bore the fee and the anchors of the state that was published', () => {
    expect(lessOf(ending(), paid, state)).toEqual({ shareSat: 600n, costSat: 100n, by: 'anchors' });
    expect(lessOf(ending({ spendClass: 'remote', channelType: 'static_remotekey' }), paid, state)).toEqual({ shareSat: 700n, costSat: 200n, by: 'commitment' });
    expect(lessOf(ending({ spendClass: 'mutual', ourMsat: 600_000n, offeredMsat: 0n }), paid, undefined)).toEqual({ shareSat: 600n, costSat: 110n, by: 'mutual' });
  });
  test.each([
    ['another state', ending(), paid, { ...(state as object), number: 3 }],
    ['a state that the journal does not have', ending(), paid, undefined],
    ['one newer than our data', ending({ spendClass: 'future' }), paid, state],
    ['our own, of lost data', ending({ spendClass: 'lost_local' }), paid, state],
    ['the peer bore it', ending({ isOpener: false }), paid, state],
    ['no output of ours', ending(), closing(), state],
    ['no block yet', ending(), closing({ transaction: { txid: 'c', commitmentNumber: 4 }, outputs: [balance()] }), state],
    ['more than the share', ending(), closing({ outputs: [balance({ amountSat: 601n })] }), state],
    ['from a backup file', ending({ spendClass: 'mutual', isRestored: true, ourMsat: 0n }), paid, undefined],
  ])('%s: nothing is said', (_title, of, how, at) => expect(lessOf(of, how, at as never)).toBeUndefined());
  test('the fee for taking it is told once it is all taken, and where no coin of the wallet helped', () => {
    const taken = { takenBy: 'us', takenHeight: 8 } as const;
    const fee = (outputs: readonly object[], change: object = {}) => takingFeeOf(ending(change), closing({ outputs, backSat: 490n }));
    expect(fee([balance(taken), balance({ kind: 'peer_balance', takenBy: 'peer' })])).toBe(10n);
    expect(fee([balance({ takenBy: 'us' })])).toBeUndefined();
    expect(fee([balance(taken), balance({ ...taken, kind: 'htlc' })])).toBeUndefined();
    expect(fee([balance(taken), balance({ ...taken, kind: 'other' })])).toBeUndefined();
    expect(fee([balance({ ...taken, amountSat: 480n })])).toBeUndefined();
    expect(fee([], { spendClass: 'mutual' })).toBeUndefined();
    expect(fee([balance({ ...taken, kind: 'penalty' })], { spendClass: 'revoked', channelType: 'static_remotekey' })).toBeUndefined();
  });
});

describe('the sums of a close by force', () => {
  const RATES = [feeratePerKw(253), feeratePerKw(2_500), feeratePerKw(25_000)] as const;
  const looked = (pair: ReturnType<typeof reachNormal>, us: 'alice' | 'bob') => {
    const [preview] = valueOf(previewForceClose(pair[us], pair.ctx[us].keys, { commitment: 'ours', atHeight: 520, feerates: RATES }));
    return previewView(preview!);
  };
  /** As the journal has it: what is in flight is off already. */
  const shareSat = (pair: ReturnType<typeof reachNormal>, us: 'alice' | 'bob'): bigint => specOf(pair[us].commitments, VIEW.localCurrent, pair[us].config.isOpener).ourMsat / 1000n;
  const sums = (pair: ReturnType<typeof reachNormal>, us: 'alice' | 'bob', at: At) => {
    const preview = looked(pair, us);
    const lines = sumsOf(pair[us].config, preview, shareSat(pair, us), at);
    expect(lines.reduce((sum, { sat }) => sum + sat, 0n)).toBe(lines.length === 0 ? 0n : preview.summary.backSat[at]);
    return Object.fromEntries(lines.map(({ key, sat }) => [key, sat]));
  };
  test('with nothing in flight: the share, the fee, both anchors, the fee for taking it', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    const preview = looked(pair, 'alice');
    expect(sums(pair, 'alice', 0)).toEqual({ share: pair.alice.commitments.ourMsat / 1000n, commitment: -preview.transactions[0]!.feeSat[0], anchors: -660n, fees: -preview.summary.feesSat[0] });
    expect(Object.keys(sums(pair, 'alice', 2))).toContain('anchor');
    expect(sums(pair, 'bob', 0)).toMatchObject({ share: 300_000n });
    expect(sums(pair, 'bob', 0)).not.toHaveProperty('anchors');
  });
  test.each(['anchors', 'static_remotekey'] as const)('with payments in flight, small ones too, %s: they add up for both sides', (channelType) => {
    const htlcs = (['alice', 'bob'] as const).flatMap((by) => [250, 7_000, 60_000].flatMap((amountSat) => [true, false].map((known) => ({ by, amountSat, known, expiry: 800 }))));
    for (const us of ['alice', 'bob'] as const) {
      const plan: ClosePlan = { channelType, us, commitment: 'ours', feerate: 2_500, push: 400, atHeight: 520, htlcs };
      const { pair } = situation(plan);
      for (const at of [0, 1, 2] as const) expect(sums(pair, us, at)).toMatchObject({ share: shareSat(pair, us) });
    }
  });
  test('figures that contradict each other are not shown as a sum', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    expect(sumsOf({ isOpener: true }, looked(pair, 'alice'), undefined, 0)).toEqual([]);
    expect(sumsOf({ isOpener: true }, looked(pair, 'alice'), 5n, 0)).toEqual([]);
    expect(sumsOf({ isOpener: false }, looked(pair, 'alice'), pair.alice.commitments.ourMsat / 1000n, 0)).toEqual([]);
  });
});

test('what opening comes to is summed as soon as it is known, and not before', () => {
  expect(openSums(2_000_000n, 10)).toEqual({ feeSat: 1_540n, totalSat: 2_001_540n, reserveSat: 20_000n });
  expect(openSums(undefined, 10)).toEqual({ feeSat: 1_540n, totalSat: undefined, reserveSat: undefined });
  expect(openSums(2_000_000n, undefined)).toEqual({ feeSat: undefined, totalSat: undefined, reserveSat: 20_000n });
  expect(openSums(0n, 10).totalSat).toBeUndefined();
});

test('a height and its date hold no place where a line could end', () => {
  const { height, date, blocks } = whenOf(1_176, 456, 'en');
  expect(`${height}${date}`).not.toMatch(/ /u);
  expect(blocks).toBe(720);
});
