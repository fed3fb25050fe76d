import { readFile, rm, writeFile } from 'node:fs/promises';
import type { SafeStorage } from 'electron';

/** The password, sealed by the keychain of the system: for quick unlock only, and never the only way in. */
export interface QuickUnlock {
  readonly state: () => Promise<'unavailable' | 'off' | 'on'>;
  readonly remember: (password: string) => Promise<void>;
  readonly recall: () => Promise<string | undefined>;
  readonly forget: () => Promise<void>;
}

type Keychain = Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString'> & Partial<Pick<SafeStorage, 'getSelectedStorageBackend'>>;

/** On Linux without a keychain Electron seals with a password that is printed in its source: that is plain text. */
function isSafe(keychain: Keychain, platform: string): boolean {
  if (!keychain.isEncryptionAvailable()) return false;
  return platform !== 'linux' || !['basic_text', 'unknown'].includes(keychain.getSelectedStorageBackend?.() ?? 'unknown');
}

export function quickUnlock(keychain: Keychain, file: string, platform: string = process.platform): QuickUnlock {
  const sealed = (): Promise<Buffer | undefined> => readFile(file).catch(() => undefined);
  const forget = (): Promise<void> => rm(file, { force: true });
  return {
    state: async () => {
      if (!isSafe(keychain, platform)) return 'unavailable';
      return (await sealed()) ? 'on' : 'off';
    },
    remember: async (password) => {
      if (isSafe(keychain, platform)) await writeFile(file, keychain.encryptString(password), { mode: 0o600 });
    },
    recall: async () => {
      const found = isSafe(keychain, platform) ? await sealed() : undefined;
      if (!found) return undefined;
      try {
        return keychain.decryptString(found);
      } catch {
        // Another keychain than the one that sealed it: useless for ever.
        await forget();
        return undefined;
      }
    },
    forget,
  };
}
