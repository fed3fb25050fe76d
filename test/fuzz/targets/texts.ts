import { createRequire } from 'node:module';
import { bech32 } from '@scure/base';
import { addressToScript, scriptToAddress } from '../../../core/bitcoin/address.ts';
import { networks } from '../../../core/bitcoin/network.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { mnemonicFault, normalizeMnemonic } from '../../../core/crypto/hd.ts';
import { publicKey, signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { decodeInvoice } from '../../../core/invoice/bolt11.ts';
import { formatBitcoinUri, parseBitcoinUri } from '../../../core/invoice/bip21.ts';
import { bytesToWords, wordsToBytesPadded } from '../../../core/invoice/words.ts';
import { formatPeerAddress, parsePeerAddress } from '../../../core/lib/address.ts';
import { concat, fromHex, fromUtf8, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { foreign } from '../../../core/lib/sanitize.ts';
import { sat } from '../../../core/lib/units.ts';
import { redact } from '../../../core/node/redact.ts';
import { mutate, type Random } from '../../support/mutate.ts';
import { type AnyTarget, nonsense, textTarget } from '../target.ts';

interface Vectors {
  readonly private_key: string;
  readonly vectors: readonly { readonly invoice: string }[];
}
const load = (name: string): Vectors => createRequire(import.meta.url)(`../../vectors/bolt11/${name}.json`) as Vectors;
const valid = load('valid');
const INVOICES = valid.vectors.map(({ invoice }) => invoice);
const REFUSED = load('invalid').vectors.map(({ invoice }) => invoice);
const KEY = fromHex(valid.private_key);

/** Bytes that are no UTF-8 become replacement characters, and long inputs stay long. */
const mutatedText = (text: string, random: Random): string => fromUtf8(mutate(utf8(text), random));

function mutatedWords(random: Random): readonly [prefix: string, words: number[]] {
  const { prefix, words } = bech32.decode(random.pick(INVOICES) as 'ln1', false);
  const mutated = [...mutate(Uint8Array.from(words), random)].map((word) => word & 31);
  return [random.below(4) ? prefix : `lnbc${random.below(10 ** 9)}${random.pick(['', 'm', 'u', 'n', 'p', 'x'])}`, mutated];
}

function signedText(prefix: string, words: readonly number[]): string {
  const { signature, recoveryId } = signRecoverable(sha256(concat(utf8(prefix), wordsToBytesPadded(words))), KEY);
  return bech32.encode(prefix, [...words, ...bytesToWords(concat(signature, Uint8Array.of(recoveryId)))], false);
}

function reads(text: string): boolean {
  const read = decodeInvoice(text);
  if (!read.ok) return false;
  const { payeeNodeId, paymentHash, paymentSecret } = read.value;
  if (payeeNodeId.length !== 33 || paymentHash.length !== 32 || paymentSecret.length !== 32) nonsense('fields of a wrong length');
  return true;
}

const invoiceTargets = (): AnyTarget[] => [
  textTarget('invoice, text', (random) => String.fromCharCode(...mutate(utf8(random.pick([...INVOICES, ...REFUSED])), random)), reads),
  textTarget('invoice, good checksum', (random) => bech32.encode(...mutatedWords(random), false), reads),
  textTarget('invoice, good signature', (random) => {
    const [prefix, words] = mutatedWords(random);
    return signedText(prefix, words.slice(0, -104));
  }, (text) => {
    const read = decodeInvoice(text);
    if (read.ok && toHex(read.value.payeeNodeId) !== toHex(publicKey(KEY))) nonsense('another payee');
    return read.ok;
  }),
]; // prettier-ignore

const ADDRESSES = [
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
]; // prettier-ignore

const NODE_ID = toHex(publicKey(new Uint8Array(32).fill(3)));
const PEERS = [`${NODE_ID}@127.0.0.1:9735`, `${NODE_ID}@[2001:db8::1%eth0]:9735`, `${NODE_ID}@node.example.org`, `${NODE_ID}@[::ffff:10.0.0.1]:1`, NODE_ID];
const MNEMONIC = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

export const textTargets = (): readonly AnyTarget[] => [
  ...invoiceTargets(),
  textTarget('BIP 21', (random) => mutatedText(formatBitcoinUri({ address: ADDRESSES[0]!, amountSat: sat(123_456_789n), label: 'a & b', message: 'é', lightning: 'lnbc1abc' }), random), (text) => {
    const read = parseBitcoinUri(text);
    return !('ok' in read) || read.ok;
  }),
  textTarget('bitcoin address', (random) => mutatedText(random.pick(ADDRESSES), random), (text) => {
    const script = addressToScript(text, networks.mainnet);
    if (script.ok && scriptToAddress(script.value, networks.mainnet)?.toLowerCase() !== text.toLowerCase()) nonsense('another address');
    return script.ok;
  }),
  textTarget('peer address', (random) => mutatedText(random.pick(PEERS), random), (text) => {
    const read = parsePeerAddress(text);
    if (read.ok && !parsePeerAddress(formatPeerAddress(read.value)).ok) nonsense('written differently');
    return read.ok;
  }),
  textTarget('mnemonic', (random) => mutatedText(MNEMONIC, random), (text) => mnemonicFault(normalizeMnemonic(text)) === undefined),
  textTarget('text of a peer, made harmless', (random) => mutatedText('a\u202eb\u0301\u0301\u0301\u0301\u0301\u0301 <b>https://example.org</b>\u001b[31m', random), (text) => {
    if ([...foreign(text, 50)].length > 50) nonsense('too long');
    redact({ text, name: { [text]: text } });
    return true;
  }),
]; // prettier-ignore
