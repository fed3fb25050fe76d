import { describe } from 'vitest';
import { SCENARIOS } from '../support/crash-scenarios.ts';
import { testEveryBoundary } from '../support/crash-suite.ts';

// safety.md section 4, "kill -9 at every persistence point" and "write error, disk full".
describe('a node dies, or its disk fails, at every boundary of opening, paying, being paid and fee changes', () => {
  testEveryBoundary(SCENARIOS.filter(({ name }) => !name.includes('close')));
});
