import type { Mutant } from '../mutant.ts';

const TERMS = 'core/wallet/sweep-terms.ts';
const PLAN = 'core/wallet/sweep-plan.ts';
const JOBS = 'core/wallet/sweep-jobs.ts';
const sweep = ['unit/wallet/sweep.test.ts', 'unit/wallet/sweep-coins.test.ts', 'unit/wallet/sweep-property.test.ts', 'unit/wallet/sweep-relay.test.ts'];
const claims = ['unit/tx/claim.test.ts'];

/** Fees, deadlines and signatures of what takes money home. */
export const sweepMutants: readonly Mutant[] = [
  {
    fault: 'the fee falls again after a regrouping or a restart', against: 'I-28, catalogue 19', file: PLAN, tests: ['unit/wallet/sweep-memory.test.ts'],
    find: 'feeratePerKw(Math.max(rate, known?.feeratePerKw ?? 0)) });', replace: 'feeratePerKw(rate) });',
  },
  {
    fault: 'the fee follows the market down', against: 'I-28', file: TERMS, tests: sweep,
    find: 'const rate = Math.max(lastFeeratePerKw, Math.min(due, affordable));', replace: 'const rate = Math.min(due, affordable);',
  },
  {
    fault: 'a deadline raises no fee', against: 'I-27', file: TERMS, tests: sweep,
    find: 'const due = isNear ? climbed(market, top, blocksLeft) : market;', replace: 'const due = market;',
  },
  {
    fault: 'a fee may take all of what it is for', against: 'I-28', file: TERMS, tests: sweep,
    find: 'const calmSat = minBigint(mostSat, maxBigint(valueSat / 2n, ownFee(floor)));', replace: 'const calmSat = mostSat;',
  },
  {
    fault: 'what others can take shares a transaction', against: 'catalogue 17 and 19', file: JOBS, tests: sweep,
    find: "method.kind === 'claim' && !contested && deadlineHeight === undefined;", replace: "method.kind === 'claim';",
  },
  {
    fault: 'a claim goes out before a block may hold it', against: 'BOLT 5', file: JOBS, tests: sweep,
    find: 'claim.earliestHeight <= height + 1;', replace: 'claim.earliestHeight <= height + 1000;',
  },
  {
    fault: 'what went out once is not offered again', against: 'I-28, catalogue 19', file: PLAN, tests: sweep,
    find: 'if (sweep || decision.kind === \'parent\') packages.push', replace: 'if ((sweep && decision.kind !== \'again\') || decision.kind === \'parent\') packages.push',
  },
  {
    fault: 'a penalty signs another hash', against: 'catalogue 11', file: 'core/tx/claim.ts', tests: claims,
    find: 'sighashV0(tx, inputIndex, scriptCodeOf(claim), claim.amountSat, SIGHASH_ALL)', replace: 'sighashV0(tx, inputIndex, scriptCodeOf(claim), claim.amountSat, 3)',
  },
  {
    fault: 'a penalty takes the branch of the delayed key', against: 'BOLT 5', file: 'core/tx/claim.ts', tests: claims,
    find: "    case 'revoked_second_stage':\n      return [ONE, claim.witnessScript];", replace: "    case 'revoked_second_stage':\n      return [NOTHING, claim.witnessScript];",
  },
  {
    fault: 'our balance is claimed before its delay is over', against: 'BOLT 5', file: 'core/tx/claim.ts', tests: claims,
    find: "    case 'to_local_delayed':\n      return toSelfDelay;", replace: "    case 'to_local_delayed':\n      return toSelfDelay - 1;",
  },
  {
    fault: 'the opener does not pay for the anchors', against: 'I-10', file: 'core/tx/commitment.ts', tests: ['unit/tx/commitment.test.ts', 'unit/tx/commitment-properties.test.ts'],
    find: 'commitmentFeeSat(channelType, params.feeratePerKw, outputs.length) + anchorsCostSat(channelType);', replace: 'commitmentFeeSat(channelType, params.feeratePerKw, outputs.length);',
  },
  {
    fault: 'equal HTLCs stand in the order of chance', against: 'catalogue 15', file: 'core/tx/commitment.ts', tests: ['unit/tx/commitment.test.ts', 'unit/tx/commitment-properties.test.ts'],
    find: '(a.htlc.id < b.htlc.id ? -1 : 1);', replace: '(a.htlc.id < b.htlc.id ? 1 : -1);',
  },
]; // prettier-ignore
