import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileFault } from './files.ts';
import { CHANNELS_PER_FILE, type HighWater, openHighWater } from './high-water.ts';

/** Channels of a file beside the first: a wallet made from words begins anywhere and counts on. */
const CHANNELS_PER_BLOCK = 1024;
const MAX_CHANNEL = 0x7fff_ffff;

const blockOf = (channel: number): number => Math.floor(channel / CHANNELS_PER_BLOCK);

/**
 * The marks of all channels: one file for the numbers that a wallet counts from 0, and one for each thousand of those far up,
 * which is made when the first of them is raised. Throws as `openHighWater` does.
 */
export async function openHighWaterFiles(path: string): Promise<HighWater> {
  const opened = new Map<number, HighWater>();
  const opening = new Map<number, Promise<HighWater>>();
  const main = await openHighWater(path);

  const open = (block: number): Promise<HighWater> => {
    const known = opening.get(block);
    if (known) return known;
    const begun = openHighWater(`${path}-${block.toString(16)}`, block * CHANNELS_PER_BLOCK).then((marks) => {
      opened.set(block, marks);
      return marks;
    });
    opening.set(block, begun);
    return begun;
  };
  const close = async (): Promise<void> => {
    await Promise.allSettled(opening.values());
    for (const marks of [main, ...opened.values()]) await marks.close();
  };

  try {
    const name = basename(path);
    const names = await readdir(dirname(path)).catch((error: unknown) => {
      throw fileFault(path, error);
    });
    for (const one of names) {
      const block = one.startsWith(`${name}-`) && /^[0-9a-f]{1,6}$/u.test(one.slice(name.length + 1)) ? Number.parseInt(one.slice(name.length + 1), 16) : undefined;
      if (block !== undefined) await open(block);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    raise: async (channel, revokedCommitment) => {
      if (channel < CHANNELS_PER_FILE) return main.raise(channel, revokedCommitment);
      if (!Number.isInteger(channel) || channel > MAX_CHANNEL) throw new RangeError(`no channel number: ${channel}`);
      return (await open(blockOf(channel))).raise(channel, revokedCommitment);
    },
    read: (channel) => (channel < CHANNELS_PER_FILE ? main : opened.get(blockOf(channel)))?.read(channel),
    close,
  };
}
