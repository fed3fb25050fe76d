import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { keyStream } from '../../../core/crypto/aead.ts';
import { hmacSha256 } from '../../../core/crypto/hash.ts';
import { ecdh, publicKey } from '../../../core/crypto/secp256k1.ts';
import { concat, equal, fromHex, xor } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { msat } from '../../../core/lib/units.ts';
import { ATTRIBUTION_LENGTH, readFulfillHoldTimes } from '../../../core/onion/attribution.ts';
import { type EncryptedData, blindedPathCodec, createBlindedPath, encodeEncryptedData, encryptedDataCodec, unblind } from '../../../core/onion/blinded-path.ts';
import { createErrorOnion, decryptErrorOnion, wrapErrorOnion } from '../../../core/onion/errors.ts';
import { decodeFailure } from '../../../core/onion/failures.ts';
import { generateKey } from '../../../core/onion/keys.ts';
import { HOP_PAYLOADS_LENGTH, createOnion, peelOnion } from '../../../core/onion/packet.ts';
import { encodePayload, finalPayload, intermediatePayload, readPayload } from '../../../core/onion/payload.ts';
import { mutate, type Random } from '../../support/mutate.ts';
import { type AnyTarget, bytesTarget, nonsense, takes } from '../target.ts';

const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const nodeKey = secret(0x41);
const associatedData = secret(0x42);
const secrets = [secret(1), secret(2), secret(3)];

const forward = intermediatePayload({ amtToForwardMsat: msat(1000n), outgoingCltvValue: 500_000, shortChannelId: 7n });
const last = finalPayload({ amtToForwardMsat: msat(1000n), outgoingCltvValue: 500_000, paymentSecret: secret(5), totalMsat: msat(1000n), paymentMetadata: undefined });
const pathKey = publicKey(secret(9));
const encryptedData: EncryptedData = { pathId: secret(8), paymentConstraints: { maxCltvExpiry: 700_000, htlcMinimumMsat: msat(1n) } };
const blinded = encodePayload({ encryptedRecipientData: secret(7), currentPathKey: pathKey });

/** An onion for one hop whose unwrapped payloads begin with `plain`, authentic whatever they say. */
function authenticOnion(plain: Uint8Array): Uint8Array {
  const ephemeral = secret(0x12);
  const sharedSecret = ecdh(publicKey(nodeKey), ephemeral);
  const clear = new Uint8Array(HOP_PAYLOADS_LENGTH).fill(0xff);
  clear.set(plain.subarray(0, HOP_PAYLOADS_LENGTH));
  const payloads = xor(clear, keyStream(generateKey('rho', sharedSecret), HOP_PAYLOADS_LENGTH));
  return concat(Uint8Array.of(0), publicKey(ephemeral), payloads, hmacSha256(generateKey('mu', sharedSecret), payloads, associatedData));
}

function packet(): Uint8Array {
  const onion = createOnion({ sessionKey: secret(0x13), associatedData, hops: [{ nodeId: publicKey(nodeKey), payload: forward }, { nodeId: publicKey(secret(0x14)), payload: last }] });
  return must(onion.ok ? onion.value : undefined, 'the onion').packet;
}

const FAILURES = ['2002', `c004${'aa'.repeat(32)}`, '10070006010203040506', '100b000000000000006400060102deadbeef', '400f0000000000000064000c3500', '0012000c3500', '4016fd0102000c'].map(fromHex);

interface Reason {
  readonly reason: Uint8Array;
  readonly attributionData: Uint8Array | undefined;
}
/** The way back from the last hop to the origin. */
function returned(body: Uint8Array): Reason {
  let onion: Reason = createErrorOnion({ sharedSecret: secrets.at(-1)!, failureMessage: body, holdTime: 1 });
  for (const sharedSecret of secrets.slice(0, -1).toReversed()) onion = wrapErrorOnion({ sharedSecret, ...onion, holdTime: 1 });
  return onion;
}

function failureTargets(): AnyTarget[] {
  const valid = returned(FAILURES[4]!);
  return [
    bytesTarget('failure message', (random) => {
      const chosen = random.pick(FAILURES);
      return concat(chosen.subarray(0, 2), mutate(chosen.subarray(2), random));
    }, (input) => decodeFailure(input).ok),
    {
      name: 'failure onion and its attribution',
      input: (random: Random): Reason => ({ reason: mutate(valid.reason, random), attributionData: mutate(valid.attributionData!, random) }),
      sizeOf: ({ reason, attributionData }: Reason) => reason.length + (attributionData?.length ?? 0),
      feed: (input: Reason) => {
        const read = decryptErrorOnion(secrets, input);
        if (read.ok && !equal(input.reason, valid.reason)) nonsense('a changed packet was read');
        wrapErrorOnion({ sharedSecret: secrets[0]!, ...input, holdTime: 1 });
        return read.ok;
      },
    },
    bytesTarget('failure onion, authentic', (random) => mutate(concat(Uint8Array.of(0, 4), random.bytes(4), Uint8Array.of(0, 4), random.bytes(4)), random), (body) => {
      const clear = concat(hmacSha256(generateKey('um', secrets[0]!), body), body);
      return decryptErrorOnion(secrets, wrapErrorOnion({ sharedSecret: secrets[0]!, reason: clear })).ok;
    }),
    bytesTarget('hold times of a fulfilled HTLC', (random) => mutate(random.bytes(ATTRIBUTION_LENGTH), random), (input) => {
      if (readFulfillHoldTimes(secrets, input).length > secrets.length) nonsense('more hold times than hops');
      return true;
    }),
  ]; // prettier-ignore
}

function blindedTargets(): AnyTarget[] {
  const data = encodeEncryptedData(encryptedData);
  const made = createBlindedPath({ sessionKey: secret(0x15), hops: [{ nodeId: publicKey(nodeKey), data }, { nodeId: publicKey(secret(0x16)), data }] });
  const path = must(made.ok ? made.value : undefined, 'the path');
  const written = encodeWith(blindedPathCodec, path);
  return [
    bytesTarget('blinded path', (random) => mutate(written, random), (input) => takes(() => decodeWith(blindedPathCodec, input))),
    bytesTarget('encrypted data of a blinded path', (random) => mutate(data, random), (input) => takes(() => decodeWith(encryptedDataCodec, input))),
    bytesTarget('blinded hop', (random) => mutate(path.path[0]!.encryptedRecipientData, random), (input) => unblind(input, path.firstPathKey, nodeKey).ok),
  ];
}

export function onionTargets(): readonly AnyTarget[] {
  const valid = packet();
  const framed = concat(Uint8Array.of(forward.length), forward, secret(7));
  const peel = (input: Uint8Array): boolean => peelOnion(input, nodeKey, associatedData).ok;
  return [
    bytesTarget('onion packet', (random) => mutate(valid, random), peel),
    bytesTarget('onion packet, authentic', (random) => authenticOnion(mutate(framed, random)), peel),
    bytesTarget('onion payload', (random) => mutate(random.pick([forward, last, blinded]), random), (input) =>
      [false, true].some((isFinal) => [false, true].map((hasPathKey) => readPayload(input, { isFinal, hasPathKey }).ok).includes(true))),
    ...failureTargets(),
    ...blindedTargets(),
  ]; // prettier-ignore
}
