import { describe, expect, it } from 'vitest';
import staticVectors from '../../vectors/bolt3/static-remotekey.json' with { type: 'json' };
import { toDer } from '../../../core/bitcoin/der.ts';
import { SIGHASH_ALL, sighashV0 } from '../../../core/bitcoin/sighash.ts';
import { decodeTx, txHex, txid } from '../../../core/bitcoin/transaction.ts';
import { p2wpkh, p2wsh } from '../../../core/bitcoin/script.ts';
import { sign, verify } from '../../../core/crypto/secp256k1.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import {
  buildCommitment, commitmentFeeSat, commitmentNumberOf, isTrimmed, obscuringFactor, signedCommitment, signedHtlcTx,
} from '../../../core/tx/commitment.ts'; // prettier-ignore
import { remoteHtlcSighashType } from '../../../core/tx/htlc.ts';
import { derivePrivateKey } from '../../../core/tx/keys.ts';
import {
  anchorCases,
  type CommitmentVector,
  commitmentVectors,
  htlcs,
  keys,
  paramsOf,
  preimages,
  staticCases,
} from './bolt3.ts';

// Appendix C uses the payment basepoints as HTLC basepoints.
const localHtlcPrivkey = derivePrivateKey(keys.localPaymentBasepointSecret, keys.localPerCommitmentPoint);
const remoteHtlcPrivkey = derivePrivateKey(keys.remotePaymentBasepointSecret, keys.localPerCommitmentPoint);
const derOf = (signature: Uint8Array): string => toHex(toDer(signature, SIGHASH_ALL).slice(0, -1));

interface WantedScript {
  readonly kind: string;
  readonly htlcId?: number;
  readonly amountSat: number;
  readonly witnessScript?: string;
  readonly p2wpkh?: string;
}

const titled = (vectors: readonly CommitmentVector[]): [string, CommitmentVector][] => vectors.map((v) => [v.name, v]);

/** Hex of the signed transaction and both signatures' DER, from the vectors' private keys. */
function signedCommitmentOf({ params }: CommitmentVector) {
  const commitment = buildCommitment(params);
  const ours = sign(commitment.sighash, keys.localFundingPrivkey);
  const theirs = sign(commitment.sighash, keys.remoteFundingPrivkey);
  return { commitTx: txHex(signedCommitment(commitment, params, ours, theirs)), remoteSignature: derOf(theirs) };
}

const signedHtlcTransactionsOf = ({ params, channelType }: CommitmentVector) =>
  buildCommitment(params).htlcs.map((htlcTransaction) => {
    const ours = sign(htlcTransaction.localSighash, localHtlcPrivkey);
    const theirs = sign(htlcTransaction.remoteSighash, remoteHtlcPrivkey);
    const { htlc } = htlcTransaction;
    const preimage = htlc.direction === 'received' ? preimages[Number(htlc.id)] : undefined;
    return {
      tx: txHex(signedHtlcTx(htlcTransaction, channelType, ours, theirs, preimage)),
      remoteSignature: derOf(theirs),
    };
  });

const essence = ({ tx, remoteSignature }: { readonly tx: string; readonly remoteSignature: string }) => ({
  tx,
  remoteSignature,
});

describe('BOLT 3 appendix C: commitment transactions, static_remotekey', () => {
  it.each(titled(staticCases))('%s', (_name, vector) => {
    expect(vector).toMatchObject(signedCommitmentOf(vector));
  });
});
describe('BOLT 3 appendix C: HTLC transactions, static_remotekey', () => {
  it.each(titled(staticCases))('%s', (_name, vector) => {
    expect(signedHtlcTransactionsOf(vector)).toEqual(vector.htlcTransactions.map(essence));
  });
});
describe('BOLT 3 appendix F: commitment transactions, anchors', () => {
  it.each(titled(anchorCases))('%s', (_name, vector) => {
    expect(vector).toMatchObject(signedCommitmentOf(vector));
  });
});
describe('BOLT 3 appendix F: HTLC transactions, anchors', () => {
  it.each(titled(anchorCases))('%s', (_name, vector) => {
    expect(signedHtlcTransactionsOf(vector)).toEqual(vector.htlcTransactions.map(essence));
  });
});

