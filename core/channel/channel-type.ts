import { type Feature, FEATURES, featureBits, featureVector } from '../wire/features.ts';
import type { ChannelType } from '../tx/weights.ts';

export interface ChannelTypeChoice {
  readonly channelType: ChannelType;
  readonly scidAlias: boolean;
}

/** The `channel_type` vector, smallest form (BOLT 2, "Defined Channel Types"). */
export const channelTypeVector = ({ channelType, scidAlias }: ChannelTypeChoice): Uint8Array =>
  featureVector([FEATURES.staticRemotekey, ...(channelType === 'anchors' ? [FEATURES.anchors] : []), ...(scidAlias ? [FEATURES.scidAlias] : [])]);

/** Undefined for anything but the types we speak, or a type with a feature that was not negotiated. */
export function parseChannelType(vector: Uint8Array, negotiated: (feature: Feature) => boolean): ChannelTypeChoice | undefined {
  const bits = featureBits(vector);
  if (vector.length > 0 && vector[0] === 0) return undefined;
  const known: readonly number[] = [FEATURES.staticRemotekey, FEATURES.anchors, FEATURES.scidAlias];
  if (!bits.includes(FEATURES.staticRemotekey) || bits.some((bit) => !known.includes(bit))) return undefined;
  const anchors = bits.includes(FEATURES.anchors);
  const scidAlias = bits.includes(FEATURES.scidAlias);
  if ((anchors && !negotiated('anchors')) || (scidAlias && !negotiated('scidAlias'))) return undefined;
  return { channelType: anchors ? 'anchors' : 'static_remotekey', scidAlias };
}

/** The best type that both sides speak, anchors preferred. */
export const preferredChannelType = (negotiated: (feature: Feature) => boolean): ChannelTypeChoice => ({
  channelType: negotiated('anchors') ? 'anchors' : 'static_remotekey',
  scidAlias: negotiated('scidAlias'),
});
