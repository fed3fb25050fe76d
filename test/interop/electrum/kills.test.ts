/** kill -9 of our process, and of Electrum's, inside a payment, both ways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electrumAvailable } from '../../support/electrum-daemon.ts';
import { AMOUNTS_SAT, interrupt, PLACES_AS_PAYEE, PLACES_AS_PAYER, type Place } from './interruption.ts';
import { World, type Opener } from './world.ts';

/** Whether what has left when a process dies arrives is chance: these are lost for certain. */
const lost = (places: readonly Place[]): readonly Place[] => places.filter(([, , when]) => when === 'before');

/** Each process dies ten times, five as payer; all places for both with SFERIC_INTEROP_FULL=1. */
const isFull = process.env['SFERIC_INTEROP_FULL'] === '1';
const rows = (places: readonly Place[], parity: 0 | 1) =>
  lost(places).map((place, n) => [place.join(' '), place, n] as const).filter(([, , n]) => isFull || n % 2 === parity); // prettier-ignore

// A restart is mostly waiting: our process dies in one pair of wallets and Electrum's in another, at the same time.
describe.skipIf(!electrumAvailable())('a payment in which one side is killed', { timeout: 60_000 }, () => {
  let [ours, theirs]: World[] = [];
  let [pointOurs, pointTheirs]: string[] = [];
  beforeAll(async () => {
    [ours, theirs] = await World.createAll(2);
    [pointOurs, pointTheirs] = await Promise.all([ours!.openAndConfirm('electrum', 1_000_000n), theirs!.openAndConfirm('electrum', 1_000_000n)]);
  }, 60_000);
  afterAll(() => Promise.all([ours?.stop(), theirs?.stop()]));

  const killBoth = (payer: Opener, place: Place, n: number): Promise<readonly boolean[]> => {
    const amountSat = AMOUNTS_SAT[n % AMOUNTS_SAT.length]!;
    return Promise.all([
      interrupt(ours!, { point: pointOurs!, payer, blow: 'kill us', place, amountSat }),
      interrupt(theirs!, { point: pointTheirs!, payer, blow: 'kill electrum', place, amountSat }),
    ]);
  };

  it.for(rows(PLACES_AS_PAYER, 0))('we pay, killed at %s', async ([, place, n]) => {
    expect(await killBoth('us', place, n)).toEqual([true, true]);
  });

  it.for(rows(PLACES_AS_PAYEE, 1))('Electrum pays, killed at %s', async ([, place, n]) => {
    const [isPaidWhenWeDie, isPaidWhenElectrumDies] = await killBoth('electrum', place, n);
    expect(isPaidWhenWeDie).toBe(true);
    // Electrum sends update_add_htlc before it stores it: killed then, it has never heard of the payment.
    if (place[1] !== 'update_add_htlc') expect(isPaidWhenElectrumDies).toBe(true);
  });
});
