import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = `On a computer that is never online:
npm run sign-release -- --new-key <file>        makes a release key; prints what goes into the bundle as SFERIC_RELEASE_KEY
npm run sign-release -- --key <file> --folder <installers> --version 1.2.3 --min-version 1.0.0 --sequence 7 [--channel stable] [--days 90]
                                                writes manifest.json beside the installers`;

/** Must be what electron/update.ts expects; a test signs with the one and checks with the other. */
const CONTEXT = 'sferic release manifest 1\n';
const DAY_MS = 24 * 3_600_000;
const INSTALLERS = /\.(?:AppImage|deb|dmg|exe)$/u;

export interface ReleaseFacts {
  readonly channel: string;
  readonly sequence: number;
  readonly version: string;
  readonly minVersion: string;
  readonly date: string;
  readonly validUntil: string;
  readonly files: readonly { readonly name: string; readonly size: number; readonly sha512: string }[];
}

/** The raw 32 bytes in hex. */
export const publicKeyOf = (privatePem: string): string => createPublicKey(createPrivateKey(privatePem)).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');

export const newKeyPem = (): string => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

export function signManifest(facts: ReleaseFacts, privatePem: string): string {
  const payload = JSON.stringify({ product: 'sferic', ...facts });
  const signature = sign(null, Buffer.from(CONTEXT + payload, 'utf8'), createPrivateKey(privatePem)).toString('hex');
  return `${JSON.stringify({ payload, signature }, null, 2)}\n`;
}

function filesIn(folder: string): ReleaseFacts['files'] {
  const names = readdirSync(folder).filter((name) => INSTALLERS.test(name)).sort(); // prettier-ignore
  return names.map((name) => ({ name: basename(name), size: statSync(join(folder, name)).size, sha512: createHash('sha512').update(readFileSync(join(folder, name))).digest('hex') }));
}

function main(): void {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { 'new-key': text, key: text, folder: text, version: text, 'min-version': text, sequence: text, channel: { type: 'string', default: 'stable' }, days: { type: 'string', default: '90' }, help: { type: 'boolean', default: false } } });
  if (values.help) return console.log(USAGE);
  if (values['new-key'] !== undefined) {
    const pem = newKeyPem();
    writeFileSync(values['new-key'], pem, { mode: 0o600, flag: 'wx' });
    return console.log(publicKeyOf(pem));
  }
  const { key, folder, version, sequence } = values;
  if (key === undefined || folder === undefined || version === undefined || sequence === undefined) return console.log(USAGE);
  const nowMs = Date.now();
  const facts: ReleaseFacts = {
    channel: values.channel, sequence: Number(sequence), version, minVersion: values['min-version'] ?? '0.0.0', date: new Date(nowMs).toISOString(),
    validUntil: new Date(nowMs + Number(values.days) * DAY_MS).toISOString(), files: filesIn(folder),
  }; // prettier-ignore
  writeFileSync(join(folder, 'manifest.json'), signManifest(facts, readFileSync(key, 'utf8')));
  console.log(join(folder, 'manifest.json'));
}

if (import.meta.main) main();
