import { describe } from 'vitest';
import { SCENARIOS } from '../support/crash-scenarios.ts';
import { testEveryBoundary } from '../support/crash-suite.ts';

describe('a node dies, or its disk fails, at every boundary of closing together', () => {
  testEveryBoundary(SCENARIOS.filter(({ name }) => name.includes('close')));
});
