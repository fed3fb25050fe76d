import { describe, expect, test } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { seal } from '../../../core/crypto/aead.ts';
import { ecdh, publicKey } from '../../../core/crypto/secp256k1.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import {
  aggregateFees,
  blindedEcdh,
  blindedForward,
  blindedPathCodec,
  createBlindedPath,
  encodeEncryptedData,
  meetsConstraints,
  unblind,
} from '../../../core/onion/blinded-path.ts';
import { generateKey } from '../../../core/onion/keys.ts';
import { createOnion, peelOnion } from '../../../core/onion/packet.ts';
import { readPayload } from '../../../core/onion/payload.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { blindedPaymentVector, onionMessageVector, routeBlindingVector, unframed } from './vectors.ts';

const { generate, route, unblind: unblinding } = routeBlindingVector;
const NO_DATA = new Uint8Array(0);
const blindingFault = { ok: false, error: { code: 'invalid_onion_blinding' } };

useFastestCurve();

describe('blinded path', () => {
  test('BOLT 4 route blinding vector: two paths joined', () => {
    const partOf = (from: number) => {
      const hops = generate.hops
        .slice(from, from + 2)
        .map(({ node_id, encoded_tlvs }) => ({ nodeId: fromHex(node_id), data: fromHex(encoded_tlvs) }));
      const path = createBlindedPath({ sessionKey: fromHex(generate.hops[from]!.session_key!), hops });
      if (!path.ok) throw new Error(path.error.code);
      return path.value;
    };
    const [first, second] = [partOf(0), partOf(2)];
    expect(toHex(first.firstNodeId)).toBe(route.first_node_id);
    expect(toHex(first.firstPathKey)).toBe(route.first_path_key);
    const hops = [...first.path, ...second.path].map(({ blindedNodeId, encryptedRecipientData }) => ({
      blinded_node_id: toHex(blindedNodeId),
      encrypted_data: toHex(encryptedRecipientData),
    }));
    expect(hops).toEqual(route.hops);
  });

  test('BOLT 4 route blinding vector: every hop unblinds its part', () => {
    for (const [index, hop] of unblinding.hops.entries()) {
      const nodeKey = fromHex(hop.node_privkey);
      const read = unblind(fromHex(route.hops[index]!.encrypted_data), fromHex(hop.path_key), nodeKey);
      if (!read.ok) throw new Error(read.error.code);
      expect(toHex(encodeEncryptedData(read.value.data))).toBe(hop.decrypted_data);
      expect(toHex(read.value.nextPathKey)).toBe(hop.next_path_key_override ?? hop.next_path_key);
      const point = publicKey(fromHex('77'.repeat(32)));
      expect(blindedEcdh(nodeKey, fromHex(hop.path_key))!(point)).toEqual(ecdh(point, fromHex(hop.blinded_privkey)));
    }
  });

  test('refuses data that was changed, keys that are no points, and unknown even fields', () => {
    const [hop] = unblinding.hops;
    const nodeKey = fromHex(hop!.node_privkey);
    const pathKey = fromHex(hop!.path_key);
    const data = fromHex(route.hops[0]!.encrypted_data);
    data[3]! ^= 1;
    expect(unblind(data, pathKey, nodeKey)).toEqual(blindingFault);
    expect(unblind(fromHex(route.hops[0]!.encrypted_data), new Uint8Array(33), nodeKey)).toEqual(blindingFault);
    expect(blindedEcdh(nodeKey, new Uint8Array(33))).toBeUndefined();
    const even = seal(generateKey('rho', ecdh(pathKey, nodeKey)), new Uint8Array(12), fromHex('fd023200'));
    expect(unblind(even, pathKey, nodeKey)).toEqual(blindingFault);
  });

  test('BOLT 4 blinded payment vector: created, and peeled by every hop', () => {
    const { session_key, associated_data, full_route } = blindedPaymentVector.generate;
    const associatedData = fromHex(associated_data);
    const hops = full_route.hops.map(({ pubkey, payload }) => ({
      nodeId: fromHex(pubkey),
      payload: unframed(payload),
    }));
    const onion = createOnion({ sessionKey: fromHex(session_key), hops, associatedData });
    expect(onion.ok && toHex(onion.value.packet)).toBe(blindedPaymentVector.generate.onion);

    let htlc = { amountMsat: msat(110_125n), cltvExpiry: 749_150 };
    let pathKey: Uint8Array | undefined;
    let pathId: Uint8Array | undefined;
    for (const [index, hop] of blindedPaymentVector.decrypt.hops.entries()) {
      const nodeKey = fromHex(hop.node_privkey);
      const peeled = peelOnion(fromHex(hop.onion), pathKey ? blindedEcdh(nodeKey, pathKey)! : nodeKey, associatedData);
      if (!peeled.ok) throw new Error(peeled.error.code);
      const next = blindedPaymentVector.decrypt.hops[index + 1];
      expect(peeled.value.nextPacket && toHex(peeled.value.nextPacket)).toBe(next?.onion);
      const read = readPayload(peeled.value.payload, { isFinal: !next, hasPathKey: pathKey !== undefined });
      if (!read.ok) throw new Error(read.error.code);
      if (read.value.kind !== 'blinded_forward' && read.value.kind !== 'blinded_receive') continue;
      const hopData = unblind(read.value.encryptedRecipientData, pathKey ?? read.value.currentPathKey!, nodeKey);
      if (!hopData.ok) throw new Error(hopData.error.code);
      expect(toHex(hopData.value.nextPathKey)).toBe(hop.next_path_key);
      pathKey = hopData.value.nextPathKey;
      pathId = hopData.value.data.pathId;
      if (read.value.kind === 'blinded_receive') continue;
      const forward = blindedForward(hopData.value.data, htlc);
      if (!forward.ok) throw new Error(forward.error.code);
      htlc = { amountMsat: forward.value.amtToForwardMsat, cltvExpiry: forward.value.outgoingCltvValue };
    }
    expect(htlc).toEqual({ amountMsat: 100_000n, cltvExpiry: 749_000 });
    expect(pathId && toHex(pathId)).toBe('c9cf92f45ade68345bc20ae672e2012f4af487ed4415');
  });

  test('BOLT 4 onion message vector: created, and peeled by every hop', () => {
    const { session_key, hops } = onionMessageVector.generate;
    for (const { path_key_secret, encrypted_data_tlv, blinded_node_id, E, encrypted_recipient_data } of hops) {
      const index = hops.findIndex((hop) => hop.E === E);
      const nodeId = publicKey(fromHex(onionMessageVector.decrypt.hops[index]!.privkey));
      const path = createBlindedPath({
        sessionKey: fromHex(path_key_secret),
        hops: [{ nodeId, data: fromHex(encrypted_data_tlv) }],
      });
      expect(
        path.ok && [
          toHex(path.value.firstPathKey),
          toHex(path.value.path[0]!.blindedNodeId),
          toHex(path.value.path[0]!.encryptedRecipientData),
        ],
      ).toEqual([E, blinded_node_id, encrypted_recipient_data]);
    }
    const tlvOf = (hex: string) => concat(Uint8Array.of(4, hex.length / 2), fromHex(hex));
    const hello = fromHex(`0105${onionMessageVector.onionmessage.unknown_tag_1}`);
    const onionHops = hops.map((hop, index) => ({
      nodeId: fromHex(hop.blinded_node_id),
      payload: concat(index === 3 ? hello : NO_DATA, tlvOf(hop.encrypted_recipient_data)),
    }));
    const onion = createOnion({ sessionKey: fromHex(session_key), hops: onionHops, associatedData: NO_DATA });
    expect(onion.ok && toHex(onion.value.packet)).toBe(onionMessageVector.onionmessage.onion_message_packet);
    for (const [index, { privkey, onion_message }] of onionMessageVector.decrypt.hops.entries()) {
      const message = fromHex(onion_message);
      const peeled = peelOnion(message.slice(37), blindedEcdh(fromHex(privkey), message.slice(2, 35))!, NO_DATA);
      if (!peeled.ok) throw new Error(peeled.error.code);
      expect(peeled.value.payload).toEqual(onionHops[index]!.payload);
      expect(peeled.value.nextPacket && toHex(peeled.value.nextPacket)).toBe(
        onionMessageVector.decrypt.hops[index + 1]?.onion_message.slice(74),
      );
    }
  });

  test('keeps to the constraints of the path', () => {
    const paymentRelay = { cltvExpiryDelta: 50, feeProportionalMillionths: 0, feeBaseMsat: 10_000 };
    const paymentConstraints = { maxCltvExpiry: 1000, htlcMinimumMsat: msat(20_000n) };
    const data = { paymentRelay, paymentConstraints, shortChannelId: 1n };
    const htlc = { amountMsat: msat(20_000n), cltvExpiry: 1000 };
    expect(blindedForward(data, htlc)).toMatchObject({
      ok: true,
      value: { amtToForwardMsat: 10_000n, outgoingCltvValue: 950 },
    });
    expect(blindedForward(data, { ...htlc, cltvExpiry: 1001 })).toEqual(blindingFault);
    expect(blindedForward(data, { ...htlc, amountMsat: msat(19_999n) })).toEqual(blindingFault);
    expect(blindedForward({ ...data, allowedFeatures: fromHex('02') }, htlc)).toEqual(blindingFault);
    expect(blindedForward({ ...data, allowedFeatures: NO_DATA }, htlc).ok).toBe(true);
    expect(blindedForward({ ...data, nextNodeId: publicKey(new Uint8Array(32).fill(1)) }, htlc)).toEqual(blindingFault);
    expect(blindedForward({ ...data, shortChannelId: undefined }, htlc)).toEqual(blindingFault);
    expect(blindedForward({ ...data, paymentRelay: undefined }, htlc)).toEqual(blindingFault);
    expect(
      blindedForward({ paymentRelay, shortChannelId: 1n }, { amountMsat: msat(9_999n), cltvExpiry: 1000 }),
    ).toEqual(blindingFault);
    expect(blindedForward({ paymentRelay, shortChannelId: 1n }, { ...htlc, cltvExpiry: 49 })).toEqual(blindingFault);
    const tenth = {
      paymentRelay: { cltvExpiryDelta: 0, feeProportionalMillionths: 1000, feeBaseMsat: 0 },
      shortChannelId: 1n,
    };
    expect(blindedForward(tenth, { ...htlc, amountMsat: msat(20019n) })).toMatchObject({
      value: { amtToForwardMsat: 20000n },
    });
    expect(meetsConstraints({}, htlc)).toBe(true);
  });

  test('adds up the fees of the vector, rounding up', () => {
    const relays = [
      { cltvExpiryDelta: 50, feeProportionalMillionths: 0, feeBaseMsat: 10_000 },
      { cltvExpiryDelta: 75, feeProportionalMillionths: 150, feeBaseMsat: 100 },
      { cltvExpiryDelta: 25, feeProportionalMillionths: 100, feeBaseMsat: 0 },
    ];
    const { fee_base_msat, fee_proportional_millionths, cltv_expiry_delta } =
      blindedPaymentVector.generate.blinded_payinfo;
    expect(aggregateFees(relays, 0)).toEqual({
      feeBaseMsat: BigInt(fee_base_msat),
      feeProportionalMillionths: BigInt(fee_proportional_millionths),
      cltvExpiryDelta: cltv_expiry_delta,
    });
    expect(aggregateFees(relays, 18).cltvExpiryDelta).toBe(168);
  });

  test('is written and read, with a channel for its first node too', () => {
    const path = {
      firstNodeId: fromHex(route.first_node_id),
      firstPathKey: fromHex(route.first_path_key),
      path: route.hops.map((hop) => ({
        blindedNodeId: fromHex(hop.blinded_node_id),
        encryptedRecipientData: fromHex(hop.encrypted_data),
      })),
    };
    expect(decodeWith(blindedPathCodec, encodeWith(blindedPathCodec, path))).toEqual(path);
    const byChannel = { ...path, firstNodeId: fromHex('010000000000000451') };
    expect(decodeWith(blindedPathCodec, encodeWith(blindedPathCodec, byChannel))).toEqual(byChannel);
    expect(() => decodeWith(blindedPathCodec, encodeWith(blindedPathCodec, { ...path, path: [] }))).toThrow(
      DecodeError,
    );
    const valid = encodeWith(blindedPathCodec, path);
    expect(
      fuzz({
        name: 'blindedPathCodec',
        input: (random) => mutate(valid, random),
        run: (input) => {
          try {
            decodeWith(blindedPathCodec, input);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
          }
        },
      }),
    ).toBe(FUZZ_COUNT);
  });

  test('survives hostile encrypted data', () => {
    const nodeKey = fromHex(unblinding.hops[0]!.node_privkey);
    const pathKey = fromHex(unblinding.hops[0]!.path_key);
    const rho = generateKey('rho', ecdh(pathKey, nodeKey));
    expect(
      fuzz({
        name: 'unblind, authentic',
        input: (random) => mutate(fromHex(random.pick(generate.hops).encoded_tlvs), random),
        run: (input) => {
          const read = unblind(seal(rho, new Uint8Array(12), input), pathKey, nodeKey);
          if (read.ok) blindedForward(read.value.data, { amountMsat: msat(100_000n), cltvExpiry: 700_000 });
        },
      }),
    ).toBe(FUZZ_COUNT);
  });
});
