import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';

/** How the launcher wants it, by the environment variable ELECTRON_STAND_IN. */
export interface StandInOptions {
  readonly userData?: string;
  /** Port of Chromium's debugging protocol, for a second client: the test. */
  readonly port?: number;
  readonly headed?: boolean;
  /** Name of the keychain that `safeStorage` pretends to have; `basic_text` is Electron's plain-text fallback. */
  readonly keychain?: string;
  /** A film in YUV4MPEG2 that a made-up camera shows. */
  readonly camera?: string;
  readonly argv?: readonly string[];
  readonly chromium: string;
}

const given = JSON.parse(process.env['ELECTRON_STAND_IN'] ?? '{}') as Partial<StandInOptions>;
export const options: StandInOptions = { chromium: 'chromium', ...given };
export const userData = options.userData ?? mkdtempSync(join(tmpdir(), 'electron-stand-in-'));

/** What left the program, or tried to. */
export const log = {
  external: [] as string[],
  /** Files and folders handed to the system. */
  opened: [] as string[],
  notifications: [] as { title: string; body: string }[],
  blocked: [] as string[],
  /** Complaints of the Content Security Policy, with the page's errors. */
  violations: [] as string[],
};

export const host: { context: BrowserContext | undefined; firstPage: Page | undefined } = { context: undefined, firstPage: undefined };

export const notEmulated = (name: string): never => {
  throw new Error(`stand-in: ${name} is not emulated`);
};

type SchemeHandler = (request: Request) => Response | Promise<Response>;
export const schemes = new Map<string, SchemeHandler>();

/** Chromium cannot be taught a scheme from outside, so `app://host` is `https://host.app.localhost` there: secure contexts both. */
export const toWeb = (url: string): string =>
  url.replace(/^([a-z][a-z0-9]*):\/\/([a-z0-9-]*)/i, (whole, scheme: string, name: string) => (schemes.has(scheme) ? `https://${name}.${scheme}.localhost` : whole));
export const toApp = (url: string): string =>
  url.replace(/^https:\/\/([a-z0-9-]*)\.([a-z][a-z0-9]*)\.localhost/i, (whole, name: string, scheme: string) => (schemes.has(scheme) ? `${scheme}://${name}` : whole));
