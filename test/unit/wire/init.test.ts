import { describe, expect, test } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import {
  FEATURES,
  type Feature,
  featureBits,
  featureVector,
  hasFeature,
  missingDependency,
  optional,
  required,
} from '../../../core/wire/features.ts';
import { OUR_FEATURES, both, checkInit, ourInit } from '../../../core/wire/init.ts';
import { decodeMessage, encodeMessage, type MessageOf } from '../../../core/wire/messages.ts';

const ours = { chainHash: networks.regtest.chainHash };
const init = (bits: readonly number[], more: Partial<MessageOf<'init'>> = {}): MessageOf<'init'> => ({
  name: 'init', globalfeatures: new Uint8Array(0), features: featureVector(bits), ...more,
}); // prettier-ignore

describe('feature vectors', () => {
  test.each([
    ['', []],
    ['01', [0]],
    ['80', [7]],
    ['0100', [8]],
    ['0000', []],
    ['8001', [0, 15]],
  ] as const)('"%s" holds %j', (hex, bits) => {
    expect(featureBits(fromHex(hex))).toEqual(bits);
    expect(toHex(featureVector(bits))).toBe(bits.length ? hex : '');
  });

  test('bit 151 takes 19 bytes, the shortest that hold it', () => {
    expect(featureVector([151])).toHaveLength(19);
  });
});

describe('our init', () => {
  test('offers what Sferic speaks and nothing else', () => {
    expect(OUR_FEATURES).toEqual([1, 5, 7, 8, 12, 14, 17, 23, 27, 37, 44, 47, 61]);
  });

  test('sets no pair twice and every dependency', () => {
    expect(new Set(OUR_FEATURES.map((bit) => bit >> 1)).size).toBe(OUR_FEATURES.length);
    expect(missingDependency(OUR_FEATURES)).toBeUndefined();
  });

  test('names our chain and keeps high bits out of globalfeatures', () => {
    const sent = decodeMessage(encodeMessage(ourInit(ours, fromHex('017f0000012607'))));
    const message = sent.known && sent.message.name === 'init' ? sent.message : undefined;
    expect(message?.tlvs).toEqual({ networks: [ours.chainHash], remoteAddr: fromHex('017f0000012607') });
    expect(featureBits(message!.globalfeatures)).toEqual([1, 5, 7, 8, 12]);
    expect(featureBits(message!.features)).toEqual(OUR_FEATURES);
  });

  test('is accepted by ourselves', () => {
    expect(checkInit(ourInit(ours), ours)).toEqual({ ok: true, value: { ours: OUR_FEATURES, theirs: OUR_FEATURES } });
  });
});

describe('their init', () => {
  test('the bits of a real Electrum 4.3.4 are accepted', () => {
    const bits = [0, 1, 5, 6, 9, 12, 13, 15, 17, 27, 45, 151];
    const checked = checkInit(init(bits, { tlvs: { networks: [ours.chainHash] } }), ours);
    const value = { ours: OUR_FEATURES, theirs: bits };
    expect(checked).toEqual({ ok: true, value });
    expect(both(value, 'shutdownAnysegwit')).toBe(true);
    expect(both(value, 'anchors')).toBe(false);
  });

  test('a feature is negotiated when both offer it or we require it', () => {
    const pair = { ours: [required('staticRemotekey'), optional('anchors')], theirs: [optional('quiesce')] };
    expect(both(pair, 'staticRemotekey')).toBe(true);
    expect(both(pair, 'anchors')).toBe(false);
    expect(both(pair, 'quiesce')).toBe(false);
    expect(both({ ...pair, theirs: [required('anchors')] }, 'anchors')).toBe(true);
  });

  test('the two fields are one vector, aligned at their ends', () => {
    const checked = checkInit(init([17], { globalfeatures: featureVector([14, 1]) }), ours);
    expect(checked.ok && checked.value.theirs).toEqual([1, 14, 17]);
    const swapped = checkInit(init([1, 14], { globalfeatures: featureVector([17]) }), ours);
    expect(swapped.ok && swapped.value.theirs).toEqual([1, 14, 17]);
  });

  test.each([
    ['unknown even bit', [0, 200], 200],
    ['even bit of a feature that we do not offer', [required('onionMessages')], 38],
    ['undefined even bit within the table', [2], 2],
  ])('%s ends the connection', (_name, bits, bit) => {
    expect(checkInit(init(bits), ours)).toEqual({ ok: false, error: { code: 'unknown_required_feature', bit } });
  });

  test('an unknown even bit in globalfeatures counts as well', () => {
    expect(checkInit(init([], { globalfeatures: featureVector([100]) }), ours)).toMatchObject({ error: { bit: 100 } });
  });

  test('unknown odd bits are ignored', () => {
    expect(checkInit(init([3, 201, 40_001]), ours).ok).toBe(true);
  });

  test.each([['basicMpp'], ['zeroconf'], ['simpleClose']] as const)(
    '%s without its dependency ends the connection',
    (feature) => {
      expect(checkInit(init([optional(feature)]), ours)).toEqual({
        ok: false,
        error: { code: 'missing_dependency', feature },
      });
    },
  );

  test('every feature of ours may be required by the peer', () => {
    const mine = (Object.keys(FEATURES) as Feature[]).filter((feature) => hasFeature(OUR_FEATURES, feature));
    expect(checkInit(init(mine.map(required)), ours).ok).toBe(true);
  });

  test.each([
    ['another chain only', [networks.mainnet.chainHash], false],
    ['no chain at all', [], false],
    ['ours among others', [networks.mainnet.chainHash, networks.regtest.chainHash], true],
  ])('networks: %s', (_name, chains, isFine) => {
    const checked = checkInit(init([], { tlvs: { networks: chains } }), ours);
    expect(checked.ok ? undefined : checked.error).toEqual(isFine ? undefined : { code: 'no_common_chain' });
  });

  test('without networks any chain may be meant', () => {
    expect(checkInit(init([]), ours).ok).toBe(true);
  });
});
