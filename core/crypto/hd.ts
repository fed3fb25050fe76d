import { BIP32Factory, type BIP32Interface } from 'bip32';
import { entropyToMnemonic, mnemonicToEntropy, mnemonicToSeedSync, validateMnemonic, wordlists } from 'bip39';
import { fromHex, toHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import * as curve from './secp256k1.ts';

const bip32 = BIP32Factory({
  isPoint: curve.isPoint,
  isPrivate: curve.isScalar,
  pointFromScalar: (scalar) => curve.publicKey(scalar),
  pointAddScalar: (point, scalar) => curve.addToPoint(point, scalar) ?? null,
  privateAdd: (scalar, tweak) => curve.addScalars(scalar, tweak) ?? null,
  sign: curve.sign,
  verify: (hash, point, signature) => curve.verify(signature, hash, point),
});

const WORDS: readonly string[] = must(wordlists['english'], 'the English word list');

export type MnemonicFault =
  | { readonly code: 'word_count'; readonly actual: number }
  | { readonly code: 'unknown_word'; readonly position: number; readonly word: string }
  | { readonly code: 'checksum' };

/** Lower case, single spaces. */
export const normalizeMnemonic = (text: string): string => text.normalize('NFKD').trim().toLowerCase().split(/\s+/u).join(' ');

/** The first thing wrong with a mnemonic of 12 or 24 English words; undefined when it is valid (BIP 39). */
export function mnemonicFault(mnemonic: string): MnemonicFault | undefined {
  const words = mnemonic.split(' ');
  if (words.length !== 12 && words.length !== 24) return { code: 'word_count', actual: words.length };
  const unknown = words.findIndex((word) => !WORDS.includes(word));
  if (unknown >= 0) return { code: 'unknown_word', position: unknown + 1, word: must(words[unknown], 'the word') };
  return validateMnemonic(mnemonic, WORDS as string[]) ? undefined : { code: 'checksum' };
}

/** 12 words for 16 bytes of entropy, 24 for 32. */
export const mnemonicOf = (entropy: Uint8Array): string => {
  if (entropy.length !== 16 && entropy.length !== 32) throw new RangeError('entropy is 16 or 32 bytes');
  return entropyToMnemonic(toHex(entropy), WORDS as string[]);
};

/** The entropy of a valid mnemonic; zero it after use. */
export const mnemonicToEntropyBytes = (mnemonic: string): Uint8Array => fromHex(mnemonicToEntropy(mnemonic, WORDS as string[]));

/** The 64-byte BIP 39 seed; zero it after use. */
export const seedOf = (mnemonic: string, passphrase: string): Uint8Array => mnemonicToSeedSync(mnemonic, passphrase);

/** A BIP 32 node: its secret key stays inside until asked for. */
export interface HdNode {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  /** Such as `m/84'/0'/0'` from the master, `0/5` from an account. */
  readonly derive: (path: string) => HdNode;
  /** Extended public key with the version bytes of the main network. */
  readonly extendedPublicKey: () => string;
}

export const masterNode = (seed: Uint8Array): HdNode => hdNode(bip32.fromSeed(seed));

function hdNode(node: BIP32Interface): HdNode {
  return {
    publicKey: node.publicKey,
    get privateKey() {
      return must(node.privateKey, 'the private key');
    },
    derive: (path) => hdNode(node.derivePath(path)),
    extendedPublicKey: () => node.neutered().toBase58(),
  };
}
