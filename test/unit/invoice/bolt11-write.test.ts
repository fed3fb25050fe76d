import { bech32 } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { type NetworkName, networks } from '../../../core/bitcoin/network.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { publicKey, recover } from '../../../core/crypto/secp256k1.ts';
import { concat, fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import { encodeInvoice } from '../../../core/invoice/bolt11.ts';
import { type Invoice } from '../../../core/invoice/types.ts';
import { wordsToBytesPadded } from '../../../core/invoice/words.ts';
import { seededRandom } from '../../support/mutate.ts';
import { bitVector, decoded, encoded, expectedOf, privateKey, sign, valid } from './helpers.ts';

describe('writing an invoice', () => {
  test.each(valid.vectors.filter(({ signed_data }) => signed_data))(
    'signs the bytes of: $title',
    ({ invoice, signed_data, signed_hash, signature, recovery_id, expected }) => {
      const { prefix, words } = bech32.decode(invoice as 'ln1', false);
      const data = concat(utf8(prefix), wordsToBytesPadded(words.slice(0, -104)));
      expect(toHex(data)).toBe(signed_data);
      expect(toHex(sha256(data))).toBe(signed_hash);
      const payee = recover(fromHex(signature!), recovery_id!, sha256(data));
      expect(toHex(payee!)).toBe(expected.payee);
    },
  );

  test('gives the very text of the vectors that have our order of fields', () => {
    const same = valid.vectors.filter((vector) => {
      const { payeeNodeId: _payee, expirySeconds, minFinalCltvExpiryDelta, ...data } = expectedOf(vector);
      const text = encoded({
        ...data,
        ...(expirySeconds === 3600 ? {} : { expirySeconds }),
        ...(minFinalCltvExpiryDelta === 18 ? {} : { minFinalCltvExpiryDelta }),
      });
      return text === vector.invoice;
    });
    expect(same.map(({ title }) => title)).toEqual([
      'donation of any amount',
      'amount in micro, expiry',
      'description that is not ASCII',
      'description hash',
      'P2PKH fallback, route hint of two hops',
      'P2TR fallback',
    ]);
  });

  test('is read back as it was written', () => {
    for (const vector of valid.vectors) {
      const invoice = { ...expectedOf(vector), payeeNodeId: publicKey(privateKey) };
      expect(decoded(encoded(invoice))).toEqual(invoice);
      expect(decoded(encoded({ ...invoice, payeeNodeId: undefined }))).toEqual(invoice);
    }
  });

  test('is read back for every network, amount, expiry and fallback', () => {
    const random = seededRandom(11);
    const base = expectedOf(valid.vectors[0]!);
    const amounts = [
      1n,
      10n,
      99n,
      100n,
      1000n,
      100_000n,
      123_456_789n,
      100_000_000n,
      100_000_000_000n,
      2_100_000_000_000_000_000n,
    ];
    for (const network of Object.keys(networks) as NetworkName[]) {
      for (const amount of amounts) {
        const invoice: Invoice = {
          ...base,
          network,
          amountMsat: msat(amount),
          expirySeconds: random.below(2 ** 31),
          minFinalCltvExpiryDelta: random.below(2016),
          features: bitVector([8, 14, 17, 99 + 2 * random.below(60)]),
          routeHints: [
            [
              {
                nodeId: base.payeeNodeId,
                shortChannelId: (1n << 64n) - 1n,
                feeBaseMsat: 0xffff_ffff,
                feeProportionalMillionths: 0xffff_ffff,
                cltvExpiryDelta: 0xffff,
              },
            ],
          ],
          paymentMetadata: random.bytes(random.below(600)),
        };
        expect(decoded(encoded(invoice))).toEqual(invoice);
      }
    }
  });

  test('takes the largest multiplier', () => {
    const prefixOf = (amount: bigint) =>
      encoded({ ...expectedOf(valid.vectors[0]!), amountMsat: msat(amount) }).split('1p')[0];
    expect([100_000_000_000n, 2_000_000_000n, 250_000_000n, 1_500n, 150n, 1n].map(prefixOf)).toEqual([
      'lnbc1',
      'lnbc20m',
      'lnbc2500u',
      'lnbc15n',
      'lnbc1500p',
      'lnbc10p',
    ]);
  });

  test('tells when a text is longer than a field can be', () => {
    const base = { ...expectedOf(valid.vectors[0]!) };
    expect(encodeInvoice({ ...base, description: 'x'.repeat(639) }, sign).ok).toBe(true);
    expect(encodeInvoice({ ...base, description: 'x'.repeat(640) }, sign)).toEqual({
      ok: false,
      error: { code: 'field_too_long', field: 'description' },
    });
    expect(encodeInvoice({ ...base, paymentMetadata: new Uint8Array(640) }, sign)).toMatchObject({
      error: { field: 'payment_metadata' },
    });
    const hop = {
      nodeId: base.payeeNodeId,
      shortChannelId: 1n,
      feeBaseMsat: 0,
      feeProportionalMillionths: 0,
      cltvExpiryDelta: 0,
    };
    expect(encodeInvoice({ ...base, routeHints: [Array.from({ length: 13 }, () => hop)] }, sign)).toMatchObject({
      error: { field: 'route_hint' },
    });
    expect(() => encodeInvoice({ ...base, descriptionHash: base.paymentHash }, sign)).toThrow(RangeError);
    expect(() => encodeInvoice({ ...base, amountMsat: msat(0n) }, sign)).toThrow(RangeError);
  });

  test('leaves the feature field out when no bit is set', () => {
    expect(encoded({ ...expectedOf(valid.vectors[0]!), features: new Uint8Array(4) })).toBe(
      encoded({ ...expectedOf(valid.vectors[0]!), features: undefined }),
    );
  });
});
