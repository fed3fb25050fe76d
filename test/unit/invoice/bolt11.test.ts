import { bech32 } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { bareInvoice, decodeInvoice, isInvoiceExpired } from '../../../core/invoice/bolt11.ts';
import { hasFeature } from '../../../core/invoice/features.ts';
import { bitsToWords, bytesToWords, wordsToBits } from '../../../core/invoice/words.ts';
import {
  DESCRIPTION,
  HASH,
  SECRET,
  TIMESTAMP,
  bitVector,
  decoded,
  expectedOf,
  faultOf,
  field,
  invalid,
  malformed,
  privateKey,
  signedText,
  valid,
  withFields,
} from './helpers.ts';

for (const curve of ['reference curve', 'native curve']) {
  describe(`BOLT 11 vectors, ${curve}`, () => {
    test.each(valid.vectors)('valid: $title', (vector) => {
      if (curve === 'native curve') useFastestCurve();
      expect(decoded(vector.invoice)).toEqual(expectedOf(vector));
    });

    test.each(invalid.vectors)('invalid: $title', ({ invoice, fault }) => {
      expect(decodeInvoice(invoice)).toEqual({ ok: false, error: fault });
    });
  });
}

describe('reading an invoice', () => {
  test('strips what people paste around it', () => {
    const text = valid.vectors[0]!.invoice;
    for (const pasted of [
      ` ${text}\n`,
      `lightning:${text}`,
      `LIGHTNING:${text}`,
      `lightning://${text}`,
      ` lightning:${text}`,
    ])
      expect(bareInvoice(pasted)).toBe(text);
  });

  test('tells networks apart', () => {
    const testnet = valid.vectors.find(({ expected }) => expected.network === 'testnet')!.invoice;
    expect(decodeInvoice(testnet, 'mainnet')).toEqual({
      ok: false,
      error: { code: 'other_network', network: 'testnet', prefix: 'tb' },
    });
    expect(decodeInvoice(testnet, 'testnet').ok).toBe(true);
    expect(faultOf(signedText('lnltc1m', TIMESTAMP))).toEqual({
      code: 'other_network',
      network: undefined,
      prefix: 'ltc',
    });
  });

  test('tells what is no invoice at all', () => {
    const texts = [
      '',
      'ln',
      'ln1',
      'lnbc',
      '1',
      'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
      'lno1qgsqvgnwgcg35z6ee2h3yczraddm72xrfua9uve2rlrm9deu7xyfzrc',
      'lnurl1dp68gurn8ghj7um9',
      'LNBC1\u212A',
      'lnbc1é',
      'lnbc 1',
    ];
    expect(texts.filter((text) => faultOf(text)?.code !== 'not_an_invoice')).toEqual([]);
    expect(faultOf('ln1qqqqqq')?.code).toBe('bad_checksum');
    expect(faultOf(`lnbc1${'q'.repeat(8188)}`)).toEqual(malformed('length'));
  });

  test('reads amounts with any multiplier and refuses the rest', () => {
    const base = [...TIMESTAMP, ...HASH, ...SECRET, ...DESCRIPTION];
    const amountOf = (amount: string) => decodeInvoice(signedText(`lnbc${amount}`, base));
    for (const [amount, expected] of [
      ['1', 10n ** 11n],
      ['10p', 1n],
      ['1000u', 10n ** 8n],
      ['1000000n', 10n ** 8n],
      ['21000000', 21n * 10n ** 17n],
    ] as const) {
      expect(amountOf(amount)).toMatchObject({ ok: true, value: { amountMsat: expected } });
    }
    for (const amount of ['0', '01m', '1x', '1mm', '1m1', '21000001', '99999999999999999999', `1${'0'.repeat(500)}`]) {
      expect([amount, amountOf(amount)]).toEqual([amount, { ok: false, error: malformed('amount') }]);
    }
    for (const amount of ['1p', '11p', '99999999999999999999p'])
      expect(amountOf(amount)).toEqual({ ok: false, error: { code: 'sub_msat_amount' } });
  });

  test('refuses broken fields, each with its name', () => {
    const cases: readonly (readonly [string, readonly number[]])[] = [
      ['expiry', field(6, [0, 1])],
      [
        'expiry',
        field(
          6,
          Array.from({ length: 11 }, () => 31),
        ),
      ],
      ['min_final_cltv_expiry_delta', field(24, [0, 18])],
      ['min_final_cltv_expiry_delta', field(24, [4, 0, 0, 0, 0, 0, 0])],
      ['features', field(5, [0, 8])],
      ['route_hint', field(3, [])],
      ['route_hint', field(3, bytesToWords(new Uint8Array(51)))],
      ['route_hint', field(3, bytesToWords(concat(publicKey(privateKey), new Uint8Array(17))))],
      ['node_id', field(19, bytesToWords(new Uint8Array(33)))],
      ['field_length', [13, 31, 31]],
      ['field_length', [13, 0]],
      ['description', field(13, bytesToWords(fromHex('ff')))],
    ];
    for (const [what, words] of cases) expect(faultOf(withFields(words))).toEqual(malformed(what));
    expect(faultOf(withFields())).toBeUndefined();
  });

  test('needs payment hash, payment secret, and one description', () => {
    expect(faultOf(signedText('lnbc', [...TIMESTAMP, ...SECRET, ...DESCRIPTION]))).toEqual({
      code: 'missing_payment_hash',
    });
    expect(faultOf(signedText('lnbc', [...TIMESTAMP, ...HASH, ...DESCRIPTION]))).toEqual({
      code: 'missing_payment_secret',
    });
    expect(faultOf(signedText('lnbc', [...TIMESTAMP, ...HASH, ...SECRET]))).toEqual({ code: 'missing_description' });
    expect(faultOf(withFields(field(23, bytesToWords(new Uint8Array(32)))))).toEqual({ code: 'two_descriptions' });
    const short = field(1, bytesToWords(new Uint8Array(31)));
    expect(faultOf(signedText('lnbc', [...TIMESTAMP, ...short, ...SECRET, ...DESCRIPTION]))).toEqual({
      code: 'missing_payment_hash',
    });
  });

  test('takes the first of fields that stand twice', () => {
    const other = field(1, bytesToWords(new Uint8Array(32).fill(9)));
    expect(decoded(withFields(other)).paymentHash).toEqual(new Uint8Array(32).fill(1));
  });

  test('keeps several route hints and fallbacks in order, and skips unknown versions', () => {
    const hop = (index: number) =>
      field(3, bytesToWords(concat(publicKey(privateKey), new Uint8Array(17), Uint8Array.of(index))));
    const invoice = decoded(
      withFields(
        hop(1),
        field(9, [17, ...bytesToWords(new Uint8Array(20))]),
        field(9, [19, 1]),
        field(9, []),
        field(9, [0, 1, 1]),
        hop(2),
        field(9, [1, ...bytesToWords(new Uint8Array(32))]),
      ),
    );
    expect(invoice.routeHints.map((hint) => hint[0]!.cltvExpiryDelta)).toEqual([1, 2]);
    expect(invoice.fallbackAddresses.map(toHex)).toEqual([`76a914${'00'.repeat(20)}88ac`, `5120${'00'.repeat(32)}`]);
  });

  test('knows the features of invoices, and what they build on', () => {
    const features = (bits: readonly number[]) => faultOf(withFields(field(5, bitsToWords(bitVector(bits)))));
    expect(features([8, 14, 16, 36, 48])).toBeUndefined();
    expect(features([9, 15, 17, 25, 37, 49, 151])).toBeUndefined();
    expect(features([8, 14, 20])).toEqual({ code: 'unknown_even_feature', bit: 20 });
    expect(features([8, 17])).toEqual({ code: 'missing_feature_dependency', bit: 16, needs: 14 });
    const vector = bitVector([8, 14, 17]);
    expect([14, 16, 18].map((bit) => hasFeature(vector, bit))).toEqual([true, true, false]);
    expect(wordsToBits(bitsToWords(vector))).toEqual(vector);
  });

  test('with a node id the signature must be of that node', () => {
    const other = field(19, bytesToWords(publicKey(new Uint8Array(32).fill(3))));
    const own = field(19, bytesToWords(publicKey(privateKey)));
    expect(faultOf(withFields(other))).toEqual({ code: 'invalid_signature' });
    expect(decoded(withFields(own)).payeeNodeId).toEqual(publicKey(privateKey));
    const { prefix, words } = bech32.decode(withFields(own) as 'ln1', false);
    expect(faultOf(bech32.encode(prefix, [...words.slice(0, -1), 31], false))).toEqual({ code: 'invalid_signature' });
  });

  test('a changed word changes the payee or fails', () => {
    const { prefix, words } = bech32.decode(withFields() as 'ln1', false);
    const changed = words.slice();
    changed[12]! ^= 1;
    const read = decodeInvoice(bech32.encode(prefix, changed, false));
    expect(read.ok && toHex(read.value.payeeNodeId)).not.toBe(toHex(publicKey(privateKey)));
    const badRecovery = words.slice();
    badRecovery[words.length - 1] = 31;
    expect(faultOf(bech32.encode(prefix, badRecovery, false))).toEqual({ code: 'invalid_signature' });
  });

  test('expires after its time', () => {
    const invoice = decoded(valid.vectors[1]!.invoice);
    expect([1_496_314_658, 1_496_314_718, 1_496_314_719].map((now) => isInvoiceExpired(invoice, now))).toEqual([
      false,
      false,
      true,
    ]);
  });
});
