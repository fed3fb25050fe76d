import { p2wpkh, p2wsh } from '../../../core/bitcoin/script.ts';
import {
  type OutPoint,
  type Tx,
  type TxOutput,
  outPointKey,
  txWeight,
  txidBytes,
} from '../../../core/bitcoin/transaction.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { type FeeratePerKw, feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import { type Claim, type ClaimKind, claimSequence } from '../../../core/tx/claim.ts';
import { type ChannelType, buildCommitment, signedCommitment } from '../../../core/tx/commitment.ts';
import type { ClaimMethod, DesiredClaim, DesiredCommitment } from '../../../core/tx/desired-claim.ts';
import { htlcTransaction } from '../../../core/tx/htlc.ts';
import { commitmentKeys, derivePrivateKey, deriveRevocationPrivateKey } from '../../../core/tx/keys.ts';
import { htlcScripts, toLocalScript, toRemoteAnchorsScript } from '../../../core/tx/scripts.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';
import { planSweeps } from '../../../core/wallet/sweep-plan.ts';
import {
  type SweepInput,
  type SweepPackage,
  type SweepState,
  emptySweeps,
} from '../../../core/wallet/sweep-types.ts';
import { scriptAt, testKeys } from '../../support/wallet-kit.ts';
import { keys, localBasepoints, paramsOf, preimages, remoteBasepoints } from '../tx/bolt3.ts';

export const destinationScript = scriptAt({ kind: 'p2wpkh', branch: 'change', index: 1 });
export const changeScript = scriptAt({ kind: 'p2tr', branch: 'change', index: 2 });
export const TO_SELF_DELAY = 144;
export const rate = (satPerVb: number): FeeratePerKw => feeratePerKw(Math.max(253, Math.ceil(satPerVb * 250)));
export const txidOf = (n: number): string => toHex(sha256(utf8(`close ${n}`)));

const ours = commitmentKeys(localBasepoints, remoteBasepoints, keys.localPerCommitmentPoint);
const point = keys.localPerCommitmentPoint;
const revocationKey = deriveRevocationPrivateKey(keys.remoteRevocationBasepointSecret, keys.localPerCommitmentSecret);
const remoteHtlcKey = derivePrivateKey(keys.remotePaymentBasepointSecret, point);
const localHtlcKey = derivePrivateKey(keys.localPaymentBasepointSecret, point);

export type WantedKind = Exclude<ClaimKind, 'anchor'> | 'htlc_success' | 'htlc_timeout';
export interface Wanted {
  readonly kind: WantedKind;
  readonly channelType?: ChannelType;
  readonly amountSat: bigint;
  readonly outPoint?: OutPoint;
  /** Makes the outpoint when none is given. */
  readonly n?: number;
  readonly deadlineHeight?: number;
  readonly earliestHeight?: number;
  readonly cltvExpiry?: number;
  readonly paidTo?: Uint8Array;
}

/** A claim as the channels would want it, and the output that it takes. The commitment of BOLT 3, appendix C, is "local"'s. */
export function wanted({
  kind,
  channelType = 'anchors',
  amountSat,
  n = 0,
  outPoint = { txid: txidOf(n), vout: n % 4 },
  deadlineHeight,
  earliestHeight = 0,
  cltvExpiry = 500,
  paidTo = kind.startsWith('htlc_') ? changeScript : destinationScript,
}: Wanted): { readonly claim: DesiredClaim; readonly spent: TxOutput } {
  const amount = sat(amountSat);
  const preimage = preimages[0]!;
  const paymentHash = sha256(preimage);
  const scripts = htlcScripts(ours, channelType);
  const delayed = toLocalScript(ours, TO_SELF_DELAY);
  const desired = (
    method: ClaimMethod,
    script: Uint8Array,
    contested: boolean,
  ): { readonly claim: DesiredClaim; readonly spent: TxOutput } => ({
    claim: {
      channelNumber: n,
      outPoint,
      amountSat,
      destinationScript: paidTo,
      method,
      earliestHeight,
      deadlineHeight,
      contested,
    },
    spent: { amountSat: amount, script },
  });
  if (kind === 'htlc_success' || kind === 'htlc_timeout') {
    const direction = kind === 'htlc_success' ? 'received' : 'offered';
    const witnessScript =
      direction === 'received' ? scripts.received(paymentHash, cltvExpiry) : scripts.offered(paymentHash);
    const built = htlcTransaction(
      {
        channelType,
        feeratePerKw: feeratePerKw(1000),
        commitmentTxidBytes: () => txidBytes(outPoint.txid),
        outputScript: p2wsh(delayed),
      },
      {
        htlc: { direction, id: 1n, amountMsat: msat(amountSat * 1000n), paymentHash, cltvExpiry },
        vout: outPoint.vout,
        witnessScript,
        amountSat: amount,
      },
    );
    const remoteSignature = sign(built.remoteSighash, remoteHtlcKey);
    return desired(
      {
        kind: 'htlc_tx',
        htlcTransaction: built,
        channelType,
        remoteSignature,
        preimage: direction === 'received' ? preimage : undefined,
        privateKey: localHtlcKey,
      },
      p2wsh(witnessScript),
      true,
    );
  }
  const base = { outPoint, amountSat: amount, sequence: claimSequence(kind, channelType, TO_SELF_DELAY) };
  const own = (claim: Claim, privateKey: Uint8Array, script: Uint8Array, contested: boolean) =>
    desired({ kind: 'claim', claim, privateKey }, script, contested);
  switch (kind) {
    case 'to_local_delayed':
      return own({ kind, ...base, witnessScript: delayed }, keys.localDelayedPrivkey, p2wsh(delayed), false);
    case 'to_remote': {
      const paymentPubkey = keys.remotePaymentBasepoint;
      const script = channelType === 'anchors' ? p2wsh(toRemoteAnchorsScript(paymentPubkey)) : p2wpkh(paymentPubkey);
      return own({ kind, ...base, channelType, paymentPubkey }, keys.remotePaymentBasepointSecret, script, false);
    }
    case 'revoked_to_local':
    case 'revoked_second_stage':
      return own({ kind, ...base, witnessScript: delayed }, revocationKey, p2wsh(delayed), true);
    case 'revoked_htlc': {
      const witnessScript = scripts.received(paymentHash, cltvExpiry);
      return own(
        { kind, ...base, witnessScript, revocationPubkey: keys.localRevocationPubkey },
        revocationKey,
        p2wsh(witnessScript),
        true,
      );
    }
    case 'offered_htlc_timeout_remote': {
      const witnessScript = scripts.received(paymentHash, cltvExpiry);
      return own({ kind, ...base, witnessScript, cltvExpiry }, remoteHtlcKey, p2wsh(witnessScript), true);
    }
    case 'received_htlc_success_remote': {
      const witnessScript = scripts.offered(paymentHash);
      return own({ kind, ...base, witnessScript, preimage }, remoteHtlcKey, p2wsh(witnessScript), true);
    }
  }
}
export const claimOf = (of: Wanted): DesiredClaim => wanted(of).claim;

