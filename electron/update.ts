import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

/** What the release key signs. Its text is signed as it is, byte by byte; nothing is written anew before it is checked. */
const payloadSchema = z.strictObject({
  product: z.literal('sferic'),
  channel: z.enum(['stable', 'beta']),
  /** Counts the manifests of a channel: an older one never replaces a newer. */
  sequence: z.int().min(1),
  version: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/u),
  /** Below it money may be at risk. */
  minVersion: z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/u),
  date: z.iso.datetime(),
  /** After it the manifest says nothing: somebody may be keeping a newer one back. */
  validUntil: z.iso.datetime(),
  files: z.array(z.strictObject({ name: z.string().regex(/^[\w.-]{1,100}$/u), size: z.int().min(1), sha512: z.string().regex(/^[0-9a-f]{128}$/u) })).min(1).max(40),
}); // prettier-ignore
export type Release = z.infer<typeof payloadSchema>;

const envelopeSchema = z.strictObject({ payload: z.string().max(60_000), signature: z.string().regex(/^[0-9a-f]{128}$/u) });

export const MAX_MANIFEST_BYTES = 64 * 1024;
/** The same key signs nothing else that begins so. */
const CONTEXT = 'sferic release manifest 1\n';
/** DER of an Ed25519 public key, up to the 32 bytes of the key itself. */
const ED25519_PREFIX = '302a300506032b6570032100';

export const signedText = (payload: string): Uint8Array => Buffer.from(CONTEXT + payload, 'utf8');

export type UpdateRefusal = 'malformed' | 'wrong_signature' | 'wrong_channel' | 'replayed' | 'expired' | 'downgrade';
export type UpdateVerdict = { readonly ok: true; readonly release: Release; readonly isNewer: boolean; readonly isUrgent: boolean } | { readonly ok: false; readonly why: UpdateRefusal };

export interface UpdateContext {
  /** 32 bytes in hex. */
  readonly publicKey: string;
  readonly channel: Release['channel'];
  readonly ourVersion: string;
  /** Of the newest manifest that this computer has seen; 0: none. */
  readonly lastSequence: number;
  /** The highest version that such a manifest named. */
  readonly lastVersion: string;
  readonly nowMs: number;
}

/** Negative: a is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = [0, 1, 2].find((place) => left[place] !== right[place]);
  return at === undefined ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

const refused = (why: UpdateRefusal): UpdateVerdict => ({ ok: false, why });

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isSigned(payload: string, signature: string, publicKey: string): boolean {
  const key = createPublicKey({ key: Buffer.from(ED25519_PREFIX + publicKey, 'hex'), format: 'der', type: 'spki' });
  return verify(null, signedText(payload), key, Buffer.from(signature, 'hex'));
}

/**
 * Whether a manifest may be believed, and what it says. Whoever serves it is not trusted: it must be signed by the release key,
 * which is kept offline, for our channel, not older than one that was seen before, and still valid. It is never acted upon:
 * a person is told, and fetches the program by hand.
 */
export function judgeManifest(text: string, { publicKey, channel, ourVersion, lastSequence, lastVersion, nowMs }: UpdateContext): UpdateVerdict {
  const envelope = text.length <= MAX_MANIFEST_BYTES ? parsed(envelopeSchema, text) : undefined;
  if (!envelope) return refused('malformed');
  if (!isSigned(envelope.payload, envelope.signature, publicKey)) return refused('wrong_signature');
  const release = parsed(payloadSchema, envelope.payload);
  if (!release) return refused('malformed');
  if (release.channel !== channel) return refused('wrong_channel');
  if (release.sequence < lastSequence) return refused('replayed');
  if (compareVersions(release.version, lastVersion) < 0) return refused('downgrade');
  if (Date.parse(release.validUntil) < nowMs) return refused('expired');
  return { ok: true, release, isNewer: compareVersions(release.version, ourVersion) > 0, isUrgent: compareVersions(ourVersion, release.minVersion) < 0 };
}
