import type { Random } from '../../support/mutate.ts';

/** Values that stand where something else was expected. */
const ODD: readonly unknown[] = [
  null, true, 0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, -(2 ** 53), '', '0', 'ff', 'f', '00'.repeat(33), 'é\u202e\u0000', '[]', [], {}, [[[[]]]],
  { __proto__: { height: 1 } }, { constructor: 1, toString: 2 }, 'a'.repeat(5000), Array.from({ length: 300 }, () => '00'.repeat(32)),
]; // prettier-ignore

function changed(value: unknown, random: Random): unknown {
  const children = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (children.length === 0 || random.below(4) === 0) return random.pick(ODD);
  const key = random.pick(children);
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Record<string, unknown>) };
  const holder = copy as Record<string, unknown>;
  const way = random.below(10);
  // Not `delete`: parsed JSON has no holes in its lists.
  if (way === 0 && Array.isArray(copy)) copy.splice(Number(key), 1);
  else if (way === 0) delete holder[key];
  else if (way === 1 && Array.isArray(copy)) copy.push(copy[Number(key)]);
  else holder[key] = changed(holder[key], random);
  return copy;
}

/** One to three changes somewhere inside of plain data: a value of another kind, something missing, something twice. */
export function mutateJson(value: unknown, random: Random): unknown {
  let mutated = value;
  for (let rounds = 1 + random.below(3); rounds > 0; rounds--) mutated = changed(mutated, random);
  return mutated;
}
