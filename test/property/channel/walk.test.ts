import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { Walker, runsOr, seeded, walks } from '../../support/channel-walk.ts';

const timeoutOf = (runs: number): number => 60_000 + runsOr(runs) * 500;

describe('two machines on a connection that breaks and with programs that die', () => {
  it('agree after any sequence of payments and fee changes', () => {
    fc.assert(
      fc.property(walks({ withShutdown: false }), (walk) => {
        const walker = new Walker(walk);
        for (const op of walk.ops) walker.perform(op);
        walker.settle();
      }),
      seeded(100),
    );
  }, timeoutOf(100));

  it('close co-operatively whenever one asks for it', () => {
    fc.assert(
      fc.property(walks({ withShutdown: true }), (walk) => {
        const walker = new Walker(walk);
        for (const op of walk.ops) walker.perform(op);
        walker.perform({ op: 'shutdown', side: 'alice' });
        walker.settle();
      }),
      seeded(60),
    );
  }, timeoutOf(60));
});
