import { isScalar } from '../crypto/secp256k1.ts';
import { readFileIfAny, writeFileAtomic } from './files.ts';
import type { System } from './system.ts';

export interface TowerKey {
  /** Of the transport: what clients know the tower by. */
  readonly nodeKey: Uint8Array;
  /** Of the database. */
  readonly dataKey: Uint8Array;
}

/**
 * The tower's keys, made on the first start, in a file that its owner alone can read. There is no password: a tower must
 * come back by itself, and what it keeps is sealed by its clients. Undefined for a file that is not of this form.
 */
export async function towerKey(path: string, random: System['random']): Promise<TowerKey | undefined> {
  const stored = await readFileIfAny(path);
  if (stored) return stored.length === 64 && isScalar(stored.subarray(0, 32)) ? { nodeKey: stored.slice(0, 32), dataKey: stored.slice(32) } : undefined;
  let keys = random(64);
  while (!isScalar(keys.subarray(0, 32))) keys = random(64);
  await writeFileAtomic(path, keys);
  return { nodeKey: keys.slice(0, 32), dataKey: keys.slice(32) };
}
