import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { DEFAULT_KDF, KDF_FLOOR, type KdfCost, nextKdfCost } from '../store/vault.ts';

export interface KdfJob extends KdfCost {
  readonly password: Uint8Array;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

/** Argon2id (version 1.3, one lane) to 32 bytes, in a worker thread. The caller wipes password and key. */
export function deriveKey(job: KdfJob): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // A bundle must hold kdf-worker as an entry of its own, beside the one that this file goes into.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./kdf-worker.${extension}`, import.meta.url), { workerData: job });
    worker.once('message', (key: Uint8Array) => resolve(key));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the key derivation ended with code ${code}`)));
  });
}

/** A cost for new vaults that takes this computer 0.5 to 1.5 s, not below the floor. Takes about as long itself. */
export async function calibrateKdf(): Promise<KdfCost> {
  let cost: KdfCost = DEFAULT_KDF;
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    const key = await deriveKey({ ...cost, password: randomBytes(16), salt: randomBytes(16) });
    key.fill(0);
    const next = nextKdfCost(cost, performance.now() - startedAt);
    if (!next || next.memoryKiB < KDF_FLOOR.memoryKiB) break;
    cost = next;
  }
  return cost;
}