export interface WantedCommitment {
  readonly channelType?: ChannelType;
  readonly n?: number;
  readonly feeratePerKw?: number;
  readonly deadlineHeight?: number;
  /** Our balance in it when left out. */
  readonly atStakeSat?: bigint;
  /** All of the stake when left out. */
  readonly lostAtDeadlineSat?: bigint;
  readonly fundingOutPoint?: OutPoint;
}

/** Our commitment, signed by both, and the funding output that it spends. */
export function wantedCommitment({
  channelType = 'anchors',
  n = 0,
  feeratePerKw: commitmentRate = 253,
  deadlineHeight,
  atStakeSat = 7_000_000n,
  lostAtDeadlineSat = atStakeSat,
  fundingOutPoint = { txid: txidOf(1000 + n), vout: 0 },
}: WantedCommitment): { readonly commitment: DesiredCommitment; readonly spent: TxOutput } {
  const params = {
    ...paramsOf(channelType, {
      toLocalMsat: 7_000_000_000,
      toRemoteMsat: 3_000_000_000,
      feeratePerKw: commitmentRate,
      htlcIds: [],
    }),
    fundingOutPoint,
  };
  const built = buildCommitment(params);
  const [ourSignature, theirSignature] = [keys.localFundingPrivkey, keys.remoteFundingPrivkey].map((key) =>
    sign(built.sighash, key),
  );
  const tx = signedCommitment(built, params, ourSignature!, theirSignature!);
  const vout = built.outputs.findIndex(({ kind }) => kind === 'local_anchor');
  const anchor = built.outputs[vout];
  return {
    spent: { amountSat: params.capacitySat, script: p2wsh(params.fundingScript) },
    commitment: {
      channelNumber: n, tx, feeSat: built.feeSat, changeScript, deadlineHeight, atStakeSat, lostAtDeadlineSat,
      anchor: anchor && {
        privateKey: keys.localFundingPrivkey,
        claim: { kind: 'anchor', witnessScript: anchor.witnessScript!, outPoint: { txid: built.txid, vout }, amountSat: anchor.amountSat, sequence: claimSequence('anchor', channelType, 0) },
      },
    },
  }; // prettier-ignore
}

export const inputOf = (more: Partial<SweepInput> = {}): SweepInput => ({
  height: 1000, claims: [], commitments: [], feerateFor: () => rate(10), minRelayFeeratePerKw: rate(1), coins: [], keys: testKeys,
  auxRand: new Uint8Array(32), ...more,
}); // prettier-ignore

/** A sweeper with its memory, called block after block. */
export class Sweeper {
  state: SweepState = emptySweeps;
  plan(more: Partial<SweepInput> = {}) {
    const planned = planSweeps(this.state, inputOf(more));
    this.state = planned.state;
    return planned;
  }
  /** When exactly one package is expected. */
  only(more: Partial<SweepInput> = {}): SweepPackage {
    const { packages } = this.plan(more);
    if (packages.length !== 1) throw new Error(`${packages.length} packages`);
    return packages[0]!;
  }
}

export const ownTx = ({ txs }: SweepPackage): Tx => txs.at(-1)!;
export const satPerVb = (feeSat: bigint, ...txs: readonly Tx[]): number =>
  (Number(feeSat) * 4) / txs.reduce((sum, tx) => sum + txWeight(tx), 0);

/** What each input spends, of claims, coins and other transactions. */
export function spentBy(
  tx: Tx,
  claims: readonly { readonly claim: DesiredClaim; readonly spent: TxOutput }[],
  coins: readonly Coin[],
  parents: readonly { readonly id: string; readonly tx: Tx }[] = [],
): readonly TxOutput[] {
  return tx.inputs.map((input) => {
    const key = outPointKey(input);
    const found =
      claims.find(({ claim }) => outPointKey(claim.outPoint) === key)?.spent ??
      coins.find((coin) => outPointKey(coin) === key) ??
      parents.find(({ id }) => id === input.txid)?.tx.outputs[input.vout];
    if (!found) throw new Error(`nobody knows ${key}`);
    return found;
  });
}
