import { bech32 } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { concat, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { decodeInvoice, encodeInvoice } from '../../../core/invoice/bolt11.ts';
import { bytesToWords } from '../../../core/invoice/words.ts';
import { FUZZ_COUNT, fuzz, mutate, type Random } from '../../support/mutate.ts';
import {
  DESCRIPTION,
  HASH,
  SECRET,
  TIMESTAMP,
  field,
  invalid,
  privateKey,
  sign,
  signedText,
  valid,
} from './helpers.ts';

useFastestCurve();

const shownInvoice = (text: string): string =>
  JSON.stringify(decodeInvoice(text), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

describe('hostile invoices', () => {
  const texts = [...valid.vectors, ...invalid.vectors].map(({ invoice }) => invoice);
  const check = (text: string): void => {
    const read = decodeInvoice(text);
    if (!read.ok) return;
    const { payeeNodeId, ...rest } = read.value;
    if (payeeNodeId.length !== 33 || rest.paymentHash.length !== 32 || rest.paymentSecret.length !== 32)
      throw new Error('nonsense');
  };
  const mutatedWords = (random: Random): readonly [prefix: string, words: number[]] => {
    const { prefix, words } = bech32.decode(random.pick(valid.vectors).invoice as 'ln1', false);
    const mutated = [...mutate(Uint8Array.from(words), random)].map((word) => word & 31);
    return [
      random.below(4) ? prefix : `lnbc${random.below(10 ** 9)}${random.pick(['', 'm', 'u', 'n', 'p', 'x'])}`,
      mutated,
    ];
  };

  test('survives mutated texts', () => {
    expect(
      fuzz({
        name: 'decodeInvoice, text',
        input: (random) => String.fromCharCode(...mutate(utf8(random.pick(texts)), random)),
        run: check,
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('survives mutated words with a good checksum', () => {
    expect(
      fuzz({
        name: 'decodeInvoice, words',
        input: (random) => bech32.encode(...mutatedWords(random), false),
        run: check,
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('survives mutated fields with a good signature', () => {
    expect(
      fuzz({
        name: 'decodeInvoice, signed',
        input: (random) => {
          const [prefix, words] = mutatedWords(random);
          return signedText(prefix, words.slice(0, -104));
        },
        run: (text) => {
          const read = decodeInvoice(text);
          if (!read.ok) return;
          if (toHex(read.value.payeeNodeId) !== toHex(publicKey(privateKey))) throw new Error('another payee');
          const again = encodeInvoice(read.value, sign);
          if (again.ok && shownInvoice(again.value) !== shownInvoice(text)) throw new Error('written differently');
        },
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('stays fast with as many points as fit', () => {
    const hop = concat(publicKey(privateKey), new Uint8Array(18));
    const hint = field(3, bytesToWords(concat(...Array.from({ length: 12 }, () => hop))));
    const text = signedText('lnbc', [
      ...TIMESTAMP,
      ...HASH,
      ...SECRET,
      ...DESCRIPTION,
      ...Array.from({ length: 7 }, () => hint).flat(),
    ]);
    const run = (input: string): void => {
      const read = decodeInvoice(input);
      if (!read.ok || read.value.routeHints.length !== 7) throw new Error('not read');
    };
    expect(fuzz({ name: 'decodeInvoice, points', input: () => text, run, count: 3 })).toBe(3);
  });
});
