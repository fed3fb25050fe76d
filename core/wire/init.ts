import { equal } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import {
  FEATURES,
  type Feature,
  type FeatureBits,
  featureBits,
  featureVector,
  hasFeature,
  missingDependency,
  optional,
  required,
  unknownRequiredBit,
} from './features.ts';
import type { MessageOf } from './messages.ts';

/**
 * What Sferic offers in context I of BOLT 9. The bits of ASSUMED features are still set, since peers of before that
 * word refuse a node without them; those that no channel of ours can do without are set as required.
 */
export const OUR_FEATURES: FeatureBits = [
  optional('dataLossProtect'),
  optional('upfrontShutdownScript'),
  optional('gossipQueries'),
  required('varOnionOptin'),
  required('staticRemotekey'),
  required('paymentSecret'),
  optional('basicMpp'),
  optional('anchors'),
  optional('shutdownAnysegwit'),
  optional('attributionData'),
  required('channelType'),
  optional('scidAlias'),
  optional('simpleClose'),
];

/** The bits of both sides, as long as this connection lasts. */
export interface NegotiatedFeatures {
  readonly ours: FeatureBits;
  readonly theirs: FeatureBits;
}

/** BOLT 1, "The init Message": both offered it, or we did as required, since the peer did not leave. */
export const both = ({ ours, theirs }: NegotiatedFeatures, feature: Feature): boolean =>
  hasFeature(ours, feature) && (hasFeature(theirs, feature) || ours.includes(required(feature)));

/** Why we cannot talk with this peer: the connection is closed. */
export type InitFault =
  | { readonly code: 'unknown_required_feature'; readonly bit: number }
  | { readonly code: 'missing_dependency'; readonly feature: Feature }
  | { readonly code: 'no_common_chain' };

export interface OurSide {
  /** `chain_hash` of the network that we are on. */
  readonly chainHash: Uint8Array;
  readonly features?: FeatureBits;
}

/** The first message of a connection. `remoteAddr`: the peer's own public address as a BOLT 7 descriptor. */
export function ourInit({ chainHash, features = OUR_FEATURES }: OurSide, remoteAddr?: Uint8Array): MessageOf<'init'> {
  return {
    name: 'init',
    // Old nodes read bits up to 13 here; everyone else takes the union of both fields.
    globalfeatures: featureVector(features.filter((bit) => bit <= 13)),
    features: featureVector(features),
    tlvs: { networks: [chainHash], ...(remoteAddr ? { remoteAddr } : {}) },
  };
}

/** Judges the peer's `init` (BOLT 1, "The init Message", receiving node; BOLT 9, "Requirements"). */
export function checkInit(theirs: MessageOf<'init'>, ours: OurSide): Result<NegotiatedFeatures, InitFault> {
  const ourBits = ours.features ?? OUR_FEATURES;
  const understood = (Object.keys(FEATURES) as Feature[]).filter((feature) => hasFeature(ourBits, feature));
  const bits = featureBits(union(theirs.globalfeatures, theirs.features));
  const unknownBit = unknownRequiredBit(bits, understood);
  if (unknownBit !== undefined) return err({ code: 'unknown_required_feature', bit: unknownBit });
  const unmet = missingDependency(bits);
  if (unmet) return err({ code: 'missing_dependency', feature: unmet });
  const chains = theirs.tlvs?.networks;
  if (chains && !chains.some((chain) => equal(chain, ours.chainHash))) return err({ code: 'no_common_chain' });
  return ok({ ours: ourBits, theirs: bits });
}

/** Bitwise or of two vectors whose last bytes stand for the same bits. */
function union(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const joined = long.slice();
  const offset = long.length - short.length;
  for (const [i, byte] of short.entries()) joined[offset + i]! |= byte;
  return joined;
}