describe('BOLT 3 appendix C: fees and scripts', () => {
  it.each(staticCases.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const commitment = buildCommitment(vector.params);
    const { channelType, params, htlcTransactions } = vector;
    const baseFeeSat = commitmentFeeSat(channelType, params.feeratePerKw, htlcTransactions.length);
    // The last vector does not state its fees.
    expect(baseFeeSat).toBe(BigInt(vector.baseFeeSat ?? baseFeeSat));
    expect(commitment.feeSat).toBe(BigInt(vector.actualFeeSat ?? commitment.feeSat));
    for (const wanted of vector.scripts as readonly WantedScript[]) {
      const output = commitment.outputs.find(
        ({ kind, htlc }) => kind === wanted.kind && (wanted.htlcId === undefined || htlc?.id === BigInt(wanted.htlcId)),
      )!;
      const script = wanted.p2wpkh ? p2wpkh(fromHex(wanted.p2wpkh)) : p2wsh(fromHex(wanted.witnessScript!));
      expect(output).toMatchObject({ script, amountSat: BigInt(wanted.amountSat) });
      expect(output.witnessScript && toHex(output.witnessScript)).toBe(wanted.witnessScript);
    }
  });

  it('reproduces the fee example of "Fee Calculation"', () => {
    const rate = feeratePerKw(5000);
    const trim = { channelType: 'static_remotekey', dustLimitSat: sat(546n), feeratePerKw: rate } as const;
    const trimmed = (direction: 'offered' | 'received', amountMsat: bigint): boolean =>
      isTrimmed({ direction, amountMsat: msat(amountMsat) }, trim);
    expect([trimmed('offered', 5_000_000n), trimmed('offered', 1_000_000n)]).toEqual([false, true]);
    expect([trimmed('received', 7_000_000n), trimmed('received', 800_000n)]).toEqual([false, true]);
    expect(commitmentFeeSat('static_remotekey', rate, 2)).toBe(5340n);
  });
});

describe('trimming', () => {
  const at = (direction: 'offered' | 'received', amountMsat: bigint, channelType: 'static_remotekey' | 'anchors') =>
    isTrimmed(
      { direction, amountMsat: msat(amountMsat) },
      { channelType, dustLimitSat: sat(546n), feeratePerKw: feeratePerKw(5000) },
    );

  it('keeps what pays exactly the dust limit after the HTLC fee, rounding millisatoshi down', () => {
    expect([at('offered', 3_861_000n, 'static_remotekey'), at('offered', 3_860_999n, 'static_remotekey')]).toEqual([
      false,
      true,
    ]);
    expect([at('received', 4_061_000n, 'static_remotekey'), at('received', 4_060_999n, 'static_remotekey')]).toEqual([
      false,
      true,
    ]);
  });
  it('leaves HTLC fees out with anchors', () => {
    expect([at('offered', 546_000n, 'anchors'), at('offered', 545_999n, 'anchors')]).toEqual([false, true]);
    expect([at('received', 546_000n, 'anchors'), at('received', 545_999n, 'anchors')]).toEqual([false, true]);
  });
  it.each(commitmentVectors.map((vector) => [vector.channelType, vector.name, vector] as const))(
    '%s: %s has outputs for what isTrimmed spares',
    (_type, _name, { params }) => {
      const kept = params.htlcs.filter((htlc) => !isTrimmed(htlc, params)).map(({ id }) => id);
      const built = buildCommitment(params).htlcs.map(({ htlc }) => htlc.id);
      expect(built.toSorted()).toEqual(kept.toSorted());
    },
  );
});

