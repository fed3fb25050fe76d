import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/bolt3/key-derivation.json' with { type: 'json' };
import { isScalar, publicKey } from '../../../core/crypto/secp256k1.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import {
  commitmentKeys, derivePrivateKey, derivePublicKey, deriveRevocationPrivateKey, deriveRevocationPublicKey,
} from '../../../core/tx/keys.ts'; // prettier-ignore
import { keys, localBasepoints, remoteBasepoints } from './bolt3.ts';

const basePoint = fromHex(vectors.basePoint);
const baseSecret = fromHex(vectors.baseSecret);
const point = fromHex(vectors.perCommitmentPoint);
const secret = fromHex(vectors.perCommitmentSecret);

const scalar = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter(isScalar);

describe('BOLT 3 appendix E', () => {
  it('derives a public key from basepoint and per-commitment point', () => {
    expect(toHex(derivePublicKey(basePoint, point))).toBe(vectors.localPubkey);
  });
  it('derives a private key from basepoint secret and per-commitment point', () => {
    expect(toHex(derivePrivateKey(baseSecret, point))).toBe(vectors.localPrivkey);
  });
  it('derives the revocation public key', () => {
    expect(toHex(deriveRevocationPublicKey(basePoint, point))).toBe(vectors.revocationPubkey);
  });
  it('derives the revocation private key', () => {
    expect(toHex(deriveRevocationPrivateKey(baseSecret, secret))).toBe(vectors.revocationPrivkey);
  });
});

describe('keys of a commitment', () => {
  it('gives every key of appendix C its place', () => {
    expect(commitmentKeys(localBasepoints, remoteBasepoints, keys.localPerCommitmentPoint)).toEqual({
      localDelayedPubkey: keys.localDelayedpubkey,
      revocationPubkey: keys.localRevocationPubkey,
      localHtlcPubkey: keys.localHtlcpubkey,
      remoteHtlcPubkey: keys.remoteHtlcpubkey,
      remotePaymentPubkey: keys.remotePaymentBasepoint,
    });
  });

  it('derives private keys that belong to the derived public keys', () => {
    const belongs = fc.property(scalar, scalar, (base, perCommitment) => {
      const perCommitmentPoint = publicKey(perCommitment);
      expect(publicKey(derivePrivateKey(base, perCommitmentPoint))).toEqual(
        derivePublicKey(publicKey(base), perCommitmentPoint),
      );
      expect(publicKey(deriveRevocationPrivateKey(base, perCommitment))).toEqual(
        deriveRevocationPublicKey(publicKey(base), perCommitmentPoint),
      );
    });
    fc.assert(belongs, { numRuns: 25 });
  });
});
