import type { Mutant } from '../mutant.ts';

const LIMITS = 'core/channel/limits.ts';
const OPENING = 'core/channel/opening.ts';
const limits = ['states/channel/htlc-limits.test.ts', 'unit/channel/limits.test.ts'];
const ready = ['states/channel/channel-ready.test.ts', 'states/channel/opening.test.ts'];

/** What a channel may hold, when it opens, and when it must end. */
export const limitMutants: readonly Mutant[] = [
  {
    fault: 'an offer may eat into our reserve', against: 'I-11', file: LIMITS, tests: limits,
    find: "if (spec.ourMsat < reserveMsat) return err(fault('insufficient_balance', reserveMsat, spec.ourMsat));", replace: '',
  },
  {
    fault: 'no room is kept for a rise of fees', against: 'I-11', file: LIMITS, tests: limits,
    find: 'const rate = config.isOpener ? doubled(spec.feeratePerKw) : spec.feeratePerKw;', replace: 'const rate = spec.feeratePerKw;',
  },
  {
    fault: 'the peer may spend its reserve', against: 'I-11', file: LIMITS, tests: limits,
    find: "if (spec.theirMsat < reserveMsat) return err(fault('insufficient_balance', reserveMsat, spec.theirMsat));", replace: '',
  },
  {
    fault: 'trimmed value may exceed its cap when we offer', against: 'I-12, catalogue 7', file: LIMITS, tests: limits,
    find: "if (overDustCap(config, owner, next, entry.add)) return err(fault('dust_exposure_exceeded', POLICY.dustExposureCapMsat));", replace: '',
  },
  {
    fault: 'what the peer has failed and may take back no longer counts as trimmed value', against: 'I-12', file: LIMITS, tests: limits,
    find: "return !removal || (add.direction === 'offered' && removal.what.kind !== 'fulfill' && removal.stage < STAGE.acked);", replace: 'return !removal;',
  },
  {
    fault: 'received HTLCs over the cap on trimmed value are kept', against: 'I-12, catalogue 7', file: LIMITS, tests: limits,
    find: "(['local', 'remote'] as const).some((owner) => overDustCap(config, owner, commitments, add));", replace: "(['local', 'remote'] as const).every((owner) => overDustCap(config, owner, commitments, { ...add, amountMsat: msat(0n) }));",
  },
  {
    fault: 'more HTLCs may be offered than the peer takes', against: 'I-12', file: LIMITS, tests: limits,
    find: "if (offered.length > maxCount) return err(fault('too_many_htlcs', maxCount, offered.length));", replace: '',
  },
  {
    fault: 'more value may be in flight than the peer takes', against: 'I-12', file: LIMITS, tests: limits,
    find: "if (inFlight > config.remote.maxHtlcValueInFlightMsat) return err(", replace: "if (inFlight < 0n) return err(",
  },
  {
    fault: 'a funding output of another amount counts', against: 'catalogue 1', file: OPENING, tests: ready,
    find: 'output.amountSat !== config.fundingSatoshis || ', replace: '',
  },
  {
    fault: 'a funding output with another script counts', against: 'catalogue 1', file: OPENING, tests: ready,
    find: ' || !equal(output.script, script)) {', replace: ') {',
  },
  {
    fault: 'a channel funded by an immature coinbase is used', against: 'catalogue 2', file: OPENING, tests: ready,
    find: 'command.isCoinbase ? COINBASE_MATURITY : ', replace: '',
  },
  {
    fault: 'a channel is used after its first confirmation', against: 'catalogue 1', file: OPENING, tests: ready,
    find: 'Math.max(1, channel.config.minimumDepth)', replace: '1',
  },
  {
    fault: 'a received HTLC is claimed only when it expires', against: 'I-20', file: 'core/channel/onchain/failing.ts', tests: ['states/channel/deadlines.test.ts'],
    find: 'height >= add.cltvExpiry - POLICY.claimDeadlineBlocks', replace: 'height >= add.cltvExpiry',
  },
  {
    fault: 'an offered HTLC may stay open past its expiry', against: 'I-21', file: 'core/channel/onchain/failing.ts', tests: ['states/channel/deadlines.test.ts'],
    find: 'height >= add.cltvExpiry + POLICY.offeredGraceBlocks', replace: 'height >= add.cltvExpiry + 1000',
  },
]; // prettier-ignore
