/** A feature by its even bit (BOLT 9). */
export const FEATURES = {
  dataLossProtect: 0, upfrontShutdownScript: 4, gossipQueries: 6, varOnionOptin: 8, gossipQueriesEx: 10, staticRemotekey: 12,
  paymentSecret: 14, basicMpp: 16, supportLargeChannel: 18, anchors: 22, routeBlinding: 24, shutdownAnysegwit: 26, dualFund: 28,
  quiesce: 34, attributionData: 36, onionMessages: 38, provideStorage: 42, channelType: 44, scidAlias: 46, paymentMetadata: 48,
  zeroconf: 50, simpleClose: 60, splice: 62,
} as const; // prettier-ignore
export type Feature = keyof typeof FEATURES;

/** Set bits, in ascending order. */
export type FeatureBits = readonly number[];

/** Bit 0 is the lowest bit of the last byte (BOLT 1); a bit vector may be of any length. */
export function featureBits(vector: Uint8Array): FeatureBits {
  const bits: number[] = [];
  for (let byte = vector.length - 1; byte >= 0; byte--) {
    for (let bit = 0; bit < 8; bit++) if ((vector[byte]! >> bit) & 1) bits.push((vector.length - 1 - byte) * 8 + bit);
  }
  return bits;
}

/** The shortest vector that holds the bits. */
export function featureVector(bits: FeatureBits): Uint8Array {
  const vector = new Uint8Array(bits.length === 0 ? 0 : (Math.max(...bits) >> 3) + 1);
  for (const bit of bits) vector[vector.length - 1 - (bit >> 3)]! |= 1 << (bit & 7);
  return vector;
}

/** Either bit of the pair. */
export const hasFeature = (bits: FeatureBits, feature: Feature): boolean =>
  bits.includes(FEATURES[feature]) || bits.includes(FEATURES[feature] + 1);
export const optional = (feature: Feature): number => FEATURES[feature] + 1;
export const required = (feature: Feature): number => FEATURES[feature];

/** What a feature needs beside it (BOLT 9, "Dependencies"). */
const DEPENDENCIES: Partial<Record<Feature, Feature>> = {
  basicMpp: 'paymentSecret', zeroconf: 'scidAlias', simpleClose: 'shutdownAnysegwit',
}; // prettier-ignore

const KNOWN_EVEN = new Set<number>(Object.values(FEATURES));

/** The lowest even bit that `understood` (or the whole table) lacks; its sender cannot be served. */
export const unknownRequiredBit = (bits: FeatureBits, understood: readonly Feature[]): number | undefined =>
  bits.find((bit) => bit % 2 === 0 && !(KNOWN_EVEN.has(bit) && understood.some((feature) => FEATURES[feature] === bit)));

/** The first feature whose dependency is missing. */
export const missingDependency = (bits: FeatureBits): Feature | undefined =>
  (Object.entries(DEPENDENCIES) as [Feature, Feature][]).find(([feature, needs]) => hasFeature(bits, feature) && !hasFeature(bits, needs))?.[0];
