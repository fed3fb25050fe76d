import { witnessProgram } from '../bitcoin/script.ts';
import { concat } from '../lib/bytes.ts';
import { type Words, bytesToWords, wordsToBytes } from './words.ts';

const PUBKEY_HASH_VERSION = 17;
const SCRIPT_HASH_VERSION = 18;
const HASH_LENGTH = 20;

/** Output script of an `f` field; undefined for versions and lengths that are to be skipped. */
export function fallbackToScript([version, ...words]: Words): Uint8Array | undefined {
  const program = wordsToBytes(words);
  if (version === PUBKEY_HASH_VERSION) {
    return program.length === HASH_LENGTH
      ? concat(Uint8Array.of(0x76, 0xa9, 0x14), program, Uint8Array.of(0x88, 0xac))
      : undefined;
  }
  if (version === SCRIPT_HASH_VERSION) {
    return program.length === HASH_LENGTH ? concat(Uint8Array.of(0xa9, 0x14), program, Uint8Array.of(0x87)) : undefined;
  }
  if (version === undefined || version > 16 || program.length < 2 || program.length > 40) return undefined;
  if (version === 0 && program.length !== HASH_LENGTH && program.length !== 32) return undefined;
  return concat(Uint8Array.of(version === 0 ? 0 : 0x50 + version, program.length), program);
}

/** Words of an `f` field; throws for a script that has no address. */
export function scriptToFallback(script: Uint8Array): number[] {
  const witness = witnessProgram(script);
  if (witness) return [witness.version, ...bytesToWords(witness.program)];
  if (script.length === 25 && script[0] === 0x76) return [PUBKEY_HASH_VERSION, ...bytesToWords(script.subarray(3, 23))];
  if (script.length === 23 && script[0] === 0xa9) return [SCRIPT_HASH_VERSION, ...bytesToWords(script.subarray(2, 22))];
  throw new RangeError('the script has no address');
}
