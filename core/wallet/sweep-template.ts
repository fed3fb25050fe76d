import { sat, type Sat } from '../lib/units.ts';
import { dustLimitSat, p2wpkh, p2wsh } from '../bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../bitcoin/sighash.ts';
import { INPUT_WEIGHT as WALLET_INPUT_WEIGHT, inputKindOf, type SpentOutput } from '../bitcoin/signer.ts';
import { signBeside } from '../bitcoin/sign-beside.ts';
import { type Tx, type TxInput, type TxOutput, unsignedInput } from '../bitcoin/transaction.ts';
import { sign } from '../crypto/secp256k1.ts';
import { must } from '../lib/result.ts';
import { type Claim, claimInputWeight, claimWitness, REPLACEABLE_SEQUENCE } from '../tx/claim.ts';
import type { ClaimMethod } from '../tx/desired-claim.ts';
import { htlcWitness } from '../tx/htlc.ts';
import { toRemoteAnchorsScript } from '../tx/scripts.ts';
import {
  compactSizeLength,
  INPUT_WEIGHT,
  LOW_S_SIGNATURE_BYTES,
  outputWeight,
  TX_OVERHEAD_WEIGHT,
  witnessWeight,
} from '../tx/weights.ts';
import type { WalletKeys } from './keys.ts';
import type { Coin } from './ledger.ts';

/** An input that is signed with a channel's key. */
export interface TemplateInput extends SpentOutput {
  readonly sequence: number;
  /** Signed, with signatures of the greatest length. */
  readonly weight: number;
  readonly witness: (tx: Tx, inputIndex: number) => readonly Uint8Array[];
}

/** A sweep before its fee and its coins are known. Channel inputs stand first, then coins; outputs likewise, then the rest. */
export interface SweepTemplate {
  readonly inputs: readonly TemplateInput[];
  /** Outputs that are given. */
  readonly outputs: readonly TxOutput[];
  /** Takes what fee and outputs leave. When it is not required, less than its dust limit goes to the fee instead. */
  readonly rest: { readonly script: Uint8Array; readonly required: boolean };
  readonly locktime: number;
  readonly takesCoins: boolean;
}

export type HtlcMethod = Extract<ClaimMethod, { readonly kind: 'htlc_tx' }>;

function scriptOf(claim: Claim): Uint8Array {
  if (claim.kind !== 'to_remote') return p2wsh(claim.witnessScript);
  return claim.channelType === 'anchors'
    ? p2wsh(toRemoteAnchorsScript(claim.paymentPubkey))
    : p2wpkh(claim.paymentPubkey);
}

const claimInput = (claim: Claim, privateKey: Uint8Array): TemplateInput => ({
  ...claim.outPoint, amountSat: claim.amountSat, script: scriptOf(claim), sequence: claim.sequence, weight: claimInputWeight(claim),
  witness: (tx, i) => claimWitness(tx, i, claim, privateKey),
}); // prettier-ignore

interface KeyedClaim {
  readonly claim: Claim;
  readonly privateKey: Uint8Array;
}

/** Takes claims to one script (BOLT 5). Its locktime is the latest expiry among them. */
export const claimsTemplate = (claims: readonly KeyedClaim[], destinationScript: Uint8Array): SweepTemplate => ({
  inputs: claims.map(({ claim, privateKey }) => claimInput(claim, privateKey)),
  outputs: [],
  rest: { script: destinationScript, required: true },
  locktime: Math.max(
    0,
    ...claims.map(({ claim }) => (claim.kind === 'offered_htlc_timeout_remote' ? claim.cltvExpiry : 0)),
  ),
  takesCoins: false,
});

/** Spends our anchor beside coins, to pay for the commitment as well (BOLT 5, "Failing a Channel"). */
export const anchorTemplate = ({ claim, privateKey }: KeyedClaim, changeScript: Uint8Array): SweepTemplate => ({
  inputs: [claimInput(claim, privateKey)],
  outputs: [],
  rest: { script: changeScript, required: true },
  locktime: 0,
  takesCoins: true,
});

/**
 * With anchors: the HTLC transaction, whose input and output stay at index 0, where the peer's SINGLE|ANYONECANPAY
 * signature holds, and coins behind it (BOLT 5, "Generation of HTLC Transactions").
 */
