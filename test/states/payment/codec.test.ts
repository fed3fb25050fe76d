import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../core/codec/reader.ts';
import { decodeIncoming, decodeOrder, decodeOutgoing, encodeIncoming, encodeOrder, encodeOutgoing, isIncomingPending, isOutgoingPending, pendingKey } from '../../../core/payment/codec.ts';
import { parseReference, referenceOf } from '../../../core/payment/part.ts';
import { msat } from '../../../core/lib/units.ts';
import { channel, contextOf, createdInvoice, hopOf, invoiceOf, paymentHash, reachOffered } from './kit.ts';

const ctx = contextOf([channel(1, 'alice', 5_000_000n)]);
const outgoing = reachOffered(invoiceOf({ routeHints: [[hopOf('alice', 1n), hopOf('bob', 2n)]], paymentMetadata: Uint8Array.of(7), description: 'té 🍵' }), ctx).state;
const incoming = createdInvoice(msat(1_000n)).state;

describe('stored payments', () => {
  it.each([
    ['outgoing', encodeOutgoing(outgoing), decodeOutgoing],
    ['incoming', encodeIncoming(incoming), decodeIncoming],
  ] as const)('%s: another version, a cut or a longer record is refused', (_, record, decode) => {
    const newer = record.slice();
    newer[0] = 2;
    expect(() => decode(newer)).toThrow(DecodeError);
    for (let length = 0; length < record.length; length++) expect(() => decode(record.slice(0, length))).toThrow(DecodeError);
    expect(() => decode(Uint8Array.of(...record, 0))).toThrow(DecodeError);
  });

  it('names what a start must load', () => {
    expect(isOutgoingPending(outgoing)).toBe(true);
    expect(isOutgoingPending({ ...outgoing, status: 'succeeded' })).toBe(true);
    expect(isOutgoingPending({ ...outgoing, status: 'failed', parts: [] })).toBe(false);
    expect((['open', 'settling', 'paid', 'expired', 'cancelled'] as const).map((status) => isIncomingPending({ ...incoming, status }))).toEqual([true, true, false, false, false]);
    expect(pendingKey('o', paymentHash)).toMatch(/^o[0-9a-f]{64}$/);
    expect(decodeOrder(encodeOrder('i', paymentHash))).toEqual({ direction: 'i', paymentHash });
  });

  it('references name hash and part', () => {
    expect(parseReference(referenceOf(paymentHash, 12))).toEqual({ paymentHashHex: pendingKey('o', paymentHash).slice(1), partId: 12 });
    for (const foreign of ['', 'x/1', `${'0'.repeat(64)}/`, `${'0'.repeat(64)}/-1`]) expect(parseReference(foreign)).toBeUndefined();
  });
});
