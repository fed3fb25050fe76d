import { type Tx, txidBytes } from '../bitcoin/transaction.ts';
import type { ChannelKeys } from '../channel/keys.ts';
import { secretOfRevoked } from '../channel/onchain/confirmed.ts';
import type { RevokedState } from '../channel/onchain/penalty-record.ts';
import { commitmentParams } from '../channel/sign.ts';
import type { FundedChannel } from '../channel/types.ts';
import { publicKey, sign } from '../crypto/secp256k1.ts';
import { type FeeratePerKw, feerateFromSatPerVb } from '../lib/units.ts';
import { buildCommitment } from '../tx/commitment.ts';
import { deriveRevocationPrivateKey } from '../tx/keys.ts';
import { type Justice, type JusticeHtlc, encodeJustice } from './justice.ts';
import { MAX_PLAIN_BYTES, hintOf, sealBlob } from './seal.ts';
import { targetsOf, unsignedJustice } from './targets.ts';

/** `signed`: for anybody's tower. `own`: the tower also gets keys, see the warning at `OwnProof`. */
export type TowerGrade = 'signed' | 'own';

/** From the least that relays in quiet times to what buys the next block in a storm. */
export const JUSTICE_FEERATES: readonly FeeratePerKw[] = [2, 10, 50, 200].map(feerateFromSatPerVb);

/** What a tower is given for one revoked commitment; several parts where there are many HTLCs. */
export interface Appointed {
  readonly hint: Uint8Array;
  readonly blobs: readonly Uint8Array[];
}

/** Fee rates as high as each output pays for. */
function signaturesOf(justice: Justice, tx: Tx, revocationSecret: Uint8Array): readonly (readonly Uint8Array[])[] {
  return targetsOf(justice, tx).map((target) => {
    const signatures: Uint8Array[] = [];
    for (const rate of JUSTICE_FEERATES) {
      const unsigned = unsignedJustice(justice, target, rate);
      if (!unsigned) break;
      signatures.push(sign(unsigned.sighash, revocationSecret));
    }
    return signatures;
  });
}

/** Halved until each part fits a blob; what belongs to one HTLC stays together. */
function plainParts(base: Omit<Justice, 'proof'>, tx: Tx, revocationSecret: Uint8Array, grade: TowerGrade): readonly Uint8Array[] {
  const proofOf = (withoutProof: Omit<Justice, 'proof'>): Justice => {
    const own: Justice = { ...withoutProof, proof: { kind: 'own', revocationSecret } };
    return grade === 'own' ? own : { ...withoutProof, proof: { kind: 'signed', feeratesPerKw: JUSTICE_FEERATES, signatures: signaturesOf(own, tx, revocationSecret) } };
  };
  const plain = encodeJustice(proofOf(base));
  if (plain.length <= MAX_PLAIN_BYTES) return [plain];
  const { htlcs } = base;
  // Hundreds of HTLCs of one hash: their scripts are equal, and every part would speak of all of them.
  if (htlcs.length < 2) return base.withMain ? plainParts({ ...base, htlcs: [] }, tx, revocationSecret, grade) : [];
  const half = htlcs.length >> 1;
  const first = plainParts({ ...base, htlcs: htlcs.slice(0, half) }, tx, revocationSecret, grade);
  return [...first, ...plainParts({ ...base, withMain: false, htlcs: htlcs.slice(half) }, tx, revocationSecret, grade)];
}

/**
 * The appointment for the revoked commitment `number` of the peer, built again from its record: the same every time. A
 * tower that does not see that very transaction learns from it its size class and nothing else. Undefined when the secret
 * of that number is not known, that is when it is not revoked.
 */
export function appointmentFor(
  channel: FundedChannel,
  keys: ChannelKeys,
  { number, state, grade }: { readonly number: number; readonly state: RevokedState; readonly grade: TowerGrade },
): Appointed | undefined {
  const secret = secretOfRevoked(channel, number);
  if (!secret) return undefined;
  const point = publicKey(secret);
  const spec = { ourMsat: state.ourMsat, theirMsat: state.theirMsat, feeratePerKw: state.feeratePerKw, htlcs: [] };
  const params = commitmentParams(channel, 'remote', { number, point, spec });
  // In the record directions are ours; the commitment's owner is the peer.
  const htlcs = state.htlcs.map(({ direction, ...rest }) => ({ ...rest, direction: direction === 'offered' ? ('received' as const) : ('offered' as const) }));
  const { tx, txid: id } = buildCommitment({ ...params, htlcs: htlcs.map((htlc, index) => ({ ...htlc, id: BigInt(index) })) });
  const { revocationPubkey, localDelayedPubkey, localHtlcPubkey, remoteHtlcPubkey } = params.keys;
  const base = {
    channelType: params.channelType, toSelfDelay: params.toSelfDelay, feeratePerKw: params.feeratePerKw,
    revocationPubkey, localDelayedPubkey, localHtlcPubkey, remoteHtlcPubkey, destinationScript: channel.walletScript, withMain: true,
    htlcs: htlcs.map(({ direction, paymentHash, cltvExpiry }): JusticeHtlc => ({ direction, paymentHash, cltvExpiry })),
  }; // prettier-ignore
  const revocationSecret = deriveRevocationPrivateKey(keys.revocationBasepointSecret, secret);
  const idBytes = txidBytes(id);
  const blobs = plainParts(base, tx, revocationSecret, grade).map((plain) => sealBlob(idBytes, plain));
  return { hint: hintOf(idBytes), blobs };
}