describe('commitment number', () => {
  it('is obscured as in appendix C', () => {
    const factor = obscuringFactor(keys.localPaymentBasepoint, keys.remotePaymentBasepoint);
    expect(factor).toBe(BigInt(staticVectors.obscuringFactor));
    expect(commitmentNumberOf(decodeTx(fromHex(staticCases[0]!.commitTx)), factor)).toBe(42);
  });
  it('is undefined for a transaction of another form', () => {
    const { tx } = buildCommitment(staticCases[0]!.params);
    const factor = staticCases[0]!.params.obscuringFactor;
    const [input] = tx.inputs;
    expect(commitmentNumberOf(tx, factor)).toBe(42);
    expect(commitmentNumberOf({ ...tx, locktime: 0 }, factor)).toBeUndefined();
    expect(commitmentNumberOf({ ...tx, locktime: tx.locktime + 0x0100_0000 }, factor)).toBeUndefined();
    expect(commitmentNumberOf({ ...tx, inputs: [{ ...input!, sequence: 0xffff_ffff }] }, factor)).toBeUndefined();
    expect(commitmentNumberOf({ ...tx, inputs: [input!, input!] }, factor)).toBeUndefined();
    expect(commitmentNumberOf({ ...tx, inputs: [] }, factor)).toBeUndefined();
  });
});

describe('who pays', () => {
  const balances = {
    toLocalMsat: 6_988_000_000,
    toRemoteMsat: 3_000_000_000,
    feeratePerKw: 1000,
    htlcIds: [0, 1, 2, 3, 4],
  };
  const amountsOf = (ownerIsOpener: boolean, channelType: 'static_remotekey' | 'anchors') => {
    const { outputs } = buildCommitment({ ...paramsOf(channelType, balances), ownerIsOpener });
    return ['to_local', 'to_remote'].map((kind) => outputs.find((output) => output.kind === kind)!.amountSat);
  };

  it('takes base fee and anchors from the opener, whoever owns the commitment', () => {
    const anchorsCost = commitmentFeeSat('anchors', feeratePerKw(1000), 5) + 660n;
    expect(amountsOf(true, 'anchors')).toEqual([6_988_000n - anchorsCost, 3_000_000n]);
    expect(amountsOf(false, 'anchors')).toEqual([6_988_000n, 3_000_000n - anchorsCost]);
    const kept = [1, 2, 3, 4].length; // HTLC 0 is trimmed at this rate
    const cost = commitmentFeeSat('static_remotekey', feeratePerKw(1000), kept);
    expect(amountsOf(false, 'static_remotekey')).toEqual([6_988_000n, 3_000_000n - cost]);
  });

  it('leaves an opener who cannot pay the whole fee with nothing and does not throw', () => {
    for (const channelType of ['static_remotekey', 'anchors'] as const) {
      const params = paramsOf(channelType, { ...balances, toLocalMsat: 100_000, toRemoteMsat: 9_987_900_000 });
      const { outputs, feeSat } = buildCommitment(params);
      expect(outputs.some(({ kind }) => kind === 'to_local')).toBe(false);
      expect(feeSat).toBeGreaterThanOrEqual(0n);
    }
  });

  it('makes no output of nothing under a dust limit of zero', () => {
    const none = { ...balances, htlcIds: [], dustLimitSat: 0, feeratePerKw: 0 };
    const kindsOf = (toLocalMsat: number, toRemoteMsat: number) =>
      buildCommitment(paramsOf('static_remotekey', { ...none, toLocalMsat, toRemoteMsat })).outputs.map(
        ({ kind }) => kind,
      );
    expect(kindsOf(10_000_000_000, 999)).toEqual(['to_local']);
    expect(kindsOf(999, 10_000_000_000)).toEqual(['to_remote']);
  });

  it('keeps main outputs of exactly the dust limit and none under it', () => {
    const kindsOf = (toLocalMsat: number, toRemoteMsat: number) => {
      const rest = { feeratePerKw: 0, htlcIds: [], dustLimitSat: 546 };
      return buildCommitment(paramsOf('static_remotekey', { ...rest, toLocalMsat, toRemoteMsat })).outputs.map(
        ({ kind }) => kind,
      );
    };
    expect(kindsOf(9_999_454_000, 546_000)).toEqual(['to_remote', 'to_local']);
    expect(kindsOf(9_999_454_001, 545_999)).toEqual(['to_local']);
    expect(kindsOf(546_000, 9_999_454_000)).toEqual(['to_local', 'to_remote']);
    expect(kindsOf(545_999, 9_999_454_001)).toEqual(['to_remote']);
  });
});

