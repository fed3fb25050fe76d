import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLAY_TOURS, playgroundMethods, type PlayState, type PlayTour } from '../../../core/api.ts';
import { Playground } from '../../../core/playground/world/playground.ts';

const PATIENCE = { timeout: 30_000 };

/** The playground without its window: the same requests, on the same network. */
describe('the playground', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'sferic-play-')), 'playground');
  const alarms: string[] = [];
  let playground: Playground;
  beforeAll(async () => {
    playground = await Playground.start({ folder, tell: (name, data) => name === 'alarm' && alarms.push((data as { readonly code: string }).code) });
  });
  afterAll(async () => {
    await playground.stop();
    expect(existsSync(folder)).toBe(false);
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  /** Through the contract's schema, as the window gets it. */
  const state = (): PlayState => playgroundMethods['playground.state'].result.decode(playground.state());
  const wallet = async <T>(method: string, params: unknown = {}): Promise<T> => {
    const reply = await playground.wallet(method, params);
    if (!reply.ok) throw new Error(reply.error.message);
    return reply.value as T;
  };
  const channel = (node: string) => state().channels.find((one) => one.node === node && one.state === 'open');
  /** Waits for a channel on its way out to be drawn so: what goes to each, in thousands, and HTLCs that wait; nothing when it is drawn no more. */
  const expectLeaving = async (node: string, ...expected: readonly (readonly [bigint, bigint, number])[]): Promise<void> => {
    const leaving = () => state().channels.filter((one) => one.node === node && one.state !== 'open');
    await expect.poll(() => leaving().map(({ ourMsat, theirMsat, htlcs }) => [ourMsat / 1_000_000n, theirMsat / 1_000_000n, htlcs.length]), PATIENCE).toEqual(expected);
  };
  /** What the books say is what there is; every entry stands on both sides. */
  const expectBooksRight = async (): Promise<void> => {
    const lines = await wallet<readonly { readonly account: string; readonly balanceMsat: string }[]>('ledger.balances');
    expect(lines.reduce((sum, { balanceMsat }) => sum + BigInt(balanceMsat), 0n)).toBe(0n);
    const { confirmedSat, unconfirmedSat } = await wallet<{ readonly confirmedSat: string; readonly unconfirmedSat: string }>('wallet.balance');
    expect(BigInt(lines.find(({ account }) => account === 'wallet')?.balanceMsat ?? 0n)).toBe((BigInt(confirmedSat) + BigInt(unconfirmedSat)) * 1000n);
  };
  const tour = async (id: PlayTour, at: Partial<Record<number, () => Promise<void>>> = {}): Promise<Readonly<Record<string, bigint>>> => {
    await playground.ask('playground.tour', { tour: id });
    for (let now = state().tour; now && now.step < now.steps; now = state().tour) {
      await at[now.step]?.();
      await playground.ask('playground.tourNext', {});
      expect(state().tour?.fault, `${id}, step ${now.step}`).toBeUndefined();
    }
    const facts = state().tour?.facts ?? {};
    await playground.ask('playground.tourEnd', {});
    expect(state().tour).toBeUndefined();
    return facts;
  };

  test('begins with a channel to each node, and the figures of the stories', async () => {
    expect(state().channels.map(({ node, ourMsat, theirMsat, isLive }) => [node, ourMsat, theirMsat, isLive])).toEqual([
      ['bob', 5_000_000_000n, 5_000_000_000n, true], ['carol', 5_000_000_000n, 5_000_000_000n, true], ['dave', 10_000_000_000n, 0n, true], ['cafe', 3_600_000_000n, 0n, true],
    ]); // prettier-ignore
    await expectBooksRight();
  });

  test('payments both ways; between two nodes nobody forwards, and that is said', async () => {
    await playground.ask('playground.pay', { from: 'you', to: 'cafe', amountSat: 1_000n });
    await playground.ask('playground.pay', { from: 'bob', to: 'you', amountSat: 500n });
    await playground.ask('playground.pay', { from: 'you', to: 'bob', amountSat: 500n });
    await expect.poll(() => [channel('cafe')?.theirMsat, channel('bob')?.theirMsat], PATIENCE).toEqual([1_000_000n, 5_000_000_000n]);
    await expect(playground.ask('playground.pay', { from: 'bob', to: 'carol', amountSat: 1n })).rejects.toMatchObject({ code: 'no_route' });
    await expect(playground.ask('playground.pay', { from: 'dave', to: 'you', amountSat: 1n })).rejects.toMatchObject({ code: expect.stringMatching(/payment_failed|insufficient_balance|no_route/u) });
    await expectBooksRight();
  });

  test('nobody cheats who would gain nothing', async () => {
    await expect(playground.ask('playground.cheat', { node: 'dave' })).rejects.toMatchObject({ code: 'bad_request' });
    expect(channel('dave')).toMatchObject({ state: 'open' });
    expect(channel('dave')).not.toHaveProperty('cheatMsat');
  });

  test('a node that is off: the channel shows it, payments say it, and it comes back', async () => {
    await playground.ask('playground.setOnline', { node: 'carol', isOnline: false });
    expect(channel('carol')?.isLive).toBe(false);
    await expect(playground.ask('playground.pay', { from: 'you', to: 'carol', amountSat: 1n })).rejects.toMatchObject({ code: 'peer_unreachable' });
    await playground.ask('playground.setOnline', { node: 'carol', isOnline: true });
    await expect.poll(() => channel('carol')?.isLive, PATIENCE).toBe(true);
    await playground.ask('playground.pay', { from: 'you', to: 'carol', amountSat: 7n });
  });

  test('the tab: exactly its limit, never a satoshi more; stopped, no payment follows', async () => {
    const before = channel('cafe')?.theirMsat ?? 0n;
    await playground.ask('playground.tab', { priceSat: 300n, limitSat: 1_000n, everyMs: 50 });
    await expect(playground.ask('playground.tab', { priceSat: 1n, limitSat: 1n, everyMs: 50 })).rejects.toMatchObject({ code: 'bad_request' });
    await expect.poll(() => state().tab?.end, PATIENCE).toBe('limit');
    expect(state().tab).toMatchObject({ paidSat: 900n, payments: 3, isRunning: false });
    await expect.poll(() => (channel('cafe')?.theirMsat ?? 0n) - before, PATIENCE).toBe(900_000n);
    await playground.ask('playground.tab', { priceSat: 10n, limitSat: 100_000n, everyMs: 10_000 });
    await expect.poll(() => state().tab?.payments, PATIENCE).toBe(1);
    await playground.ask('playground.tabStop', {});
    expect(state().tab).toMatchObject({ paidSat: 10n, payments: 1, end: 'stopped' });
  });

  test('the tour of the cheat: everything in the channel, less fees, is in the wallet; the books are right', async () => {
    const facts = await tour('cheat', { 3: () => expectLeaving('bob', [9_996n, 0n, 0]) });
    expect(facts).toMatchObject({ yoursSat: 7_000_000n, theirsSat: 3_000_000n, claimedSat: 10_000_000n });
    expect(facts['backSat']).toBeGreaterThan(9_980_000n);
    expect(alarms).toContain('revoked_commitment');
    await expectLeaving('bob');
    expect(state().log.map(({ code }) => code)).toEqual(expect.arrayContaining(['cheat', 'penalty']));
    await expectBooksRight();
  });

  test('the tour of the tab: two transactions in all', async () => {
    const pay = async (): Promise<void> => {
      await playground.ask('playground.tab', { priceSat: 1_000n, limitSat: 10_000n, everyMs: 50 });
      await expect.poll(() => state().tab?.end, PATIENCE).toBe('limit');
    };
    const facts = await tour('tab', { 1: pay });
    expect(facts).toMatchObject({ paidSat: 10_000n, payments: 10n, yoursSat: 3_590_000n });
    expect(facts['states']).toBeGreaterThan(10n);
    expect(channel('cafe')).toBeUndefined();
    await expectBooksRight();
  });

  test('the tour of the timeout: the HTLC comes back without its payee', async () => {
    const facts = await tour('timeout', { 3: () => expectLeaving('dave', [9_996n, 0n, 0]) });
    await expectLeaving('dave');
    expect(facts).toMatchObject({ promisedSat: 5_000_000n, timeoutSat: 5_000_000n });
    expect(facts['dayBlocks']).toBeGreaterThanOrEqual(144n);
    expect(facts['backSat']).toBeGreaterThan(9_980_000n);
    const [payment] = await wallet<readonly { readonly state: string }[]>('payment.list', { limit: 1 });
    expect(payment?.state).toBe('failed');
    await expectBooksRight();
  });

  test('the tour of the loss: who put back an old copy gets all of the newest share', async () => {
    const facts = await tour('loss', { 3: () => expectLeaving('carol', [3_000n, 7_000n, 0]) });
    await expectLeaving('carol', [2_996n, 0n, 0]);
    expect(facts).toMatchObject({ yoursSat: 3_000_000n, theirsSat: 7_000_000n });
    expect(facts['carolSat']).toBeGreaterThan(6_990_000n);
    await expectBooksRight();
  });

  test('each tour can be made again', async () => {
    for (const id of PLAY_TOURS.filter((one) => one !== 'tab')) expect(Object.keys(await tour(id)).length).toBeGreaterThan(3);
    await expectBooksRight();
  });

  test('its wallet cannot be locked or shown as if it were worth keeping', async () => {
    for (const method of ['vault.lock', 'vault.revealSeed', 'vault.changePassword']) expect(await playground.wallet(method, { password: 'x', newPassword: 'y' })).toMatchObject({ ok: false, error: { code: 'not_supported' } });
  });

  test('started over, all of it is new', async () => {
    await playground.ask('playground.reset', {});
    expect(state().channels.map(({ node, states }) => [node, states])).toEqual([['bob', 1], ['carol', 1], ['dave', 1], ['cafe', 1]]);
    expect(state().tab).toBeUndefined();
  });
});
