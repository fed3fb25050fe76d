import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

const ROUNDS = 2048;
const SEED_BYTES = 64;
const derive = promisify(pbkdf2);

/**
 * Seed of a mnemonic, 64 bytes (BIP 39, "From mnemonic to seed"), on a thread of the system: in JavaScript it takes long enough
 * for a window to stand still. The caller wipes it.
 */
export async function deriveSeed(mnemonic: string, passphrase: string): Promise<Uint8Array> {
  const seed = await derive(mnemonic.normalize('NFKD'), `mnemonic${passphrase.normalize('NFKD')}`, ROUNDS, SEED_BYTES, 'sha512');
  const copy = new Uint8Array(seed);
  seed.fill(0);
  return copy;
}
