import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { shellMethods } from '../core/api.ts';

const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  language: z.enum(['system', 'en', 'zh-Hans', 'zh-Hant']).catch('system'),
  unit: z.enum(['sat', 'btc']).catch('sat'),
  idleLockMinutes: z.int().min(0).max(1440).catch(10),
  trayBalance: z.boolean().catch(false),
  paymentFeePercent: z.number().min(0).max(10).catch(1),
  chainSpeed: z.enum(['fast', 'normal', 'slow']).catch('normal'),
  network: z.enum(['mainnet', 'testnet', 'signet', 'regtest']).catch('mainnet'),
  chainSources: z.array(z.string().max(400)).max(8).catch([]),
  /** Empty: the backup file is kept in no folder. */
  backupFolder: z.string().max(1000).catch(''),
});
export type Settings = z.infer<typeof settingsSchema>;
export type Preferences = z.output<(typeof shellMethods)['shell.set']['params']>;

export interface SettingsFile {
  readonly get: () => Settings;
  readonly set: (changes: Partial<Settings>) => void;
}

/** A damaged file is the same as none: every setting has a default, and none of them is worth a refusal to start. */
function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

/** `given` comes from the environment: it wins over the file and is not written to it. */
export function openSettings(path: string, given: Partial<Settings>): SettingsFile {
  const found = settingsSchema.safeParse(read(path));
  let stored = found.success ? found.data : settingsSchema.parse({});
  let override: Partial<Settings> = given;
  return {
    get: () => ({ ...stored, ...override }),
    set: (changes) => {
      stored = { ...stored, ...changes };
      override = Object.fromEntries(Object.entries(override).filter(([name]) => !(name in changes)));
      writeFileSync(`${path}.new`, JSON.stringify(stored, null, 2), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
