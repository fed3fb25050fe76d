import anchorVectors from '../../vectors/bolt3/anchors.json' with { type: 'json' };
import staticVectors from '../../vectors/bolt3/static-remotekey.json' with { type: 'json' };
import { sha256 } from '../../../core/crypto/hash.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import type { ChannelType, CommitmentParams, Htlc } from '../../../core/tx/commitment.ts';
import { fundingScript } from '../../../core/tx/funding.ts';
import { type Basepoints, commitmentKeys } from '../../../core/tx/keys.ts';

export const keys = Object.fromEntries(
  Object.entries(staticVectors.keys).map(([name, hex]) => [name, fromHex(hex)]),
) as Record<keyof typeof staticVectors.keys, Uint8Array>;

export const localBasepoints: Basepoints = {
  fundingPubkey: keys.localFundingPubkey,
  revocationBasepoint: keys.localPaymentBasepoint,
  paymentBasepoint: keys.localPaymentBasepoint,
  delayedPaymentBasepoint: keys.localDelayedPaymentBasepoint,
  htlcBasepoint: keys.localHtlcBasepoint,
};
export const remoteBasepoints: Basepoints = {
  fundingPubkey: keys.remoteFundingPubkey,
  revocationBasepoint: keys.remoteRevocationBasepoint,
  paymentBasepoint: keys.remotePaymentBasepoint,
  delayedPaymentBasepoint: keys.remotePaymentBasepoint,
  htlcBasepoint: keys.remoteHtlcBasepoint,
};

export const preimages = staticVectors.htlcs.map(({ paymentPreimage }) => fromHex(paymentPreimage));
export const htlcs: readonly Htlc[] = staticVectors.htlcs.map((htlc, i) => ({
  direction: htlc.direction as Htlc['direction'],
  id: BigInt(htlc.id),
  amountMsat: msat(BigInt(htlc.amountMsat)),
  paymentHash: sha256(preimages[i]!),
  cltvExpiry: htlc.cltvExpiry,
}));

export interface CommitmentVector {
  readonly channelType: ChannelType;
  readonly name: string;
  readonly params: CommitmentParams;
  readonly commitTx: string;
  readonly remoteSignature: string;
  readonly htlcTransactions: readonly { readonly tx: string; readonly remoteSignature: string }[];
}

interface Balances {
  readonly toLocalMsat: number;
  readonly toRemoteMsat: number;
  readonly feeratePerKw: number;
  readonly dustLimitSat?: number;
  readonly htlcIds: readonly number[];
}

export const paramsOf = (channelType: ChannelType, balances: Balances): CommitmentParams => ({
  channelType,
  fundingOutPoint: { txid: staticVectors.fundingTxId, vout: staticVectors.fundingOutputIndex },
  capacitySat: sat(BigInt(staticVectors.fundingAmountSatoshi)),
  fundingScript: fundingScript(keys.localFundingPubkey, keys.remoteFundingPubkey),
  commitmentNumber: staticVectors.commitmentNumber,
  obscuringFactor: BigInt(staticVectors.obscuringFactor),
  ownerIsOpener: true,
  keys: commitmentKeys(localBasepoints, remoteBasepoints, keys.localPerCommitmentPoint),
  anchorPubkeys: { local: keys.localFundingPubkey, remote: keys.remoteFundingPubkey },
  toSelfDelay: staticVectors.localDelay,
  dustLimitSat: sat(BigInt(balances.dustLimitSat ?? staticVectors.localDustLimitSatoshi)),
  feeratePerKw: feeratePerKw(balances.feeratePerKw),
  toLocalMsat: msat(BigInt(balances.toLocalMsat)),
  toRemoteMsat: msat(BigInt(balances.toRemoteMsat)),
  htlcs: balances.htlcIds.map((id) => htlcs[id]!),
});

export const staticCases = staticVectors.cases.map((vector) => ({
  ...vector,
  channelType: 'static_remotekey' as const,
  params: paramsOf('static_remotekey', vector),
}));
export const anchorCases = anchorVectors.cases.map((vector) => ({
  ...vector,
  channelType: 'anchors' as const,
  params: paramsOf('anchors', vector),
}));
export const commitmentVectors: readonly CommitmentVector[] = [...staticCases, ...anchorCases];
