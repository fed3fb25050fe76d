import { describe } from 'vitest';
import { ENFORCEMENT_SCENARIOS } from '../support/crash-enforcement.ts';
import { testEveryBoundary } from '../support/crash-suite.ts';

// safety.md section 4, "kill -9 at every persistence point": I-13, I-26 to I-29 where the peer is of no help.
describe('a node dies, or its disk fails, at every boundary of what only the chain can settle', () => {
  testEveryBoundary(ENFORCEMENT_SCENARIOS);
});
