import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mnemonicOf, seedOf } from '../../../core/crypto/hd.ts';
import { deriveSeed } from '../../../core/io/seed.ts';
import { toHex } from '../../../core/lib/bytes.ts';

test('is the seed of the reference, whatever the words and the passphrase', async () => {
  const entropies = fc.constantFrom(16, 32).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  await fc.assert(
    fc.asyncProperty(entropies, fc.string({ unit: 'grapheme' }), async (entropy, passphrase) => {
      const mnemonic = mnemonicOf(entropy);
      expect(toHex(await deriveSeed(mnemonic, passphrase))).toBe(toHex(seedOf(mnemonic, passphrase)));
    }),
    { numRuns: 20 },
  );
});

test('is the one of the vectors of BIP 39', async () => {
  const words = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
  expect(toHex(await deriveSeed(words, 'TREZOR'))).toBe('c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04');
});
