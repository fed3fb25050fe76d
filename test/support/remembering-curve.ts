import { nobleProvider, useCurve } from '../../core/crypto/secp256k1.ts';
import { nativeProvider } from '../../core/io/native-curve.ts';

const MAX_ANSWERS = 100_000;

/** A pure function of bytes that works each answer out once. */
function once<A extends readonly Uint8Array[], T>(work: (...args: A) => T): (...args: A) => T {
  const answers = new Map<string, T>();
  return (...args) => {
    const key = args.map((bytes) => String.fromCharCode(...bytes)).join('');
    const known = answers.get(key);
    if (known !== undefined || answers.has(key)) return known as T;
    const answer = work(...args);
    // Runs that go on for hours would fill the memory.
    if (answers.size >= MAX_ANSWERS) answers.clear();
    answers.set(key, answer);
    return answer;
  };
}

/** For thousands of runs that are the same up to a point: the curve's work is done once for all of them. */
export function useRememberingCurve(): void {
  const curve = nativeProvider() ?? nobleProvider;
  useCurve({
    ...curve,
    publicKey: once(curve.publicKey), sign: once(curve.sign), verify: once(curve.verify), addToPoint: once(curve.addToPoint),
    multiplyPoint: once(curve.multiplyPoint), addPoints: once(curve.addPoints),
  }); // prettier-ignore
}
