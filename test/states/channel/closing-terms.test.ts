import { describe, expect, it } from 'vitest';
import { closeTogetherTerms } from '../../../core/channel/negotiation.ts';
import { sat } from '../../../core/lib/units.ts';
import { type PairOptions, actionsOf, offer, reachNormal } from '../../support/channel-pair.ts';

/** A witness program of 32 bytes where the peer told nothing yet, of 20 as it then is: twelve bytes of four weight units. */
const LONGER_WEIGHT = 48;

/** What Alice, the opener, is told before, and what the closing transactions that she publishes then pay her. */
function closed(options: PairOptions) {
  const pair = reachNormal(options);
  const terms = { alice: closeTogetherTerms(pair.alice, pair.ctx.alice), bob: closeTogetherTerms(pair.bob, pair.ctx.bob) };
  const slackSat = BigInt(Math.ceil((LONGER_WEIGHT * pair.ctx.alice.feerates.closing) / 1000));
  pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
  pair.run();
  const script = pair.alice.walletScript;
  const paidSat = actionsOf(pair.actions.alice, 'publish').filter(({ label }) => label === 'closing').map(({ tx }) => tx.outputs.find((output) => Buffer.from(output.script).equals(script))?.amountSat ?? 0n);
  return { terms, paidSat, slackSat };
}

describe('what closing together is said to come to', () => {
  it('is what the transaction of the opener pays, with room for a longer output of the peer', () => {
    const { terms, paidSat, slackSat } = closed({ simpleClose: false, pushMsat: 300_000_000n });
    expect(terms.alice).toMatchObject({ payer: 'us', backSat: terms.alice.shareSat - terms.alice.feeSat });
    expect(terms.bob).toEqual({ shareSat: 300_000n, feeSat: 0n, payer: 'peer', backSat: 300_000n });
    for (const sat of paidSat) expect(sat - terms.alice.backSat >= 0n && sat - terms.alice.backSat <= slackSat).toBe(true);
    expect(paidSat.length).toBeGreaterThan(0);
  });
  it('is what our own transaction pays where each side makes one; the other pays our whole share', () => {
    const { terms, paidSat, slackSat } = closed({ pushMsat: 300_000_000n });
    expect([terms.alice.payer, terms.bob.payer]).toEqual(['each', 'each']);
    const [least, most] = paidSat.toSorted((a, b) => (a < b ? -1 : 1));
    expect(least! - terms.alice.backSat >= 0n && least! - terms.alice.backSat <= slackSat).toBe(true);
    expect(most).toBe(terms.alice.shareSat);
  });
  it('does not promise what is in a payment under way', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    const before = closeTogetherTerms(pair.alice, pair.ctx.alice);
    pair.do('alice', offer(0, 20_000_000n));
    pair.run();
    expect(closeTogetherTerms(pair.alice, pair.ctx.alice)).toMatchObject({ shareSat: before.shareSat - 20_000n, backSat: before.backSat - 20_000n });
    expect(closeTogetherTerms(pair.bob, pair.ctx.bob).shareSat).toBe(300_000n);
  });
  it.each([[354n, 500n], [600n, 0n]] as const)("counts as dust in a negotiation of old what is under either side's limit: %d", (aliceLimit, backSat) => {
    const pair = reachNormal({ pushMsat: 500_000n, simpleClose: false, aliceTerms: { dustLimitSatoshis: sat(aliceLimit) } });
    expect(closeTogetherTerms(pair.bob, pair.ctx.bob)).toMatchObject({ payer: 'peer', shareSat: 500n, backSat });
  });
  it('is nothing where the rest would be dust', () => {
    const pair = reachNormal({ pushMsat: 300_000n });
    expect(closeTogetherTerms(pair.bob, pair.ctx.bob)).toMatchObject({ shareSat: 300n, backSat: 0n });
  });
});
