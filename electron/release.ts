import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { ShellAnswer } from '../core/api.ts';
import { type Logger, VERSION } from '../core/index.ts';
import { judgeManifest, MAX_MANIFEST_BYTES } from './update.ts';

/** Put into the bundle by whoever publishes; a build of one's own has none and is told of nothing. */
declare const SFERIC_RELEASE_KEY: string | undefined;
declare const SFERIC_RELEASE_URL: string | undefined;
const RELEASE_KEY = typeof SFERIC_RELEASE_KEY === 'undefined' ? undefined : SFERIC_RELEASE_KEY;
const RELEASE_URL = typeof SFERIC_RELEASE_URL === 'undefined' ? undefined : SFERIC_RELEASE_URL;

const FETCH_MS = 20_000;
const seenSchema = z.object({ sequence: z.int().min(0).catch(0), version: z.string().catch('0.0.0') });

export interface ReleasePort {
  /** What was seen last is kept here. */
  readonly file: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly key?: string | undefined;
  readonly url?: string | undefined;
  readonly fetchText?: (url: string) => Promise<string>;
  readonly ourVersion?: string;
}

/** At most so much as a manifest may have; only over https. */
async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS), redirect: 'follow', credentials: 'omit' });
  if (!answer.ok || !answer.url.startsWith('https://') || !answer.body) throw new Error(`the server answered ${answer.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body) {
    parts.push(part);
    size += part.length;
    if (size > MAX_MANIFEST_BYTES) throw new Error('the server sent too much');
  }
  return Buffer.concat(parts).toString('utf8');
}

function seenIn(file: string): z.infer<typeof seenSchema> {
  try {
    return seenSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { sequence: 0, version: '0.0.0' };
  }
}

/** Looks once, because a person asked to; tells, and does nothing else. */
export async function checkRelease({ file, log, nowMs, key = RELEASE_KEY, url = RELEASE_URL, fetchText: fetched = fetchText, ourVersion = VERSION }: ReleasePort): Promise<ShellAnswer<'shell.checkUpdate'>> {
  if (key === undefined || url === undefined) return { state: 'unavailable' };
  const seen = seenIn(file);
  let text: string;
  try {
    text = await fetched(url);
  } catch (error) {
    log.warn('the release manifest could not be fetched', { reason: String(error) });
    return { state: 'unreachable' };
  }
  const verdict = judgeManifest(text, { publicKey: key, channel: 'stable', ourVersion, lastSequence: seen.sequence, lastVersion: seen.version, nowMs: nowMs() });
  if (!verdict.ok) {
    log.warn('the release manifest is refused', { why: verdict.why });
    return { state: 'refused', why: verdict.why };
  }
  const { release, isNewer, isUrgent } = verdict;
  writeFileSync(`${file}.new`, JSON.stringify({ sequence: release.sequence, version: release.version }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return { state: isUrgent ? 'urgent' : isNewer ? 'newer' : 'current', version: release.version, dateMs: Date.parse(release.date) };
}