export function htlcTemplate(
  { htlcTransaction, channelType, remoteSignature, preimage, privateKey }: HtlcMethod,
  changeScript: Uint8Array,
): SweepTemplate {
  const { tx, witnessScript, amountSat, htlc } = htlcTransaction;
  const { txid, vout, sequence } = must(tx.inputs[0], 'the HTLC input');
  const input: TemplateInput = {
    txid, vout, sequence, amountSat, script: p2wsh(witnessScript),
    weight: INPUT_WEIGHT + witnessWeight(0, LOW_S_SIGNATURE_BYTES, LOW_S_SIGNATURE_BYTES, htlc.direction === 'received' ? 32 : 0, witnessScript.length),
    witness: (whole, i) => {
      const localSignature = sign(sighashV0(whole, i, witnessScript, amountSat, SIGHASH_ALL), privateKey);
      return htlcWitness(htlcTransaction, channelType, { localSignature, remoteSignature, preimage });
    },
  }; // prettier-ignore
  return {
    inputs: [input],
    outputs: tx.outputs,
    rest: { script: changeScript, required: false },
    locktime: tx.locktime,
    takesCoins: true,
  };
}

export const coinWeight = ({ script }: Pick<Coin, 'script'>): number =>
  WALLET_INPUT_WEIGHT[must(inputKindOf(script), 'the kind of a coin of ours')];

/** Signed, at most. */
export function templateWeight(
  { inputs, outputs, rest }: SweepTemplate,
  coins: readonly Pick<Coin, 'script'>[],
  withRest: boolean,
): number {
  const inputCount = inputs.length + coins.length;
  return (
    TX_OVERHEAD_WEIGHT + 4 * (compactSizeLength(inputCount) - 1) +
    inputs.reduce((sum, { weight }) => sum + weight, 0) + coins.reduce((sum, coin) => sum + coinWeight(coin), 0) +
    outputs.reduce((sum, { script }) => sum + outputWeight(script), 0) + (withRest ? outputWeight(rest.script) : 0)
  ); // prettier-ignore
}

/** A template with its coins and its fee. */
export interface Settled {
  readonly template: SweepTemplate;
  readonly coins: readonly Coin[];
  readonly feeSat: Sat;
  /** Signed, at most. */
  readonly weight: number;
  /** Undefined when the fee takes it. */
  readonly restSat: Sat | undefined;
}

const sum = (of: readonly { readonly amountSat: bigint }[]): bigint =>
  of.reduce((total, { amountSat }) => total + amountSat, 0n);

/** What inputs bring over the given outputs. */
export const surplusSat = ({ inputs, outputs }: SweepTemplate, coins: readonly Coin[]): bigint =>
  sum(inputs) + sum(coins) - sum(outputs);

/** The transaction with exactly these coins; `missingSat` when they are not enough. */
export function settle(
  template: SweepTemplate,
  coins: readonly Coin[],
  feeAt: (weight: number) => bigint,
): Settled | { readonly missingSat: bigint } {
  const overSat = surplusSat(template, coins);
  const weight = templateWeight(template, coins, true);
  const feeSat = feeAt(weight);
  const leastSat = dustLimitSat(template.rest.script);
  if (overSat - feeSat >= leastSat)
    return { template, coins, weight, feeSat: sat(feeSat), restSat: sat(overSat - feeSat) };
  if (template.rest.required) return { missingSat: feeSat + leastSat - overSat };
  const lean = templateWeight(template, coins, false);
  const leanFeeSat = feeAt(lean);
  if (overSat < leanFeeSat || overSat <= 0n) return { missingSat: leanFeeSat - overSat };
  return { template, coins, weight: lean, feeSat: sat(overSat), restSat: undefined };
}

/** Signed by the channels' keys and the wallet's, whose copies are zeroed. */
export function signSettled(
  { template, coins, restSat }: Settled,
  keys: Pick<WalletKeys, 'secretOf'>,
  auxRand: Uint8Array,
): Tx {
  const { inputs, outputs, rest, locktime } = template;
  const unsigned: Tx = {
    version: 2, locktime,
    inputs: [...inputs.map((input) => unsignedInput(input, input.sequence)), ...coins.map((coin) => unsignedInput(coin, REPLACEABLE_SEQUENCE))],
    outputs: [...outputs, ...(restSat === undefined ? [] : [{ script: rest.script, amountSat: restSat }])],
  }; // prettier-ignore
  const channelSigned: readonly TxInput[] = unsigned.inputs.map((input, i) =>
    inputs[i] ? { ...input, witness: inputs[i].witness(unsigned, i) } : input,
  );
  const tx = { ...unsigned, inputs: channelSigned };
  if (coins.length === 0) return tx;
  const secrets = coins.map(({ path }) => keys.secretOf(path));
  try {
    return signBeside({
      tx,
      spent: [...inputs, ...coins],
      privateKeys: [...inputs.map(() => undefined), ...secrets],
      auxRand,
    });
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}
