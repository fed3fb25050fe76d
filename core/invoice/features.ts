import type { InvoiceFault } from './types.ts';

/** Even bits of BOLT 9 features that an invoice may demand of us: those of its context 9, and the assumed ones. */
const KNOWN_FEATURES: ReadonlySet<number> = new Set([0, 8, 12, 14, 16, 36, 44, 48]);
/** Feature -> what it builds on, by even bits (BOLT 9). */
const DEPENDENCIES: readonly (readonly [feature: number, needs: number])[] = [[16, 14]];

/** Whether a bit of a big-endian vector is set. */
const hasBit = (features: Uint8Array, bit: number): boolean =>
  ((features[features.length - 1 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;

/** Whether an invoice offers or demands a feature, given by its even bit. */
export const hasFeature = (features: Uint8Array, evenBit: number): boolean =>
  hasBit(features, evenBit) || hasBit(features, evenBit + 1);

/** The lowest even bit that we do not know, or a feature without the one it builds on (BOLT 11, "Feature Bits"). */
export function featureFault(features: Uint8Array): InvoiceFault | undefined {
  for (let bit = 0; bit < features.length * 8; bit += 2) {
    if (hasBit(features, bit) && !KNOWN_FEATURES.has(bit)) return { code: 'unknown_even_feature', bit };
  }
  const broken = DEPENDENCIES.find(([feature, needs]) => hasFeature(features, feature) && !hasFeature(features, needs));
  return broken && { code: 'missing_feature_dependency', bit: broken[0], needs: broken[1] };
}
