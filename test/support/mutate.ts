import { performance } from 'node:perf_hooks';
import { vi } from 'vitest';
import { toHex } from '../../core/lib/bytes.ts';

/** Mutated inputs per decoder: `FUZZ_COUNT`, or 2000. */
export const FUZZ_COUNT = Number(process.env['FUZZ_COUNT'] ?? 2000);
/** `FUZZ_SEED` repeats a run. */
const FUZZ_SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

const TIMEOUT_PER_INPUT_MS = 20;
// A long run needs a longer limit than the suite's.
if (FUZZ_COUNT > 2000) vi.setConfig({ testTimeout: FUZZ_COUNT * TIMEOUT_PER_INPUT_MS });

export interface Random {
  /** A natural number below `limit`. */
  readonly below: (limit: number) => number;
  readonly bytes: (length: number) => Uint8Array;
  readonly pick: <T>(items: readonly T[]) => T;
}

/** Mulberry32: the same numbers for the same seed on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    pick: (items) => items[below(items.length)]!,
  };
}

type Mutation = (input: Uint8Array, random: Random) => Uint8Array;

const splice = (input: Uint8Array, at: number, cut: number, insert: Uint8Array): Uint8Array =>
  Uint8Array.from([...input.subarray(0, at), ...insert, ...input.subarray(at + cut)]);

/** Values that lengths and counts trip over, in all their widths. */
const LENGTHS: readonly (readonly number[])[] = [
  [0],
  [1],
  [0x7f],
  [0xfc],
  [0xfd],
  [0xff],
  [0xff, 0xff],
  [0xfd, 0, 0xfc],
  [0xfd, 0xff, 0xff],
  [0xfe, 0, 0, 0xff, 0xff],
  [0xfe, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

const MUTATIONS: readonly Mutation[] = [
  function flipBit(input, random) {
    const flipped = input.slice();
    if (flipped.length > 0) flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
    return flipped;
  },
  function setByte(input, random) {
    const changed = input.slice();
    if (changed.length > 0) changed[random.below(changed.length)] = random.below(256);
    return changed;
  },
  function cutEnd(input, random) {
    return input.slice(0, random.below(input.length + 1));
  },
  function cutOut(input, random) {
    return splice(input, random.below(input.length + 1), random.below(40), new Uint8Array(0));
  },
  function insert(input, random) {
    return splice(input, random.below(input.length + 1), 0, random.bytes(1 + random.below(40)));
  },
  function editLength(input, random) {
    const value = Uint8Array.from(random.pick(LENGTHS));
    return splice(input, random.below(input.length + 1), random.below(2) * value.length, value);
  },
  function repeat(input, random) {
    const from = random.below(input.length + 1);
    const part = input.subarray(from, from + 1 + random.below(64));
    const times = 1 + random.below(20);
    return splice(input, from, 0, Uint8Array.from(Array.from({ length: times }, () => [...part]).flat()));
  },
  function swap(input, random) {
    const [a, b] = [random.below(input.length + 1), random.below(input.length + 1)].sort((x, y) => x - y) as [
      number,
      number,
    ];
    return Uint8Array.from([...input.subarray(0, a), ...input.subarray(b), ...input.subarray(a, b)]);
  },
];

/** One to four mutations of a valid input, one after another. */
export function mutate(input: Uint8Array, random: Random): Uint8Array {
  let mutated = input;
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) mutated = random.pick(MUTATIONS)(mutated, random);
  return mutated;
}

const SLOW_MS = 50;
const RETRIES = 3;

/** The best of a few runs: a pause of the machine is not the input's fault. */
function isSlow(task: () => void): boolean {
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    const from = performance.now();
    task();
    if (performance.now() - from <= SLOW_MS) return false;
  }
  return true;
}

export interface FuzzTask<T> {
  readonly name: string;
  /** A hostile input, from the seeded numbers alone. */
  readonly input: (random: Random) => T;
  /** Feeds it to the decoder; throws where the decoder did, or answered with nonsense. */
  readonly run: (input: T) => void;
  readonly show?: (input: T) => string;
  /** `FUZZ_COUNT` unless a single run takes long. */
  readonly count?: number;
}

const shown = (input: unknown): string => (input instanceof Uint8Array ? toHex(input) : JSON.stringify(input));

/**
 * Feeds hostile inputs to a decoder. Throws with seed, number and input at the first one that throws or
 * takes over 50 ms; the seed is printed, so that `FUZZ_SEED` brings every run back. Returns how many were fed.
 */
export function fuzz<T>({ name, input, run, show = shown, count = FUZZ_COUNT }: FuzzTask<T>): number {
  const random = seededRandom(FUZZ_SEED);
  console.info(`fuzz ${name}: ${count} inputs, FUZZ_SEED=${FUZZ_SEED}`);
  for (let index = 0; index < count; index++) {
    const hostile = input(random);
    const where = (): string => `fuzz ${name}, FUZZ_SEED=${FUZZ_SEED}, input ${index}: ${show(hostile)}`;
    let slow: boolean;
    try {
      slow = isSlow(() => run(hostile));
    } catch (error) {
      throw new Error(where(), { cause: error });
    }
    if (slow) throw new Error(`over ${SLOW_MS} ms: ${where()}`);
  }
  return count;
}
