import type { Page } from 'playwright-core';
import { CONFIRMED_METHODS } from '../../core/api.ts';
import type { RunningApp } from '../electron-stand-in/launch.ts';
import type { Practice } from './practice.ts';

export const PASSWORD = 'a long password for practice 41';
const PATIENCE_MS = 30_000;

/** What a person does in the English window, by the names that a screen reader would hear. */
export interface Hands {
  readonly page: Page;
  readonly press: (name: string | RegExp) => Promise<void>;
  readonly fill: (label: string | RegExp, text: string) => Promise<void>;
  readonly sees: (text: string | RegExp) => Promise<void>;
  readonly go: (screen: string) => Promise<void>;
}

export function handsOn(page: Page): Hands {
  page.setDefaultTimeout(PATIENCE_MS);
  return {
    page,
    press: (name) => page.getByRole('button', { name, exact: typeof name === 'string' }).first().click(),
    fill: (label, text) => page.getByLabel(label, { exact: typeof label === 'string' }).first().fill(text),
    sees: (text) => page.getByText(text).first().waitFor(),
    go: (screen) => page.getByRole('navigation').getByRole('button', { name: screen, exact: true }).click(),
  };
}

interface Bridge {
  readonly sferic: { readonly request: (method: string, params: unknown, token?: string) => Promise<unknown> };
}
/** A request over the bridge and nothing around it. */
export const bridge = (page: Page, method: string, params: unknown = {}, token?: string): Promise<unknown> =>
  page.evaluate(([name, given, shown]) => (globalThis as unknown as Bridge).sferic.request(name, given, ...(shown === undefined ? [] : [shown])), [method, params, token] as const);

/** A request as the page itself would send it: what the main process has to ask about is put to it first. */
export async function ask(page: Page, method: string, params: unknown = {}): Promise<unknown> {
  if (!CONFIRMED_METHODS.some((name) => name === method)) return bridge(page, method, params);
  const confirmed = (await bridge(page, 'shell.confirm', { method, params })) as { readonly ok: boolean; readonly value: { readonly token: string } };
  return confirmed.ok ? bridge(page, method, params, confirmed.value.token) : confirmed;
}

/** The words on the screen, in order. */
export const wordsOn = (page: Page): Promise<string[]> => page.locator('ol.seed li .code').allTextContents();

/** Answers what the quiz asks. */
export async function passQuiz({ page, press }: Hands, words: readonly string[]): Promise<void> {
  for (const label of await page.locator('main label').allTextContents()) {
    const place = Number(/\d+/u.exec(label)?.[0]);
    await page.getByLabel(label, { exact: true }).fill(words[place - 1] ?? '');
  }
  await press('Check');
}

/** From the first screen to Home; the words that were shown. */
export async function createWallet(hands: Hands, password = PASSWORD): Promise<string[]> {
  const { page, press, fill, sees } = hands;
  await press(/^Create a wallet/u);
  await fill('Password', password);
  await fill('The same again', password);
  await press('Create the wallet');
  await sees('Write these 12 words on paper');
  const words = await wordsOn(page);
  await press('I have written them down');
  await passQuiz(hands, words);
  await sees('You can pay over Lightning');
  return words;
}

/** A receiving address, read from the screen as a person would copy it. */
export async function receivingAddress({ page, go }: Hands): Promise<string> {
  await go('Receive');
  await page.getByRole('radio', { name: 'On chain' }).check({ force: true });
  const groups = page.locator('.receive-cols .groups');
  await groups.waitFor();
  return (await groups.locator('b, span').allTextContents()).join('');
}

/** Coins from the practice network, until they can be spent. */
export async function receiveCoins(hands: Hands, practice: Practice, amountSat: bigint): Promise<void> {
  const address = await receivingAddress(hands);
  await practice.give(address, amountSat);
  await hands.go('Home');
  await hands.page.locator('.ledger tr', { hasText: 'On chain' }).locator('.amount', { hasNotText: /^0$/u }).first().waitFor();
}

/** A channel to the neighbour, until it can be used. */
export async function openChannel({ go, press, fill, sees }: Hands, practice: Practice, capacitySat: bigint): Promise<void> {
  await go('Channels');
  await press('Open a channel');
  await fill('Peer', practice.neighbour.address);
  await fill('How much', String(capacitySat));
  await press(/^Open the channel/u);
  await sees(/of \d+ confirmations/u);
  await practice.chain.mine(3);
  await sees('One channel is open');
}

/** Reads an invoice, looks at it, pays it, waits for the receipt. */
export async function payInvoice({ go, press, fill, sees }: Hands, invoice: string): Promise<void> {
  await go('Pay');
  await fill('Invoice or address', invoice);
  await press('Look at it');
  await press(/^Pay \d/u);
  await sees('Proof of payment');
}

/** An invoice of ours, read from the screen. */
export async function makeInvoice({ page, go, press, fill }: Hands, amountSat: bigint, description: string): Promise<string> {
  await go('Receive');
  await fill('Amount', String(amountSat));
  await fill('For what', description);
  await press('Make an invoice');
  const text = page.locator('.invoice-text');
  await text.waitFor();
  return ((await text.textContent()) ?? '').trim();
}

export async function setLook({ page }: RunningApp, look: { readonly theme?: 'light' | 'dark'; readonly language?: 'en' | 'zh-Hans' | 'zh-Hant' }): Promise<void> {
  await ask(page, 'shell.set', look);
  if (look.language) await page.waitForFunction((language) => document.documentElement.lang === language, look.language);
  if (look.theme) await page.waitForFunction((theme) => document.documentElement.dataset['theme'] === theme, look.theme);
}
