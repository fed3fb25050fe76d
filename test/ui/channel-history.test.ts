import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type Method, methods, type ParamsIn } from '../../core/api.ts';
import { ask, handsOn, type Hands } from '../../build/desktop/hands.ts';
import { walk } from '../../build/desktop/walk.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { axeFaults, complaints, openStage, type Stage } from './support.ts';

const THIN = '\u2009';
/** As the screens group digits. */
const grouped = (amount: bigint | number): string => String(amount).replaceAll(/\B(?=(\d{3})+$)/gu, THIN);

/** One channel's life as its owner sees it, in order: each test begins where the one before ended. */
describe('what a channel did, and what closing it by force would do', () => {
  let stage: Stage;
  let folder: string;
  let app: RunningApp;
  let hands: Hands;
  let channel: Answer<'channel.get'>;

  /** A request over the page's own bridge, decoded. */
  async function engine<M extends Method>(method: M, params: ParamsIn<M>): Promise<Answer<M>> {
    const wire = JSON.parse(JSON.stringify(params, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))) as unknown;
    const reply = (await ask(hands.page, method, wire)) as { ok: boolean; value: unknown };
    if (!reply.ok) throw new Error(JSON.stringify(reply));
    return methods[method].result.decode(reply.value as never) as Answer<M>;
  }
  /** The channel as it is once no revocation is under way. */
  const look = async (): Promise<void> => {
    const isAtRest = async (): Promise<boolean> => {
      channel = (await engine('channel.list', { includeClosed: true }))[0]!;
      return channel.pendingHtlcs === 0 && channel.localCommitmentNumber === channel.remoteCommitmentNumber;
    };
    await vi.waitUntil(isAtRest, { timeout: 10_000 });
  };
  const pay = async (sat: bigint, description: string): Promise<Answer<'payment.get'>> => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: sat * 1000n, description });
    return engine('payment.send', { invoice, timeoutMs: 20_000 });
  };
  const timeline = async (): Promise<void> => {
    await hands.go('Channels');
    await hands.page.getByRole('main').getByRole('button', { name: 'History' }).click();
    await hands.page.getByRole('table', { name: 'Every state' }).waitFor();
  };
  const row = (number: number) => hands.page.getByRole('row').filter({ has: hands.page.getByRole('button', { name: `State ${number}`, exact: true }) });
  /** Whatever is saved next goes to this file; what was written there is its answer. */
  async function saved(name: string, press: () => Promise<void>, isDone: (text: string) => boolean): Promise<string> {
    const path = join(folder, name);
    await app.evaluate(({ dialog }, filePath) => void Object.assign(dialog, { showSaveDialog: async () => ({ canceled: false, filePath }) }), path);
    await press();
    const read = (): string => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return '';
      }
    };
    await expect.poll(() => isDone(read()), { timeout: 10_000 }).toBe(true);
    return read();
  }

  beforeAll(async () => {
    stage = await openStage();
    folder = stage.folder();
    app = await stage.open({ userData: folder });
    hands = handsOn(app.page);
    await walk(app, stage.practice);
    for (const [sat, description] of [[1_234n, 'bread'], [777n, 'salt'], [50_000n, 'a lamp']] as const) expect(await pay(sat, description)).toMatchObject({ state: 'succeeded' });
    await look();
  });
  afterAll(() => stage.end());

  test('every state is there, with balances that add up and the payments that made it', async () => {
    const { page } = hands;
    await timeline();
    const { states, newestOurs, newestTheirs } = await engine('channel.states', { channelId: channel.channelId, from: 0 });
    expect([newestOurs, newestTheirs]).toEqual([channel.localCommitmentNumber, channel.remoteCommitmentNumber]);
    expect(states.map(({ number }) => number)).toEqual(Array.from({ length: newestOurs + 1 }, (_, number) => number));
    for (const { number, ours, theirs } of states) {
      const inFlight = ours!.changes.reduce((sum, { amountMsat, change }) => (change === 'added' ? sum + amountMsat : sum), 0n);
      expect(ours!.ourMsat + ours!.theirMsat + inFlight).toBe(2_000_000_000n);
      expect([ours!.revokedAtMs !== undefined, theirs!.revokedAtMs !== undefined]).toEqual([number < newestOurs, number < newestTheirs]);
    }
    const changes = states.flatMap(({ ours }) => ours!.changes.map(({ direction, id, change }) => `${direction} ${id} ${change}`));
    expect(changes).toEqual([0, 1].flatMap((id) => [`offered ${id} added`, `offered ${id} fulfilled`]).concat(['received 0 added', 'received 0 fulfilled'], [2, 3, 4].flatMap((id) => [`offered ${id} added`, `offered ${id} fulfilled`])));

    await row(newestOurs).waitFor();
    expect(await row(newestOurs).innerText()).toContain(grouped(channel.ourMsat / 1000n));
    expect(await row(newestOurs).getByRole('img', { name: 'could be published' }).count()).toBe(2);
    expect(await row(newestOurs - 1).getByRole('img', { name: 'revoked' }).count()).toBe(2);
    expect(await row(1).innerText()).toContain('Out #0 added');
    await page.getByText('Oldest first').click();
    expect(await page.getByRole('row').nth(1).innerText()).toMatch(/^0\s/u);
  });

  test('a new payment adds its states while somebody looks', async () => {
    await hands.page.getByText('Newest first').click();
    await pay(4_321n, 'a stamp');
    await row(channel.localCommitmentNumber + 2).getByText('Out #5 settled').waitFor();
    await look();
  });

  test('a state by its number: who signed and revoked it, when, and what publishing it would mean', async () => {
    const { page, fill, sees } = hands;
    await fill('Go to state', '3');
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await page.getByRole('heading', { name: 'State 3', exact: true }).waitFor();
    for (const text of ['Signed by the peer', 'Revoked by you', 'Signed by you', 'Revoked by the peer', /had you published it, the peer could take everything/u, /if the peer published it, all of the channel would be yours/u, /State 3 follows from place/u]) await sees(text);
    await fill('Go to state', '999999');
    await page.getByRole('button', { name: 'Go', exact: true }).click();
    await page.getByRole('heading', { name: `State ${channel.localCommitmentNumber}`, exact: true }).waitFor();
  });

  test('the table stays in sight while the side is read; the wheel over it moves the page on', async () => {
    const { page } = hands;
    await timeline();
    const table = page.getByRole('region', { name: 'States, one a row' });
    const scroll = (): Promise<{ readonly top: number; readonly most: number }> => page.locator('#main').evaluate((main) => ({ top: main.scrollTop, most: main.scrollHeight - main.clientHeight }));
    for (const size of [{ width: 1280, height: 800 }, { width: 900, height: 600 }]) {
      await page.setViewportSize(size);
      await page.locator('#main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
      const { top, most } = await scroll();
      expect(most, `${size.width}: there is something to scroll`).toBeGreaterThan(100);
      expect(top).toBeGreaterThan(100);
      const box = await table.boundingBox();
      expect(box?.y, `${size.width}`).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0), `${size.width}`).toBeLessThanOrEqual(size.height - 28);
      // One bar for the screen, one for the table, and none beside them.
      expect(await page.locator('.timeline-side').evaluate((side) => getComputedStyle(side).overflowY)).toBe('visible');
      await page.locator('#main').evaluate((main) => main.scrollTo(0, 0));
      const start = await table.boundingBox();
      await page.mouse.move((start?.x ?? 0) + 40, (start?.y ?? 0) + 60);
      // First to its own end, then with the page.
      for (let turn = 0; turn < 20 && (await scroll()).top === 0; turn++) {
        await page.mouse.wheel(0, 600);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      await expect.poll(async () => (await scroll()).top, { message: `${size.width}: the wheel is not caught` }).toBeGreaterThan(0);
    }
    await page.setViewportSize({ width: 640, height: 400 });
    for (const name of ['Home', 'Settings', 'Lock the window']) {
      const box = await page.getByRole('navigation').getByRole('button', { name, exact: true }).boundingBox();
      expect((box?.y ?? 999) + (box?.height ?? 0), `${name}, at twice the size`).toBeLessThanOrEqual(372);
    }
    const cut = await page.locator('.states-head .state').evaluate((head) => [...head.children].filter((cell) => cell.getBoundingClientRect().width > 0 && cell.getBoundingClientRect().right > (head.parentElement?.getBoundingClientRect().right ?? 0)).length);
    expect(cut, 'columns that are cut off').toBe(0);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('by keyboard from state to state, and at twice the size nothing is cut off sideways', async () => {
    const { page, go } = hands;
    await row(5).getByRole('button').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'State 3', exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('State 3');
    await page.setViewportSize({ width: 640, height: 400 });
    for (const open of [async () => undefined, () => go('History')]) {
      await open();
      await page.locator('main h1').waitFor();
      expect(await page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, (document.querySelector('main')?.scrollWidth ?? 0) - (document.querySelector('main')?.clientWidth ?? 0)))).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await timeline();
  });

  test('the journal goes page by page in both orders', async () => {
    const { channelId } = channel;
    const all = await engine('channel.history', { channelId, limit: 1000 });
    for (const order of ['oldest', 'newest'] as const) {
      const pages: Answer<'channel.history'> = [];
      for (let after: number | undefined; ; after = pages.at(-1)?.sequence) {
        const page = await engine('channel.history', { channelId, limit: 7, order, ...(after === undefined ? {} : { afterSequence: after }) });
        if (page.length === 0) break;
        pages.push(...page);
      }
      expect(pages).toEqual(order === 'oldest' ? all : all.toReversed());
    }
  });

  test('the tree says which secrets are there and never one of them', async () => {
    const revocations = await engine('channel.revocations', { channelId: channel.channelId });
    expect(revocations.revokedStates).toBe(channel.remoteCommitmentNumber);
    expect(JSON.stringify(revocations)).not.toMatch(/[0-9a-f]{20}/u);
    const reached = new Set(revocations.slots.flatMap(({ firstState, lastState }) => Array.from({ length: lastState - firstState + 1 }, (_, index) => firstState + index)));
    expect([...reached].sort((a, b) => a - b)).toEqual(Array.from({ length: revocations.revokedStates }, (_, state) => state));
    await hands.sees(`${revocations.slots.length} of 49 places`);
  });

  test('what each side could publish is what the engine has worked out', async () => {
    const { previews: [ours] } = await engine('channel.previewForceClose', { channelId: channel.channelId });
    await hands.sees(`You: state ${channel.localCommitmentNumber}`);
    await hands.page.getByRole('listitem').filter({ hasText: 'You: state' }).getByText(grouped(ours!.summary.backSat[1])).waitFor();
    await hands.sees(`The peer, cheating: states 0 to ${channel.remoteCommitmentNumber - 1}`);
    await hands.sees(/no watchtower watches when this wallet is off/u);
  }); // prettier-ignore

  test('evidence is saved as one JSON file with all states, and no secret is in it', async () => {
    const { press, page } = hands;
    const payments = await engine('payment.list', { limit: 100 });
    const preimages = payments.flatMap(({ paymentPreimage }) => paymentPreimage ?? []);
    expect(preimages.length).toBeGreaterThan(5);
    const { nodeId } = await engine('node.info', {});
    await press(/^Save evidence/u);
    const redacted = await saved('redacted.json', () => press('Save the file'), (text) => text.endsWith(']}\n'));
    await press(/^Save evidence/u);
    await page.getByText('Leave out node ids and payment hashes').click();
    const whole = await saved('whole.json', () => press('Save the file'), (text) => text.endsWith(']}\n'));

    const evidence = JSON.parse(whole) as { journal: { kind: string }[]; publishable: { txid: string }[]; channel: { channelId: string; fundingTxid: string } };
    expect(evidence.journal).toHaveLength((await engine('channel.history', { channelId: channel.channelId, limit: 1000 })).length);
    const { previews: [ours] } = await engine('channel.previewForceClose', { channelId: channel.channelId });
    expect(evidence.publishable.map(({ txid }) => txid)).toContain(ours!.transactions[0]!.txid);
    // Whatever is as long as a key or a secret is a name that anybody may know.
    const names = new Set([channel.channelId, channel.fundingTxid, ...evidence.publishable.map(({ txid }) => txid), ...payments.map(({ paymentHash }) => paymentHash)]);
    expect([...whole.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gu)].map(([text]) => text).filter((text) => !names.has(text))).toEqual([]);
    expect([...new Set([...whole.matchAll(/[0-9a-f]{65,}/gu)].map(([text]) => text))].sort()).toEqual([channel.peerNodeId, nodeId!].sort());
    expect(preimages.filter((preimage) => whole.includes(preimage))).toEqual([]);
    expect([channel.peerNodeId, nodeId!, ...payments.map(({ paymentHash }) => paymentHash)].filter((text) => redacted.includes(text))).toEqual([]);
  }); // prettier-ignore

  test('the ledger: everything in one order, by kind, by search, with names of one’s own', async () => {
    const { page, go, fill, press, sees } = hands;
    await go('History');
    const list = page.getByRole('region', { name: 'Entries, newest first' });
    await list.getByText('a stamp').waitFor();
    await page.getByText('Channels', { exact: true }).last().click();
    await list.getByText('Channel opened').waitFor();
    expect(await list.getByRole('listitem').count()).toBe(1);
    await page.getByText('Everything', { exact: true }).click();
    await fill('Search', 'LAMP');
    await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
    await list.getByRole('button').click();
    await sees(/^Begun: 50/u);
    await sees(/^All arrived: 50/u);
    await fill('Your name for it', '=HYPERLINK("x")');
    await press('Save');
    await sees('Saved');
    await fill('Search', 'hyperlink');
    await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
    await fill('Search', 'nothing is called so');
    await sees('Nothing found');
    // A whole hash is looked up, wherever it stands.
    await fill('Search', (await engine('payment.list', { limit: 1000 })).at(-1)!.paymentHash);
    await list.getByText('a book').waitFor();
    await fill('Search', channel.fundingTxid);
    await list.getByText('Channel opened').waitFor();
    await fill('Search', '');
    await list.getByText('a stamp').waitFor();
    const csv = await saved('activity.csv', () => press('Save as table'), (text) => text.includes('channel_open'));
    const lines = csv.trim().split('\r\n');
    expect(lines).toHaveLength(1 + (await engine('payment.list', { limit: 1000 })).length + (await engine('wallet.transactions', {})).length);
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`);
    await engine('wallet.label', { txid: channel.fundingTxid, label: 'my channel' });
    const labels = await saved('labels.jsonl', () => press('Save labels'), (text) => text !== '');
    expect(labels.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([{ type: 'tx', ref: channel.fundingTxid, label: 'my channel' }]);
  }); // prettier-ignore

  test('the ledger page by page is the same as all at once, whatever the length of a page', async () => {
    const { entries: all, next } = await engine('activity.list', { limit: 200 });
    expect(next).toBeUndefined();
    // Invoices and blocks know the second only.
    const seconds = all.map(({ timeMs }) => Math.floor((timeMs ?? Infinity) / 1000));
    expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
    for (const limit of [1, 3, 7]) {
      const pages: unknown[] = [];
      for (let after: string | undefined; ; ) {
        const page: Answer<'activity.list'> = await engine('activity.list', { limit, ...(after === undefined ? {} : { after }) });
        pages.push(...page.entries);
        if (page.next === undefined) break;
        after = page.next;
      }
      expect(pages).toEqual(all);
    }
  });

  test('all of it for everybody', async () => {
    const { go, press, page } = hands;
    await go('History');
    await page.getByRole('region', { name: 'Entries, newest first' }).getByText('a stamp').waitFor();
    expect(await axeFaults(app)).toEqual([]);
    await timeline();
    await row(4).getByRole('button').click();
    await hands.sees('Revoked by the peer');
    await page.getByText('What each place holds').click();
    expect(await axeFaults(app)).toEqual([]);
    await press(/^Save evidence/u);
    expect(await axeFaults(app)).toEqual([]);
    await press('Cancel');
    await go('Channels');
    await press(/^Close by force/u);
    await hands.sees('Comes back to you');
    expect(await axeFaults(app)).toEqual([]);
    await press('Keep it open');
    await press('Close together');
    await hands.sees('Comes back to you, about');
    expect(await axeFaults(app)).toEqual([]);
    await press('Cancel');
  });

  test('the preview of a forced close is shown first, and what then happens on chain fits it to the satoshi', async () => {
    const { page, go, press, sees } = hands;
    const { previews: [preview], feeratesSatPerVb } = await engine('channel.previewForceClose', { channelId: channel.channelId });
    expect(new Set(feeratesSatPerVb).size).toBe(1);
    await go('Channels');
    await press(/^Close by force/u);
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText(grouped(preview!.summary.backSat[1])).first().waitFor();
    expect(await dialog.getByRole('row').count()).toBe(1 + preview!.transactions.length);
    expect(await dialog.getByRole('button', { name: 'Close by force' }).isDisabled()).toBe(true);
    await dialog.getByText('I have seen what comes back and when').click();
    await dialog.getByRole('button', { name: 'Close by force' }).click();

    await sees('It waits for a block');
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(1);
    await sees(/1 of 6 blocks deep/u);
    await sees(`You closed it. Your state ${channel.localCommitmentNumber} is what was published.`);
    const begun = await engine('channel.closing', { channelId: channel.channelId });
    expect(begun.transaction).toMatchObject({ txid: preview!.transactions[0]!.txid, spendClass: 'local', commitmentNumber: channel.localCommitmentNumber });
    const sweep = preview!.transactions.find(({ label }) => label === 'sweep')!;
    expect(begun.outputs.find(({ kind }) => kind === 'balance')).toMatchObject({ earliestHeight: sweep.confirmableAtHeight, amountSat: sweep.valueSat });
    await sees(`can be taken from block ${grouped(sweep.confirmableAtHeight)} on`);

    // By then the peer's share and ours are the only ones in the way: each is taken in a block of its own.
    await stage.practice.chain.mine(channel.ourDelayBlocks);
    await stage.practice.chain.untilMempool(1);
    await stage.practice.chain.mine(1);
    await sees(/came to your wallet in block/u);
    expect((await engine('channel.closing', { channelId: channel.channelId })).backSat).toBe(preview!.summary.backSat[1]);
    await stage.practice.chain.mine(100);
    await sees(/Came back in all: .*Nothing can change any more\./u);
    await look();
    expect(channel.state).toBe('closed');
    // However deep a transaction lies, it keeps its place in time.
    const { entries } = await engine('activity.list', { limit: 200 });
    const seconds = entries.map(({ timeMs }) => Math.floor((timeMs ?? Number.NaN) / 1000));
    expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
    expect(await axeFaults(app)).toEqual([]);
    await timeline();
    await page.getByText('You closed it.', { exact: true }).waitFor();
    await row(channel.localCommitmentNumber).getByRole('img', { name: 'published', exact: true }).waitFor();
    await row(channel.localCommitmentNumber).getByRole('img', { name: 'can no longer be published' }).waitFor();
    await sees('Nothing more: the channel is closed on chain, for good.');
    await sees(`your state ${channel.localCommitmentNumber}`);
    // What was swept is no income.
    const swept = (await engine('wallet.transactions', {})).filter(({ kind }) => kind === 'channel_close');
    expect(swept.map(({ netSat }) => netSat)).toEqual([preview!.summary.backSat[1]]);
  }); // prettier-ignore

  test('the page reported no fault', async () => {
    expect(await complaints(app)).toEqual([]);
  });
});
