import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { SIDES } from '../../support/channel-pair.ts';
import type { Telling } from './actor.ts';
import { expectedSat, expectedTellings, lastHeight, outputAmounts } from './expected.ts';
import type { Cell } from './plan.ts';
import { Play, type Played, type Props } from './play.ts';

const FORGET = 99;
const inOrder = (tellings: readonly Telling[]): string[] => tellings.map(({ key, what, height }) => `${key} ${what} at ${height}`).toSorted();

/** Plays a cell and compares its end with what the rules give; throws what differs. */
export function checkCell(cell: Cell, props?: Props): Played {
  const played = new Play(cell, props).run();
  const { situation, branches, mined, tellings, closedAt, walletDeltaSat } = played;
  const scene = { cell, situation };
  const last = branches.at(-1)!;
  for (const branch of branches) deepStrictEqual(branch.tx.tx.outputs.map(({ amountSat }) => amountSat as bigint).toSorted((a, b) => Number(a - b)), outputAmounts(scene, branch), `outputs of ${branch.close}`);
  const expected: Telling[] = [];
  let before: readonly Telling[] = [];
  for (const branch of branches) {
    before = [...expected];
    expected.push(...expectedTellings(scene, branch, before));
  }
  deepStrictEqual(inOrder(tellings), inOrder(expected), 'what the payments hear');
  for (const side of SIDES) strictEqual(walletDeltaSat[side], expectedSat(scene, last, mined, side), `satoshis of ${side === cell.us ? 'ours' : 'the peer'}`);
  ok(closedAt !== undefined, 'never closed');
  const buried = lastHeight(scene, last, mined, before) + FORGET;
  ok(closedAt >= buried, `closed at ${closedAt}, but the last of it is 100 deep at ${buried}`);
  ok(mined.some(({ height }) => height + FORGET === closedAt), `closed at ${closedAt}, long after the last of it was 100 deep`);
  return played;
}
