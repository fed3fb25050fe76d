import type { Mutant } from '../mutant.ts';

const COMMIT = 'core/channel/commit.ts';
const REESTABLISH = 'core/channel/reestablish.ts';
const STATES = 'states/channel';
const commit = [`${STATES}/commit.test.ts`];
const reestablish = [`${STATES}/reestablish.test.ts`];

/** Signing, revoking, and saying again what was lost. */
export const commitmentMutants: readonly Mutant[] = [
  {
    fault: 'a revocation leaves before the new commitment is stored', against: 'I-5', file: COMMIT, tests: commit,
    find: "      STORE,\n      { kind: 'raise_high_water'", replace: "      { kind: 'raise_high_water'",
  },
  {
    fault: 'a commitment_signed leaves before it is stored', against: 'I-5', file: COMMIT, tests: commit,
    find: "      STORE,\n      { kind: 'journal', event: commitmentEvent('remote_commitment_signed'", replace: "      { kind: 'journal', event: commitmentEvent('remote_commitment_signed'",
  },
  {
    fault: 'a commitment is signed while a revocation is still owed to us', against: 'BOLT 2, "Committing Updates So Far"', file: COMMIT, tests: commit,
    find: 'commitments.awaitingRevocation || !hasChangesToSign', replace: '!hasChangesToSign',
  },
  {
    fault: 'the secret of the newest commitment is revealed', against: 'I-1', file: COMMIT, tests: commit,
    find: 'channel.commitments.localNumber - 1),', replace: 'channel.commitments.localNumber),',
  },
  {
    fault: 'the mark of revoked commitments stays where it is', against: 'I-1', file: COMMIT, tests: [...commit, 'simulation/crash-points.test.ts'],
    find: "      { kind: 'raise_high_water', revokedCommitmentNumber: number - 1 },\n", replace: '',
  },
  {
    fault: 'a commitment with a wrong signature is taken', against: 'I-10', file: 'core/channel/sign.ts', tests: commit,
    find: "if (!verify(signatures.signature, commitment.sighash, base.config.remote.basepoints.fundingPubkey)) return err(fault('invalid_commitment_signature'));\n  if (signatures.htlc", replace: 'if (signatures.htlc',
  },
  {
    fault: 'HTLC signatures are not looked at', against: 'BOLT 2, "Committing Updates So Far"', file: 'core/channel/sign.ts', tests: commit,
    find: 'return bad < 0 ? ok(commitment)', replace: 'return bad < 500 ? ok(commitment)',
  },
  {
    fault: 'a revocation with the secret of another commitment is taken', against: 'I-3', file: COMMIT, tests: commit,
    find: '!isScalar(secret) || !equal(publicKey(secret), commitments.remoteCurrentPoint)', replace: '!isScalar(secret)',
  },
  {
    fault: 'secrets that do not come from one tree are taken', against: 'I-3', file: COMMIT, tests: commit,
    find: 'secretIndexOf(commitments.remoteNumber), secret);', replace: 'secretIndexOf(commitments.remoteNumber), secret) ?? commitments.revealedSecrets;',
  },
  {
    fault: 'a received HTLC is acted on before it is irrevocable', against: 'I-15', file: COMMIT, tests: [`${STATES}/htlc-limits.test.ts`, ...commit],
    find: 'htlc.stage !== STAGE.irrevocable || before', replace: 'htlc.stage < STAGE.acked || before',
  },
  {
    fault: 'nothing is kept of the HTLCs of a revoked commitment', against: 'catalogue 12', file: COMMIT, tests: [...commit, `${STATES}/onchain.test.ts`],
    find: 'feeratePerKw, htlcs: withOutput })', replace: 'feeratePerKw, htlcs: [] })',
  },
  {
    fault: 'a lost revocation is not said again', against: 'I-24', file: REESTABLISH, tests: reestablish,
    find: 'const revoked = repeatRevocation ?', replace: 'const revoked = repeatRevocation && localNumber > 1000 ?',
  },
  {
    fault: 'a lost commitment_signed is not said again', against: 'I-24', file: REESTABLISH, tests: reestablish,
    find: 'const signed = repeatCommitment ?', replace: 'const signed = repeatCommitment && localNumber > 1000 ?',
  },
  {
    fault: 'what was lost is said again in the other order', against: 'I-24', file: REESTABLISH, tests: reestablish,
    find: '...(commitments.lastSentWasRevoke ?', replace: '...(!commitments.lastSentWasRevoke ?',
  },
  {
    fault: 'a peer that claims to be ahead is believed without proof', against: 'I-22', file: REESTABLISH, tests: reestablish,
    find: "return proof ? { kind: 'we_are_behind' }", replace: "return proof || theirRevocation > 0 ? { kind: 'we_are_behind' }",
  },
  {
    fault: 'a commitment goes out although data was lost', against: 'I-23', file: 'core/channel/onchain/failing.ts', tests: reestablish,
    find: "channel.phase === 'fallen_behind' || channel.phase === 'closing'", replace: "channel.phase === 'closing'",
  },
  {
    fault: 'what was proposed and not signed survives a broken connection', against: 'BOLT 2, "Message Retransmission"', file: 'core/channel/spec.ts', tests: reestablish,
    find: 'const kept = [...commitments.htlcs].filter(([, htlc]) => htlc.stage !== STAGE.proposed);', replace: 'const kept = [...commitments.htlcs];',
  },
  {
    fault: 'a preimage of another hash is taken for a fulfilled HTLC', against: 'I-13', file: 'core/channel/updates.ts', tests: [`${STATES}/removal.test.ts`],
    find: "  if (!equal(sha256(paymentPreimage), paymentHash)) return err(fault('invalid_preimage', toHex(paymentHash)));\n", replace: '',
  },
]; // prettier-ignore
