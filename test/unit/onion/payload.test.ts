import { describe, expect, test } from 'vitest';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import {
  blindedFinalPayload,
  blindedIntermediatePayload,
  decodePayload,
  encodePayload,
  finalPayload,
  intermediatePayload,
  readPayload,
} from '../../../core/onion/payload.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { blindedPaymentVector, onionVector, unframed } from './vectors.ts';

const paymentSecret = new Uint8Array(32).fill(0x24);
const pathKey = publicKey(new Uint8Array(32).fill(9));
const forward = intermediatePayload({ amtToForwardMsat: msat(15000n), outgoingCltvValue: 1500, shortChannelId: 1n });
const receive = finalPayload({
  amtToForwardMsat: msat(1000n),
  outgoingCltvValue: 800_000,
  paymentSecret,
  totalMsat: msat(3000n),
});
const inside = { isFinal: false, hasPathKey: false };
const last = { isFinal: true, hasPathKey: false };
const fault = (type: bigint, offset: number) => ({ ok: false, error: { code: 'invalid_onion_payload', type, offset } });
const blindingFault = { ok: false, error: { code: 'invalid_onion_blinding' } };

describe('hop payload', () => {
  test('writes the payloads of the vectors', () => {
    expect(toHex(forward)).toBe(toHex(unframed(onionVector.generate.hops[0]!.payload)));
    const [alice, bob, carol, , eve] = blindedPaymentVector.generate.full_route.hops.map(({ payload }) =>
      unframed(payload),
    );
    expect(
      intermediatePayload({ amtToForwardMsat: msat(110125n), outgoingCltvValue: 749150, shortChannelId: 10n }),
    ).toEqual(alice);
    for (const payload of [bob!, carol!]) {
      const read = readPayload(payload, { isFinal: false, hasPathKey: payload === carol });
      if (!read.ok || read.value.kind !== 'blinded_forward') throw new Error('not blinded');
      const { encryptedRecipientData, currentPathKey } = read.value;
      expect(blindedIntermediatePayload({ encryptedRecipientData, currentPathKey })).toEqual(payload);
    }
    const read = readPayload(eve!, { isFinal: true, hasPathKey: true });
    if (!read.ok || read.value.kind !== 'blinded_receive') throw new Error('not blinded');
    const { encryptedRecipientData, amtToForwardMsat, outgoingCltvValue, totalMsat } = read.value;
    expect([amtToForwardMsat, outgoingCltvValue, totalMsat]).toEqual([100000n, 749000, 150000n]);
    expect(
      blindedFinalPayload({ encryptedRecipientData, amtToForwardMsat, outgoingCltvValue, totalAmountMsat: totalMsat }),
    ).toEqual(eve);
  });

  test('reads a forward and a receipt', () => {
    expect(readPayload(forward, inside)).toEqual({
      ok: true,
      value: { kind: 'forward', amtToForwardMsat: 15000n, outgoingCltvValue: 1500, shortChannelId: 1n },
    });
    expect(readPayload(receive, last)).toEqual({
      ok: true,
      value: {
        kind: 'receive', amtToForwardMsat: 1000n, outgoingCltvValue: 800_000, totalMsat: 3000n, paymentSecret,
        paymentMetadata: undefined, customRecords: [],
      },
    }); // prettier-ignore
  });

  test('keeps custom records and metadata, and takes the amount for a missing total', () => {
    const customRecords = [{ type: 65537n, value: fromHex('c0ffee') }];
    const paymentMetadata = fromHex('01fafaf0');
    const full = finalPayload({
      amtToForwardMsat: msat(1n),
      outgoingCltvValue: 1,
      paymentSecret,
      totalMsat: msat(1n),
      paymentMetadata,
      customRecords,
    });
    expect(readPayload(full, last)).toMatchObject({ ok: true, value: { customRecords, paymentMetadata } });
    const bare = encodePayload({ amtToForwardMsat: msat(7n), outgoingCltvValue: 1 });
    expect(readPayload(bare, last)).toMatchObject({
      ok: true,
      value: { kind: 'receive', totalMsat: 7n, paymentSecret: undefined },
    });
  });

  test('names the record that is missing', () => {
    expect(readPayload(encodePayload({ outgoingCltvValue: 1, shortChannelId: 1n }), inside)).toEqual(fault(2n, 0));
    expect(readPayload(encodePayload({ amtToForwardMsat: msat(1n) }), last)).toEqual(fault(4n, 0));
    expect(readPayload(encodePayload({ amtToForwardMsat: msat(1n), outgoingCltvValue: 1 }), inside)).toEqual(
      fault(6n, 0),
    );
  });

  test('names type and offset of the record that is wrong', () => {
    const start = fromHex('020101');
    expect(decodePayload(concat(start, fromHex('0e00')))).toEqual(fault(14n, 3));
    expect(decodePayload(concat(start, fromHex('04020001')))).toEqual(fault(4n, 3));
    expect(decodePayload(concat(start, fromHex('020101')))).toEqual(fault(2n, 3));
    expect(decodePayload(concat(start, fromHex('06090000000000000000ff')))).toEqual(fault(6n, 3));
    expect(decodePayload(concat(start, fromHex('06ffffffffffffffffff')))).toEqual(fault(6n, 3));
    expect(decodePayload(concat(start, fromHex('fd0004')))).toEqual(fault(0n, 3));
    expect(decodePayload(concat(start, fromHex('0c21'), new Uint8Array(33)))).toEqual(fault(12n, 3));
  });

  test('refuses a path key outside of a blinded path', () => {
    const withKey = encodePayload({
      amtToForwardMsat: msat(1n),
      outgoingCltvValue: 1,
      shortChannelId: 1n,
      currentPathKey: pathKey,
    });
    expect(readPayload(withKey, last)).toEqual(fault(12n, 16));
    expect(readPayload(withKey, inside)).toEqual(blindingFault);
    expect(readPayload(forward, { ...inside, hasPathKey: true })).toEqual(blindingFault);
    expect(readPayload(fromHex('0e00'), { ...last, hasPathKey: true })).toEqual(blindingFault);
  });

  test('refuses what does not belong into a blinded path', () => {
    const encryptedRecipientData = fromHex('00');
    const introduction = { encryptedRecipientData, currentPathKey: pathKey };
    const final = {
      encryptedRecipientData,
      amtToForwardMsat: msat(1n),
      outgoingCltvValue: 1,
      totalAmountMsat: msat(1n),
    };
    const key = { hasPathKey: true };
    expect(readPayload(encodePayload(introduction), inside).ok).toBe(true);
    expect(readPayload(encodePayload(final), { ...last, ...key }).ok).toBe(true);
    expect(readPayload(encodePayload(introduction), { ...inside, ...key })).toEqual(blindingFault);
    expect(readPayload(encodePayload({ encryptedRecipientData }), inside)).toEqual(blindingFault);
    expect(readPayload(encodePayload({ ...introduction, amtToForwardMsat: msat(1n) }), inside)).toEqual(blindingFault);
    expect(
      readPayload(encodePayload({ ...introduction, unknownRecords: [{ type: 99n, value: pathKey }] }), inside),
    ).toEqual(blindingFault);
    expect(readPayload(encodePayload({ ...final, paymentMetadata: pathKey }), { ...last, ...key })).toEqual(
      blindingFault,
    );
    for (const missing of ['amtToForwardMsat', 'outgoingCltvValue', 'totalAmountMsat']) {
      expect(readPayload(encodePayload({ ...final, [missing]: undefined }), { ...last, ...key })).toEqual(
        blindingFault,
      );
    }
  });

  test('survives hostile payloads', () => {
    const valid = [
      forward,
      receive,
      ...blindedPaymentVector.generate.full_route.hops.map(({ payload }) => unframed(payload)),
    ];
    expect(
      fuzz({
        name: 'readPayload',
        input: (random) => mutate(random.pick(valid), random),
        run: (input) => {
          for (const isFinal of [false, true])
            for (const hasPathKey of [false, true]) readPayload(input, { isFinal, hasPathKey });
          const decoded = decodePayload(input);
          if (decoded.ok && toHex(encodePayload(decoded.value)) !== toHex(input))
            throw new Error('decoded, but written differently');
        },
      }),
    ).toBe(FUZZ_COUNT);
  });
});
