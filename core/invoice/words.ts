/** 5-bit values, most significant first: what Bech32 letters stand for. */
export type Words = readonly number[];

/** Whole bytes; left-over bits are dropped. */
export function wordsToBytes(words: Words): Uint8Array {
  return packed(words, Math.floor((words.length * 5) / 8));
}

/** Zero bits fill up the last byte. */
export function wordsToBytesPadded(words: Words): Uint8Array {
  return packed(words, Math.ceil((words.length * 5) / 8));
}

function packed(words: Words, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const word of words) {
    held = ((held << 5) | word) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
  }
  if (at < length) bytes[at] = held << (8 - bits);
  return bytes;
}

/** Zero bits fill up the last word. */
export function bytesToWords(bytes: Uint8Array): number[] {
  const words: number[] = [];
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      words.push((held >> bits) & 31);
    }
  }
  if (bits > 0) words.push((held << (5 - bits)) & 31);
  return words;
}

/** Words of a number that fit into a safe integer. */
const NUMBER_WORDS_MAX = 10;

/** Big-endian; undefined when it is too long to be counted with. */
export const wordsToNumber = (words: Words): number | undefined =>
  words.length > NUMBER_WORDS_MAX ? undefined : words.reduce((value, word) => value * 32 + word, 0);

/** Big-endian, at least `minimum` words, no more than it takes. */
export function numberToWords(value: number, minimum = 0): number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a natural number`);
  const words: number[] = [];
  for (let rest = value; rest > 0 || words.length < minimum; rest = Math.floor(rest / 32)) words.unshift(rest % 32);
  return words;
}

/** A bit field that ends at the last word's lowest bit, without leading zero bytes. */
export function wordsToBits(words: Words): Uint8Array {
  const shift = (8 - ((words.length * 5) % 8)) % 8;
  const bytes = new Uint8Array(Math.ceil((words.length * 5) / 8));
  for (const [index, word] of words.entries()) {
    const position = shift + index * 5;
    const at = position >> 3;
    const pair = word << (11 - (position & 7));
    bytes[at]! |= pair >> 8;
    if ((pair & 0xff) !== 0) bytes[at + 1]! |= pair & 0xff;
  }
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : bytes.slice(first);
}

/** The inverse of `wordsToBits`, without leading zero words. */
export function bitsToWords(bits: Uint8Array): number[] {
  const words: number[] = [];
  let held = 0;
  let count = 0;
  for (const byte of bits.toReversed()) {
    held |= byte << count;
    count += 8;
    while (count >= 5) {
      words.push(held & 31);
      held >>= 5;
      count -= 5;
    }
  }
  if (count > 0) words.push(held);
  while (words.at(-1) === 0) words.pop();
  return words.toReversed();
}
