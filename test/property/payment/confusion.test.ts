import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../core/crypto/hash.ts';
import { equal, utf8 } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import { createOnion } from '../../../core/onion/packet.ts';
import { encodePayload } from '../../../core/onion/payload.ts';
import { decodeIncoming, encodeIncoming } from '../../../core/payment/codec.ts';
import type { IncomingPayment } from '../../../core/payment/incoming-types.ts';
import { routeFeeMsat, amountsAlong, deliverable } from '../../../core/payment/routes.ts';
import { HEIGHT, createdInvoice, incomingContext, nodeOf, ofKind, stepIn } from '../../states/payment/kit.ts';

const AMOUNT = 1_000n;
const ctx = incomingContext();
const invoices = [createdInvoice(msat(AMOUNT), 'one').state, createdInvoice(msat(AMOUNT), 'two').state] as const;

/** One of the common values five times out of six. */
const mostly = <T>(common: readonly T[], ...rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...common) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });

/** An attacker who knows both secrets of its own payments and may mix everything: hash, secret, amounts, totals. */
const htlc = fc.record({
  hash: mostly([0], 1),
  // Offset to the hash's own secret: 0 is right, 1 the other invoice's, 2 none's.
  secret: mostly([0], 1, 2),
  associated: mostly([0], 1),
  amount: mostly([500n, 700n, 1_000n], 1n, 300n, 999n, 1_500n),
  said: mostly([0n], 1n, 500n, 1_000n),
  total: mostly([1_000n, 1_500n], 1n, 500n, 999n, 2_000n, 2_001n),
  expiry: mostly([144, 150, 2016], 78, 143, 2017),
  again: fc.boolean(),
  restart: mostly([false], true),
  removed: mostly([undefined], 0, 1, 2, 5),
});

describe('sets mixed by an attacker', () => {
  it('a preimage leaves only for enough HTLCs of its own hash, secret and total, all held', { timeout: 60_000 }, () => {
    let reveals = 0;
    fc.assert(
      fc.property(fc.array(htlc, { minLength: 3, maxLength: 8, size: 'max' }), (htlcs) => {
        const states: IncomingPayment[] = [...invoices];
        const held: { id: bigint; hash: number; amount: bigint; total: bigint; honest: boolean; failed: boolean }[] = [];
        for (const [i, drawn] of htlcs.entries()) {
          const { hash, secret, amount, total } = drawn;
          const said = drawn.said || amount;
          const invoice = invoices[hash]!;
          const paymentSecret = secret === 2 ? new Uint8Array(32) : invoices[hash ^ secret]!.paymentSecret;
          const cltvExpiry = HEIGHT + drawn.expiry;
          const payload = encodePayload({ amtToForwardMsat: msat(said), outgoingCltvValue: cltvExpiry, paymentData: { paymentSecret, totalMsat: msat(total) } });
          const associatedData = drawn.associated ? invoices[1 - hash]!.paymentHash : invoice.paymentHash;
          const onion = createOnion({ sessionKey: sha256(utf8(`attack ${i}`)), hops: [{ nodeId: nodeOf('payee'), payload }], associatedData });
          if (!onion.ok) throw new Error(onion.error.code);
          const id = BigInt(i);
          const honest = !drawn.associated && equal(paymentSecret, invoice.paymentSecret) && amount >= said && drawn.expiry >= 144 && drawn.expiry <= 2016;
          held.push({ id, hash, amount, total, honest, failed: false });
          const add = { id, amountMsat: msat(amount), paymentHash: invoice.paymentHash, cltvExpiry, onionRoutingPacket: onion.value.packet, pathKey: undefined };
          if (drawn.restart) states[hash] = decodeIncoming(encodeIncoming(states[hash]!));
          for (let times = 0; times <= Number(drawn.again); times++) {
            const [next, actions] = stepIn(states[hash], { kind: 'htlc_received', channelNumber: 1, add, overDustCap: false, attribution: false }, ctx);
            states[hash] = next;
            for (const { id: failed } of [...ofKind(actions, 'fail_htlc'), ...ofKind(actions, 'fail_malformed_htlc')]) held[Number(failed)]!.failed = true;
            const fulfilled = ofKind(actions, 'fulfill_htlc').map((action) => held[Number(action.id)]!);
            if (fulfilled.length === 0 || times > 0) continue;
            reveals++;
            expect(fulfilled.every((one) => one.honest && one.hash === hash && !one.failed && one.total === fulfilled[0]!.total)).toBe(true);
            expect(fulfilled.reduce((sum, one) => sum + one.amount, 0n)).toBeGreaterThanOrEqual(fulfilled[0]!.total);
            expect(fulfilled[0]!.total).toBeGreaterThanOrEqual(AMOUNT);
            expect(fulfilled[0]!.total).toBeLessThanOrEqual(2n * AMOUNT);
          }
          const gone = drawn.removed === undefined ? undefined : held[drawn.removed];
          if (gone && states[gone.hash]!.status === 'open') {
            gone.failed = true;
            [states[gone.hash]] = stepIn(states[gone.hash], { kind: 'htlc_removed', channelNumber: 1, id: gone.id, fulfilled: false }, ctx) as [IncomingPayment, unknown];
          }
        }
      }),
      { numRuns: 250 },
    );
    expect(reveals).toBeGreaterThan(50);
  });
});

describe('fees along a route', () => {
  const hop = fc.record({
    nodeId: fc.constant(nodeOf('x')), shortChannelId: fc.constant(1n), feeBaseMsat: fc.nat(0xffff_ffff), feeProportionalMillionths: fc.oneof(fc.nat(10_000), fc.nat(0xffff_ffff)),
    cltvExpiryDelta: fc.nat(200), htlcMinimumMsat: fc.constant(msat(0n)), htlcMaximumMsat: fc.constant(undefined), updatedAt: fc.constant(0),
  }); // prettier-ignore
  const hops = fc.array(hop, { maxLength: 4 });

  it('what is deliverable from an offer never costs more than the offer, and every hop gets its fee', () => {
    fc.assert(
      fc.property(hops, fc.bigInt({ min: 0n, max: 10n ** 12n }), (way, offer) => {
        const amount = deliverable({ hops: way, excluded: false, limitMsat: undefined }, msat(offer));
        if (amount === 0n) return;
        expect(amount + routeFeeMsat(way, amount)).toBeLessThanOrEqual(offer);
        const amounts = amountsAlong(way, amount);
        for (const [i, { feeBaseMsat, feeProportionalMillionths }] of way.entries()) {
          const kept = amounts[i]! - amounts[i + 1]!;
          expect(kept).toBe(BigInt(feeBaseMsat) + (amounts[i + 1]! * BigInt(feeProportionalMillionths)) / 1_000_000n);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
