import { DecodeError } from '../../core/codec/reader.ts';
import { StoreError } from '../../core/store/port.ts';
import type { Random } from '../support/mutate.ts';

/** A decoder of foreign bytes, and the hostile inputs that it is given. */
export interface Target<T = unknown> {
  readonly name: string;
  /** From the seeded numbers alone, so that seed and number bring an input back. */
  readonly input: (random: Random) => T;
  /** True: taken; false: refused as refusals should be. Whatever else happens is thrown. */
  readonly feed: (input: T) => boolean | Promise<boolean>;
  /** Bytes or characters of an input, against which memory is measured. */
  readonly sizeOf: (input: T) => number;
}

/** Targets of all kinds of input in one list. */
// oxlint-disable-next-line no-explicit-any -- each target's input goes to its own feed only
export type AnyTarget = Target<any>;

/** Whether it decodes: the errors that decoders may throw mean no, others go on. */
export function takes(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (isClean(error)) return false;
    throw error;
  }
}

export const isClean = (error: unknown): boolean => error instanceof DecodeError || error instanceof StoreError;

type Feed<T> = Target<T>['feed'];

export const bytesTarget = (name: string, input: (random: Random) => Uint8Array, feed: Feed<Uint8Array>): Target<Uint8Array> => ({
  name,
  input,
  feed,
  sizeOf: (bytes) => bytes.length,
});

export const textTarget = (name: string, input: (random: Random) => string, feed: Feed<string>): Target<string> => ({
  name,
  input,
  feed,
  sizeOf: (text) => text.length,
});

export function nonsense(why: string): never {
  throw new Error(`nonsense: ${why}`);
}
