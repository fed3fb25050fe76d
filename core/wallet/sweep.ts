export { coinsInFlight, planSweeps, REMEMBERED_BLOCKS } from './sweep-plan.ts';
export { sweepStateCodec } from './sweep-codec.ts';
export { coinsForSweeps } from './sweep-ledger.ts';
export { emptySweeps } from './sweep-types.ts';
export type {
  PublishedSweep, ShortOfCoins, SweepEntry, SweepInput, SweepPackage, SweepPlan, SweepReason, SweepState,
} from './sweep-types.ts'; // prettier-ignore
