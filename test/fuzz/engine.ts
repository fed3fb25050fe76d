import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { toHex } from '../../core/lib/bytes.ts';
import { seededRandom } from '../support/mutate.ts';
import type { AnyTarget } from './target.ts';

/** An input that takes longer could hold up everything else that the process does. */
const SLOW_MS = 50;
/** The best of so many runs counts: a pause of the machine, or its garbage, is not the input's fault. */
const TRIES = 3;
/**
 * What one input may make of memory, garbage included: a decoded form is larger than its bytes, but by a factor, not by
 * what they claim; a length field can claim gigabytes.
 */
const ALLOCATION_FLOOR_BYTES = 4 * 1024 * 1024;
const ALLOCATION_FACTOR = 200;
/** What may stay after all inputs are done: compiled code and caches of a fixed size. */
const KEPT_BYTES = 16 * 1024 * 1024;

export interface Outcome {
  readonly name: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly slowestMs: number;
  /** Growth of the heap over all inputs, after collecting garbage. */
  readonly keptBytes: number;
  /** Seed, number and input of the first one that failed, and why. */
  readonly failure?: string;
}

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  /** Left out, what stays in memory is not looked at, which takes longer than a short run. */
  readonly watchesMemory?: boolean;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memoryInUse(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
}

function memoryKept(): number {
  collectGarbage();
  collectGarbage();
  return memoryInUse();
}

export function shown(input: unknown): string {
  const plain = JSON.stringify(input, (_, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)) ?? String(input);
  return plain.length > 4000 ? `${plain.slice(0, 4000)}... (${plain.length} characters)` : plain;
}

interface Run {
  readonly accepted: boolean;
  readonly elapsedMs: number;
  readonly allocatedBytes: number;
}

async function feedOnce(target: AnyTarget, input: unknown): Promise<Run> {
  const memoryBefore = memoryInUse();
  const from = performance.now();
  const answer = target.feed(input);
  const accepted = typeof answer === 'boolean' ? answer : await answer;
  const elapsedMs = performance.now() - from;
  return { accepted, elapsedMs, allocatedBytes: memoryInUse() - memoryBefore };
}

/** Throws what the decoder threw, and when even the best of a few runs is too slow or too large. */
async function feedFairly(target: AnyTarget, input: unknown): Promise<Run> {
  const allowedBytes = ALLOCATION_FLOOR_BYTES + ALLOCATION_FACTOR * target.sizeOf(input);
  let best: Run | undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const run = await feedOnce(target, input);
    best = best
      ? { accepted: run.accepted, elapsedMs: Math.min(best.elapsedMs, run.elapsedMs), allocatedBytes: Math.min(best.allocatedBytes, run.allocatedBytes) }
      : run;
    if (best.elapsedMs <= SLOW_MS && best.allocatedBytes <= allowedBytes) return best;
  }
  if (best!.elapsedMs > SLOW_MS) throw new Error(`took ${best!.elapsedMs.toFixed(0)} ms`);
  throw new Error(`took ${best!.allocatedBytes} bytes of memory for an input of ${target.sizeOf(input)}`);
}

const whyOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Feeds `count` hostile inputs to a decoder; ends with the first that does harm. */
export async function runTarget(target: AnyTarget, { count, seed, watchesMemory = false }: FuzzOptions): Promise<Outcome> {
  const random = seededRandom(seed);
  let accepted = 0;
  let slowestMs = 0;
  let fed = 0;
  let failure: string | undefined;
  const before = watchesMemory ? memoryKept() : 0;
  for (; fed < count && failure === undefined; fed++) {
    const input: unknown = target.input(random);
    try {
      const run = await feedFairly(target, input);
      if (run.accepted) accepted++;
      slowestMs = Math.max(slowestMs, run.elapsedMs);
    } catch (error) {
      failure = `seed ${seed}, input ${fed}: ${shown(input)}\n${whyOf(error)}`;
    }
  }
  const keptBytes = watchesMemory ? memoryKept() - before : 0;
  if (failure === undefined && keptBytes > KEPT_BYTES) failure = `seed ${seed}: ${keptBytes} bytes stayed in memory`;
  return { name: target.name, inputs: fed, accepted, refused: fed - accepted, slowestMs, keptBytes, ...(failure === undefined ? {} : { failure }) };
}
