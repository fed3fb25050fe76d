import { parentPort, workerData } from 'node:worker_threads';
import { argon2id } from 'hash-wasm';
import type { KdfJob } from './kdf.ts';

// In a thread of its own: a second of pure computing, and its 256 MiB go back to the system with the thread.
const { password, salt, memoryKiB, iterations } = workerData as KdfJob;
const key = await argon2id({
  password,
  salt,
  iterations,
  memorySize: memoryKiB,
  parallelism: 1,
  hashLength: 32,
  outputType: 'binary',
});
password.fill(0);
parentPort?.postMessage(key, [key.buffer as ArrayBuffer]);
