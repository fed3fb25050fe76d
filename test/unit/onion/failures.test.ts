import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import {
  type Failure,
  type FailureName,
  decodeFailure,
  encodeFailure,
  failureFlags,
  failureTable,
} from '../../../core/onion/failures.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';
import { attributionVector } from './vectors.ts';

const sha256OfOnion = new Uint8Array(32).fill(0xaa);
const channelUpdate = fromHex('0102deadbeef');
const htlcMsat = msat(100n);

/** The code, flags included, and the data: read off BOLT 4's list. */
const EXAMPLES: readonly (readonly [Failure, string])[] = [
  [{ name: 'temporary_node_failure' }, '2002'],
  [{ name: 'permanent_node_failure' }, '6002'],
  [{ name: 'required_node_feature_missing' }, '6003'],
  [{ name: 'invalid_onion_version', sha256OfOnion }, `c004${'aa'.repeat(32)}`],
  [{ name: 'invalid_onion_hmac', sha256OfOnion }, `c005${'aa'.repeat(32)}`],
  [{ name: 'invalid_onion_key', sha256OfOnion }, `c006${'aa'.repeat(32)}`],
  [{ name: 'temporary_channel_failure', channelUpdate: new Uint8Array(0) }, '10070000'],
  [{ name: 'permanent_channel_failure' }, '4008'],
  [{ name: 'required_channel_feature_missing' }, '4009'],
  [{ name: 'unknown_next_peer' }, '400a'],
  [{ name: 'amount_below_minimum', htlcMsat, channelUpdate }, '100b000000000000006400060102deadbeef'],
  [{ name: 'fee_insufficient', htlcMsat, channelUpdate }, '100c000000000000006400060102deadbeef'],
  [{ name: 'incorrect_cltv_expiry', cltvExpiry: 800_000, channelUpdate }, '100d000c350000060102deadbeef'],
  [{ name: 'expiry_too_soon', channelUpdate }, '100e00060102deadbeef'],
  [{ name: 'incorrect_or_unknown_payment_details', htlcMsat, height: 800_000 }, '400f0000000000000064000c3500'],
  [{ name: 'final_incorrect_cltv_expiry', cltvExpiry: 800_000 }, '0012000c3500'],
  [{ name: 'final_incorrect_htlc_amount', incomingHtlcAmt: htlcMsat }, '00130000000000000064'],
  [{ name: 'channel_disabled', disabledFlags: 0, channelUpdate }, '1014000000060102deadbeef'],
  [{ name: 'expiry_too_far' }, '0015'],
  [{ name: 'invalid_onion_payload', type: 65537n, offset: 3 }, '4016fe000100010003'],
  [{ name: 'mpp_timeout' }, '0017'],
  [{ name: 'invalid_onion_blinding', sha256OfOnion }, `c018${'aa'.repeat(32)}`],
];

describe('failure messages', () => {
  test('every one has its code, flags and data, both ways', () => {
    expect(EXAMPLES.map(([{ name }]) => name)).toEqual(Object.keys(failureTable));
    for (const [failure, hex] of EXAMPLES) {
      expect(toHex(encodeFailure(failure))).toBe(hex);
      const decoded = decodeFailure(fromHex(hex));
      expect(decoded).toMatchObject({ ok: true, value: { failureCode: parseInt(hex.slice(0, 4), 16), failure } });
    }
  });

  test('writes a TLV stream behind the data, and ignores what stands there', () => {
    const { htlc_msat, height, tlv_type, tlv_length, tlv_byte } = attributionVector.failure;
    const failure = {
      name: 'incorrect_or_unknown_payment_details',
      htlcMsat: msat(BigInt(htlc_msat)),
      height,
    } as const;
    const extra = [{ type: BigInt(tlv_type), value: new Uint8Array(tlv_length).fill(tlv_byte) }];
    const message = encodeFailure(failure, extra);
    expect(toHex(message)).toBe(attributionVector.encoded_failure_message);
    expect(decodeFailure(message)).toMatchObject({ ok: true, value: { failure } });
    expect(decodeFailure(fromHex('2002ffffff'))).toMatchObject({
      ok: true,
      value: { failure: { name: 'temporary_node_failure' } },
    });
  });

  test('an unknown code or short data still tells its flags', () => {
    const flags = { badOnion: false, permanent: true, node: true, update: false };
    expect(decodeFailure(fromHex('60ff'))).toEqual({
      ok: true,
      value: { failureCode: 0x60ff, flags, failure: undefined },
    });
    expect(decodeFailure(fromHex('400f0000'))).toMatchObject({
      ok: true,
      value: { flags: { permanent: true }, failure: undefined },
    });
    expect(decodeFailure(fromHex('1007ffff00'))).toMatchObject({
      ok: true,
      value: { flags: { update: true }, failure: undefined },
    });
    expect(failureFlags(0xc004)).toEqual({ badOnion: true, permanent: true, node: false, update: false });
    expect(decodeFailure(fromHex('40'))).toEqual({ ok: false, error: { code: 'malformed_failure' } });
  });

  test('survives hostile failures', () => {
    expect(
      fuzz({
        name: 'decodeFailure',
        input: (random) =>
          concat(
            fromHex(random.pick(EXAMPLES)[1].slice(0, 4)),
            mutate(fromHex(random.pick(EXAMPLES)[1].slice(4)), random),
          ),
        run: (input) => {
          const decoded = decodeFailure(input);
          const failure = decoded.ok ? decoded.value.failure : undefined;
          if (failure && !toHex(input).startsWith(toHex(encodeFailure(failure))))
            throw new Error(`read as ${failure.name satisfies FailureName}`);
        },
      }),
    ).toBe(FUZZ_COUNT);
  });
});