describe('anchors', () => {
  const kindsOf = (toLocalMsat: number, toRemoteMsat: number, htlcIds: readonly number[]) =>
    buildCommitment(paramsOf('anchors', { toLocalMsat, toRemoteMsat, htlcIds, feeratePerKw: 253 }))
      .outputs.map(({ kind }) => kind)
      .filter((kind) => kind.endsWith('_anchor'))
      .toSorted();

  it('are made for who has an output, or for both when there are HTLCs', () => {
    expect(kindsOf(7_000_000_000, 3_000_000_000, [])).toEqual(['local_anchor', 'remote_anchor']);
    expect(kindsOf(10_000_000_000, 0, [])).toEqual(['local_anchor']);
    expect(kindsOf(0, 10_000_000_000, [])).toEqual(['remote_anchor']);
    expect(kindsOf(9_999_000_000, 0, [0])).toEqual(['local_anchor', 'remote_anchor']);
    expect(kindsOf(0, 9_999_000_000, [0])).toEqual(['local_anchor', 'remote_anchor']);
  });
});

describe('sighashes on the fast path', () => {
  it.each(commitmentVectors.map((vector) => [vector.channelType, vector.name, vector] as const))(
    '%s: %s equal those of the general BIP 143 function',
    (_type, _name, { params, channelType }) => {
      const commitment = buildCommitment(params);
      expect(commitment.sighash).toEqual(
        sighashV0(commitment.tx, 0, params.fundingScript, params.capacitySat, SIGHASH_ALL),
      );
      expect(commitment.txid).toBe(txid(commitment.tx));
      for (const { tx, witnessScript, amountSat, localSighash, remoteSighash } of commitment.htlcs) {
        const theirType = remoteHtlcSighashType(channelType);
        expect(localSighash).toEqual(sighashV0(tx, 0, witnessScript, amountSat, SIGHASH_ALL));
        expect(remoteSighash).toEqual(sighashV0(tx, 0, witnessScript, amountSat, theirType));
      }
    },
  );

  it('verifies against the key that signed and no other', () => {
    const { sighash } = buildCommitment(staticCases[0]!.params);
    const signature = sign(sighash, keys.localFundingPrivkey);
    expect(verify(signature, sighash, keys.localFundingPubkey)).toBe(true);
    expect(verify(signature, sighash, keys.remoteFundingPubkey)).toBe(false);
  });
});

it('orders equal offered HTLCs by expiry, then by id', () => {
  const params = { ...paramsOf('anchors', { toLocalMsat: 6e9, toRemoteMsat: 3e9, feeratePerKw: 253, htlcIds: [] }) };
  const twin = htlcs[5]!;
  const equals = [
    { ...twin, id: 12n, cltvExpiry: 700 },
    { ...twin, id: 11n, cltvExpiry: 600 },
    { ...twin, id: 10n, cltvExpiry: 700 },
    { ...twin, id: 9n, cltvExpiry: 500 },
  ];
  const order = buildCommitment({ ...params, htlcs: equals }).htlcs.map(({ htlc }) => htlc.id);
  expect(order).toEqual([9n, 11n, 10n, 12n]);
});
