import { type Tx, decodeTx, encodeTx } from '../../../core/bitcoin/transaction.ts';
import { decodeRevokedState } from '../../../core/channel/onchain/penalty-record.ts';
import { signedLocalCommitment } from '../../../core/channel/sign.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { msat, sat } from '../../../core/lib/units.ts';
import { type Appointed, type TowerGrade, appointmentFor } from '../../../core/tower/make.ts';
import type { Commitment } from '../../../core/tx/commitment.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { type ChannelPair, keysOf, offer, reachNormal, restored } from '../../support/channel-pair.ts';

export interface Breach {
  /** Alice is the victim; her state after the revocation. */
  readonly victim: FundedChannel;
  readonly number: number;
  readonly record: Uint8Array;
  /** Bob's revoked commitment and how it is built. */
  readonly tx: Tx;
  readonly commitment: Commitment;
  readonly cheater: FundedChannel;
}

/** A state of Bob's with these HTLCs, which he has revoked since. */
export function breachWith(channelType: ChannelType, htlcs: readonly { readonly by: 'alice' | 'bob'; readonly amountSat: number; readonly expiry?: number; readonly hash?: number }[], capacitySat = 1_000_000n): Breach {
  const pair: ChannelPair = reachNormal({ channelType, capacitySat: sat(capacitySat), pushMsat: capacitySat * 500n });
  for (const [index, { by, amountSat, expiry = 700 + index, hash = index }] of htlcs.entries()) {
    pair.do(by, { ...offer(hash, 0n, expiry), amountMsat: msat(BigInt(amountSat) * 1000n + 3n) });
  }
  pair.run();
  const cheater = restored(pair.bob);
  const { tx, commitment } = signedLocalCommitment(cheater, keysOf('bob'));
  const number = cheater.commitments.localNumber;
  // One more update, so that the state is revoked.
  pair.do('alice', { ...offer(90, 0n, 900), amountMsat: msat(20_000_000n) });
  pair.run();
  return { victim: pair.alice, number, record: pair.penalties.alice.get(number)!, tx: decodeTx(encodeTx(tx)), commitment, cheater };
}

export const appointed = ({ victim, number, record }: Breach, grade: TowerGrade): Appointed =>
  appointmentFor(victim, keysOf('alice'), { number, state: decodeRevokedState(record), grade })!;
