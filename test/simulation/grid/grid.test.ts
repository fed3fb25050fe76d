import { afterAll, describe, expect, it } from 'vitest';
import { checked } from './chain.ts';
import { checkCell } from './check.ts';
import { CLOSES, TYPES, grid, nameOf } from './plan.ts';

/** More of a kind say nothing new. */
const SHOWN = 5;
const { cells, size, meaningless } = grid();

describe.each(CLOSES)('a channel that ends by %s', (close) => {
  it.each(TYPES)('of type %s, in every cell of the grid', (channelType) => {
    const failures: string[] = [];
    for (const cell of cells) {
      if (cell.close !== close || cell.channelType !== channelType || failures.length === SHOWN) continue;
      try {
        checkCell(cell);
      } catch (error) {
        failures.push(`${nameOf(cell)}\n  ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(failures).toEqual([]);
  });
});

afterAll(() => {
  const left = [...meaningless].map(([reason, count]) => `  ${count}: ${reason}`);
  console.log(`${cells.length} cells of ${size}; without meaning:\n${left.join('\n')}\n${checked.transactions} transactions mined, ${checked.scripts} different inputs run by bcoin (the same one once)`);
});
