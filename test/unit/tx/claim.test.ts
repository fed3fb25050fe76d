import { describe, expect, it } from 'vitest';
import { dustLimitSat, p2wpkh, p2wsh } from '../../../core/bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../../../core/bitcoin/sighash.ts';
import { outputSumSat, type Tx, type TxOutput, txWeight, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { sign } from '../../../core/crypto/secp256k1.ts';
import { feeAtLeast, feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import {
  type Claim,
  claimInputWeight,
  type ClaimKind,
  claimSequence,
  claimTx,
  claimWitness,
  signedClaimTx,
} from '../../../core/tx/claim.ts';
import {
  buildCommitment, type ChannelType, type Commitment, type CommitmentOutput, type HtlcTransaction, signedCommitment, signedHtlcTx,
} from '../../../core/tx/commitment.ts'; // prettier-ignore
import { htlcWitness, withFeeInputs } from '../../../core/tx/htlc.ts';
import { derivePrivateKey, deriveRevocationPrivateKey } from '../../../core/tx/keys.ts';
import { WEIGHTS } from '../../../core/tx/weights.ts';
import { keys, paramsOf, preimages } from './bolt3.ts';
import { scriptVerdict } from './interpreter.ts';

const channelTypes: ChannelType[] = ['static_remotekey', 'anchors'];
const destinationScript = p2wpkh(keys.localFundingPubkey);
const rate = feeratePerKw(1000);
const htlcRate = feeratePerKw(253);
const toSelfDelay = 144;

// The commitment of appendix C is "local"'s. We are "remote" when it is the peer's, and "local" when it is ours.
const balances = {
  toLocalMsat: 6_988_000_000,
  toRemoteMsat: 3_000_000_000,
  feeratePerKw: 253,
  htlcIds: [0, 1, 2, 3, 4],
};
const point = keys.localPerCommitmentPoint;
const privateKeys: Record<ClaimKind, Uint8Array> = {
  to_local_delayed: keys.localDelayedPrivkey,
  to_remote: keys.remotePaymentBasepointSecret,
  revoked_to_local: deriveRevocationPrivateKey(keys.remoteRevocationBasepointSecret, keys.localPerCommitmentSecret),
  revoked_htlc: deriveRevocationPrivateKey(keys.remoteRevocationBasepointSecret, keys.localPerCommitmentSecret),
  revoked_second_stage: deriveRevocationPrivateKey(keys.remoteRevocationBasepointSecret, keys.localPerCommitmentSecret),
  offered_htlc_timeout_remote: derivePrivateKey(keys.remotePaymentBasepointSecret, point),
  received_htlc_success_remote: derivePrivateKey(keys.remotePaymentBasepointSecret, point),
  anchor: keys.remoteFundingPrivkey,
};
const ownerHtlcKey = derivePrivateKey(keys.localPaymentBasepointSecret, point);
const keyOf = (claim: Claim): Uint8Array => privateKeys[claim.kind];

const paramsFor = (channelType: ChannelType) => ({
  ...paramsOf(channelType, balances),
  // Larger than the vectors' HTLCs, so that every claim is worth its fee.
  htlcs: paramsOf(channelType, balances).htlcs.map((htlc) => ({ ...htlc, amountMsat: msat(htlc.amountMsat * 10n) })),
});

function outputOf(commitment: Commitment, kind: CommitmentOutput['kind']) {
  const vout = commitment.outputs.findIndex((output) => output.kind === kind);
  const output = commitment.outputs[vout]!;
  const witnessScript = output.witnessScript ?? new Uint8Array(0);
  return {
    output,
    witnessScript,
    htlc: output.htlc!,
    outPoint: { txid: commitment.txid, vout },
    amountSat: output.amountSat,
  };
}

function claimOf(channelType: ChannelType, kind: ClaimKind): { readonly claim: Claim; readonly spent: TxOutput } {
  const commitment = buildCommitment(paramsFor(channelType));
  const sequence = claimSequence(kind, channelType, toSelfDelay);
  const from = (output: CommitmentOutput['kind']) => {
    const { output: spent, witnessScript, htlc, outPoint, amountSat } = outputOf(commitment, output);
    return { spent, htlc, base: { witnessScript, outPoint, amountSat, sequence } };
  };
  switch (kind) {
    case 'to_local_delayed':
    case 'revoked_to_local': {
      const { base, spent } = from('to_local');
      return { claim: { kind, ...base }, spent };
    }
    case 'to_remote': {
      const { base, spent } = from('to_remote');
      return { claim: { kind, channelType, paymentPubkey: keys.remotePaymentBasepoint, ...base }, spent };
    }
    case 'revoked_htlc': {
      const { base, spent } = from('received_htlc');
      return { claim: { kind, revocationPubkey: keys.localRevocationPubkey, ...base }, spent };
    }
    case 'revoked_second_stage': {
      const [htlcTransaction] = commitment.htlcs as [HtlcTransaction];
      const [spent] = htlcTransaction.tx.outputs as [TxOutput];
      const { witnessScript } = outputOf(commitment, 'to_local');
      const outPoint = { txid: '22'.repeat(32), vout: 0 };
      return { claim: { kind, witnessScript, outPoint, amountSat: spent.amountSat, sequence }, spent };
    }
    case 'offered_htlc_timeout_remote': {
      // What we offered stands as received in the peer's commitment.
      const { base, spent, htlc } = from('received_htlc');
      return { claim: { kind, cltvExpiry: htlc.cltvExpiry, ...base }, spent };
    }
    case 'received_htlc_success_remote': {
      const { base, spent, htlc } = from('offered_htlc');
      return { claim: { kind, preimage: preimages[Number(htlc.id)]!, ...base }, spent };
    }
    case 'anchor': {
      const { base, spent } = from('remote_anchor');
      return { claim: { kind, ...base }, spent };
    }
  }
}

const kindsFor = (channelType: ChannelType): ClaimKind[] =>
  (Object.keys(privateKeys) as ClaimKind[]).filter((kind) => kind !== 'anchor' || channelType === 'anchors');
const everyClaim = channelTypes.flatMap((type) => kindsFor(type).map((kind) => [type, kind] as const));

const take = (claims: readonly Claim[], feerate = rate) => {
  const result = claimTx({ claims, destinationScript, feeratePerKw: feerate });
  if (!result.ok) throw new Error(result.error);
  return result.value;
};

describe('a claim', () => {
  it.each(everyClaim)('%s: spends %s by the rules of relay', (channelType, kind) => {
    const { claim, spent } = claimOf(channelType, kind);
    // An anchor alone is never worth a sweep: at no fee it still shows that the witness is right.
    const built = kind === 'anchor' ? take([claim], feeratePerKw(0)) : take([claim]);
    expect(scriptVerdict(signedClaimTx(built, keyOf), [spent])).toBe('valid');
  });

  it.each(everyClaim)('%s: %s weighs what was expected, up to the signature', (channelType, kind) => {
    const built = take([claimOf(channelType, kind).claim], feeratePerKw(0));
    const slack = built.weight - txWeight(signedClaimTx(built, keyOf));
    expect(slack).toBeGreaterThanOrEqual(0);
    expect(slack).toBeLessThanOrEqual(2);
  });

  it.each(everyClaim)('%s: %s fails with a wrong key', (channelType, kind) => {
    const { claim, spent } = claimOf(channelType, kind);
    const built = take([claim], feeratePerKw(0));
    expect(
      scriptVerdict(
        signedClaimTx(built, () => new Uint8Array(32).fill(9)),
        [spent],
      ),
    ).not.toBe('valid');
  });

  it.each([
    ['to_local_delayed', 'static_remotekey', 'UNSATISFIED_LOCKTIME'],
    ['to_remote', 'anchors', 'UNSATISFIED_LOCKTIME'],
    ['offered_htlc_timeout_remote', 'anchors', 'UNSATISFIED_LOCKTIME'],
    ['received_htlc_success_remote', 'anchors', 'UNSATISFIED_LOCKTIME'],
  ] as const)('%s on %s needs its relative delay', (kind, channelType, verdict) => {
    const { claim, spent } = claimOf(channelType, kind);
    const early = { ...claim, sequence: claim.sequence - 1 };
    expect(scriptVerdict(signedClaimTx(take([early]), keyOf), [spent])).toBe(verdict);
  });

  it('takes an expired HTLC of the peer with the expiry as locktime, not earlier', () => {
    for (const channelType of channelTypes) {
      const { claim, spent } = claimOf(channelType, 'offered_htlc_timeout_remote');
      const built = take([claim]);
      const expiry = claim.kind === 'offered_htlc_timeout_remote' ? claim.cltvExpiry : 0;
      expect(built.tx.locktime).toBe(expiry);
      const early = { ...built, tx: { ...built.tx, locktime: expiry - 1 } };
      expect(scriptVerdict(signedClaimTx(early, keyOf), [spent])).toBe('UNSATISFIED_LOCKTIME');
    }
  });

  it('pays the rate for its weight', () => {
    const { claim } = claimOf('anchors', 'to_remote');
    const built = take([claim]);
    expect(built.feeSat).toBe(feeAtLeast(built.weight, rate));
    expect(outputSumSat(built.tx)).toBe(claim.amountSat - built.feeSat);
  });
});

describe('a justice transaction', () => {
  it.each(channelTypes)('%s: takes every output of a revoked commitment at once', (channelType) => {
    const commitment = buildCommitment(paramsFor(channelType));
    const claims = commitment.outputs.flatMap((output, vout): { claim: Claim; spent: TxOutput }[] => {
      const { amountSat, witnessScript, kind } = output;
      const base = { outPoint: { txid: commitment.txid, vout }, amountSat };
      const sequenceOf = (claimKind: ClaimKind) => claimSequence(claimKind, channelType, toSelfDelay);
      if (kind === 'to_local') {
        return [
          {
            claim: {
              kind: 'revoked_to_local',
              ...base,
              witnessScript: witnessScript!,
              sequence: sequenceOf('revoked_to_local'),
            },
            spent: output,
          },
        ];
      }
      if (kind === 'to_remote') {
        const paymentPubkey = keys.remotePaymentBasepoint;
        return [{ claim: { kind, ...base, channelType, paymentPubkey, sequence: sequenceOf(kind) }, spent: output }];
      }
      if (kind.endsWith('_anchor')) return [];
      const revocationPubkey = keys.localRevocationPubkey;
      return [
        {
          claim: {
            kind: 'revoked_htlc',
            ...base,
            witnessScript: witnessScript!,
            revocationPubkey,
            sequence: sequenceOf('revoked_htlc'),
          },
          spent: output,
        },
      ];
    });
    expect(claims.length).toBe(7);
    const built = take(claims.map(({ claim }) => claim));
    expect(built.leftOut).toEqual([]);
    const tx = signedClaimTx(built, keyOf);
    expect(
      scriptVerdict(
        tx,
        claims.map(({ spent }) => spent),
      ),
    ).toBe('valid');
    expect(built.weight - txWeight(tx)).toBeGreaterThanOrEqual(0);
    expect(built.weight - txWeight(tx)).toBeLessThanOrEqual(2 * claims.length);
  });

  it('stays within the weights of BOLT 5 appendix A', () => {
    expect(claimInputWeight(claimOf('static_remotekey', 'revoked_to_local').claim)).toBeLessThanOrEqual(324);
    expect(claimInputWeight(claimOf('static_remotekey', 'revoked_htlc').claim)).toBeLessThanOrEqual(413);
    expect(claimInputWeight(claimOf('static_remotekey', 'to_remote').claim)).toBeLessThanOrEqual(272);
  });

  it('counts more than 252 inputs in three bytes', () => {
    const { claim } = claimOf('anchors', 'revoked_to_local');
    const claims = Array.from({ length: 300 }, (_, vout) => ({ ...claim, outPoint: { ...claim.outPoint, vout } }));
    const built = take(claims);
    const witness = claimWitness(built.tx, 0, claim, keyOf(claim));
    const tx: Tx = { ...built.tx, inputs: built.tx.inputs.map((input) => ({ ...input, witness })) };
    expect(built.weight - txWeight(tx)).toBe(300 * (72 - witness[0]!.length));
  });
});

describe('what is not worth its fee', () => {
  it('is left out when it costs more than it brings', () => {
    const { claim: small } = claimOf('anchors', 'anchor');
    const { claim: large } = claimOf('anchors', 'to_remote');
    const built = take([small, large], feeratePerKw(2500));
    expect(built.claims).toEqual([large]);
    expect(built.leftOut).toEqual([small]);
  });

  it('is uneconomic when the output would be dust, down to the last satoshi', () => {
    const { claim } = claimOf('anchors', 'to_remote');
    const least = dustLimitSat(destinationScript) + take([claim]).feeSat;
    const at = (amountSat: bigint) =>
      claimTx({ claims: [{ ...claim, amountSat: sat(amountSat) }], destinationScript, feeratePerKw: rate });
    expect(at(least).ok).toBe(true);
    expect(at(least - 1n)).toEqual({ ok: false, error: 'uneconomic' });
    expect(claimTx({ claims: [], destinationScript, feeratePerKw: rate })).toEqual({ ok: false, error: 'uneconomic' });
  });
});

describe('our own commitment on chain', () => {
  it.each(channelTypes)('%s: spends the funding output and weighs no more than expected', (channelType) => {
    const params = paramsFor(channelType);
    const commitment = buildCommitment(params);
    const signatures = [keys.localFundingPrivkey, keys.remoteFundingPrivkey].map((key) =>
      sign(commitment.sighash, key),
    );
    const tx = signedCommitment(commitment, params, signatures[0]!, signatures[1]!);
    expect(scriptVerdict(tx, [{ amountSat: params.capacitySat, script: p2wsh(params.fundingScript) }])).toBe('valid');
    expect(txWeight(tx)).toBeLessThanOrEqual(WEIGHTS[channelType].commitment + 172 * commitment.htlcs.length);
  });

  it.each(channelTypes)('%s: its HTLC transactions spend the HTLC outputs', (channelType) => {
    const commitment = buildCommitment(paramsFor(channelType));
    expect(commitment.htlcs.length).toBe(5);
    for (const htlcTransaction of commitment.htlcs) {
      const { htlc, vout } = htlcTransaction;
      const local = sign(htlcTransaction.localSighash, ownerHtlcKey);
      const remote = sign(htlcTransaction.remoteSighash, privateKeys.received_htlc_success_remote);
      const tx = signedHtlcTx(htlcTransaction, channelType, local, remote, preimages[Number(htlc.id)]);
      expect(scriptVerdict(tx, [commitment.outputs[vout]!])).toBe('valid');
      const { htlcTimeout, htlcSuccess } = WEIGHTS[channelType];
      expect(txWeight(tx)).toBeLessThanOrEqual(htlc.direction === 'offered' ? htlcTimeout : htlcSuccess);
    }
  });

  it('lets inputs that pay the fee join an HTLC transaction with anchors', () => {
    const commitment = buildCommitment({ ...paramsFor('anchors'), feeratePerKw: htlcRate });
    const walletOutput = { amountSat: sat(50_000n), script: p2wpkh(keys.localPaymentBasepoint) };
    for (const htlcTransaction of commitment.htlcs) {
      const { htlc, vout, witnessScript, amountSat, remoteSighash } = htlcTransaction;
      const change = { amountSat: sat(49_000n), script: destinationScript };
      const wallet = { txid: '33'.repeat(32), vout: 1 };
      const tx = withFeeInputs(htlcTransaction, [unsignedInput(wallet, 0xffff_fffd)], [change]);
      const localSignature = sign(sighashV0(tx, 0, witnessScript, amountSat, SIGHASH_ALL), ownerHtlcKey);
      const remoteSignature = sign(remoteSighash, privateKeys.received_htlc_success_remote);
      const preimage = preimages[Number(htlc.id)];
      const witness = htlcWitness(htlcTransaction, 'anchors', { localSignature, remoteSignature, preimage });
      const walletClaim: Claim = {
        kind: 'to_remote', channelType: 'static_remotekey', paymentPubkey: keys.localPaymentBasepoint,
        outPoint: wallet, amountSat: walletOutput.amountSat, sequence: 0xffff_fffd,
      }; // prettier-ignore
      const witnesses = [witness, claimWitness(tx, 1, walletClaim, keys.localPaymentBasepointSecret)];
      const signed = { ...tx, inputs: tx.inputs.map((input, i) => ({ ...input, witness: witnesses[i]! })) };
      expect(scriptVerdict(signed, [commitment.outputs[vout]!, walletOutput])).toBe('valid');
    }
  });

  it('needs the preimage for HTLC-success', () => {
    const commitment = buildCommitment(paramsFor('anchors'));
    const received = commitment.htlcs.find(({ htlc }) => htlc.direction === 'received')!;
    const signature = new Uint8Array(64).fill(1);
    expect(() => signedHtlcTx(received, 'anchors', signature, signature, undefined)).toThrow('preimage');
  });
});
