import { p2wsh } from '../bitcoin/script.ts';
import { type OutPoint, type Tx, encodeTx, txid, txidBytes, withWitness } from '../bitcoin/transaction.ts';
import { isPoint, sign, verify } from '../crypto/secp256k1.ts';
import { toHex } from '../lib/bytes.ts';
import { type FeeratePerKw, sat } from '../lib/units.ts';
import { type Claim, claimSequence, claimSighash, claimTx, claimWitnessOf } from '../tx/claim.ts';
import { htlcTransaction } from '../tx/htlc.ts';
import { htlcScripts, toLocalScript } from '../tx/scripts.ts';
import { htlcFeeSat } from '../tx/weights.ts';
import type { Justice, JusticeHtlc } from './justice.ts';

/** An output that can be punished, if it comes to be: those of second stages exist only when the cheater goes on. */
export interface Target {
  readonly claim: Claim;
}

const bareScript = (script: Uint8Array): string => toHex(script);

/** The revoked HTLC transaction that the peer's signature and ours allowed; undefined with anchors, where anything may be added to it. */
function secondStage(justice: Justice, commitment: Tx, vout: number, htlc: JusticeHtlc, witnessScript: Uint8Array): Target | undefined {
  const { channelType, feeratePerKw } = justice;
  const amountSat = commitment.outputs[vout]?.amountSat ?? sat(0n);
  if (channelType !== 'static_remotekey' || amountSat <= htlcFeeSat(channelType, htlc.direction, feeratePerKw)) return undefined;
  const delayed = toLocalScript(justice, justice.toSelfDelay);
  const { tx } = htlcTransaction(
    { channelType, feeratePerKw, commitmentTxidBytes: () => txidBytes(txid(commitment)), outputScript: p2wsh(delayed) },
    { htlc: { ...htlc, id: 0n, amountMsat: 0n as never }, vout, witnessScript, amountSat },
  );
  return { claim: secondStageClaim(justice, { txid: txid(tx), vout: 0 }, tx.outputs[0]!.amountSat) };
}

function secondStageClaim(justice: Justice, outPoint: OutPoint, amountSat: Claim['amountSat']): Claim {
  const kind = 'revoked_second_stage';
  return { kind, outPoint, amountSat, witnessScript: toLocalScript(justice, justice.toSelfDelay), sequence: claimSequence(kind, justice.channelType, 0) };
}

/**
 * Everything of a revoked commitment that a part of its justice speaks of, always in the same order, which signatures
 * follow: by output, `to_local` or an HTLC and behind it the outputs of its possible HTLC transactions (BOLT 5, "Revoked
 * Transaction Close Handling"). `tx` may be unsigned.
 */
export function targetsOf(justice: Justice, tx: Tx): readonly Target[] {
  const { channelType, revocationPubkey, htlcs } = justice;
  const scripts = htlcScripts(justice, channelType);
  const mainScript = toLocalScript(justice, justice.toSelfDelay);
  const main = bareScript(p2wsh(mainScript));
  const byScript = new Map<string, { readonly witnessScript: Uint8Array; readonly htlcs: JusticeHtlc[] }>();
  for (const htlc of htlcs) {
    const witnessScript = htlc.direction === 'offered' ? scripts.offered(htlc.paymentHash) : scripts.received(htlc.paymentHash, htlc.cltvExpiry);
    const key = bareScript(p2wsh(witnessScript));
    const same = byScript.get(key) ?? { witnessScript, htlcs: [] };
    // The script of an offered HTLC does not name its expiry: two of one hash differ in their HTLC transactions only.
    if (!same.htlcs.some(({ cltvExpiry }) => cltvExpiry === htlc.cltvExpiry)) same.htlcs.push(htlc);
    byScript.set(key, same);
  }
  const id = txid(tx);
  const sequence = claimSequence('revoked_to_local', channelType, 0);
  return tx.outputs.flatMap(({ script, amountSat }, vout): Target[] => {
    const outPoint = { txid: id, vout };
    const key = bareScript(script);
    if (justice.withMain && key === main) return [{ claim: { kind: 'revoked_to_local', outPoint, amountSat, witnessScript: mainScript, sequence } }];
    const found = byScript.get(key);
    if (!found) return [];
    const { witnessScript } = found;
    const later = found.htlcs.flatMap((htlc) => secondStage(justice, tx, vout, htlc, witnessScript) ?? []);
    return [{ claim: { kind: 'revoked_htlc', outPoint, amountSat, witnessScript, revocationPubkey, sequence } }, ...later];
  });
}

/** Outputs of a transaction that spends a revoked commitment, whatever else is in it: for a tower that has the key. */
export function laterTargets(justice: Justice, spender: Tx): readonly Target[] {
  const script = bareScript(p2wsh(toLocalScript(justice, justice.toSelfDelay)));
  const id = txid(spender);
  return spender.outputs.flatMap((output, vout) => (bareScript(output.script) === script ? [{ claim: secondStageClaim(justice, { txid: id, vout }, output.amountSat) }] : []));
}

/** What a target's key signs at a fee rate; undefined when the output does not pay for it. */
export function unsignedJustice({ destinationScript }: Pick<Justice, 'destinationScript'>, { claim }: Target, feeratePerKw: FeeratePerKw): { readonly tx: Tx; readonly sighash: Uint8Array } | undefined {
  const built = claimTx({ claims: [claim], destinationScript, feeratePerKw });
  return built.ok ? { tx: built.value.tx, sighash: claimSighash(built.value.tx, 0, claim) } : undefined;
}

/** One transaction a target, so that a cheater who spends one of them spoils no other. */
const signedJustice = (tx: Tx, { claim }: Target, signature: Uint8Array): Tx => withWitness(tx, 0, claimWitnessOf(claim, signature));

/** A step of the ladder that a target is published at. */
export interface Rung {
  readonly feeratePerKw: FeeratePerKw;
  readonly tx: Tx;
  readonly rawTx: Uint8Array;
}

/** The steps for the target at `index`, lowest first; those whose signature does not fit are left out. */
export function rungsOf(justice: Justice, index: number, target: Target, ownFeerates: readonly FeeratePerKw[]): readonly Rung[] {
  const { proof, revocationPubkey } = justice;
  const rates = proof.kind === 'signed' ? proof.feeratesPerKw : ownFeerates;
  if (!isPoint(revocationPubkey)) return [];
  return rates.flatMap((feeratePerKw, i): Rung[] => {
    const unsigned = unsignedJustice(justice, target, feeratePerKw);
    if (!unsigned) return [];
    const signature = proof.kind === 'own' ? sign(unsigned.sighash, proof.revocationSecret) : proof.signatures[index]?.[i];
    if (!signature || (proof.kind === 'signed' && !verify(signature, unsigned.sighash, revocationPubkey))) return [];
    const tx = signedJustice(unsigned.tx, target, signature);
    return [{ feeratePerKw, tx, rawTx: encodeTx(tx) }];
  });
}
