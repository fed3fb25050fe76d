import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { filmOf } from '../support/film.ts';
import { ask, createWallet, type Hands, handsOn, PASSWORD } from '../../build/desktop/hands.ts';
import type { RunningApp } from '../../build/electron-stand-in/launch.ts';
import { axeFaults, complaints, openStage, type Stage } from './support.ts';

/** Kept by the test in the page: every track that a camera gave, with its kind. */
interface Watched {
  tracks: MediaStreamTrack[];
}

describe('a QR code in front of the camera', () => {
  let stage: Stage;
  let app: RunningApp;
  let hands: Hands;
  let film: string;

  const tracks = (): Promise<readonly string[]> => hands.page.evaluate(() => (globalThis as unknown as Watched).tracks.map(({ kind, readyState }) => `${kind} ${readyState}`));
  const forgetTracks = (): Promise<void> => hands.page.evaluate(() => void (globalThis as unknown as Watched).tracks.splice(0));
  /** What the page would get if it asked by itself. */
  const attempt = (constraints: MediaStreamConstraints): Promise<string> =>
    hands.page.evaluate(
      (wanted) => navigator.mediaDevices.getUserMedia(wanted).then((stream) => stream.getTracks().map((track) => (track.stop(), track.kind)).join(), (error: Error) => error.name),
      constraints,
    ); // prettier-ignore
  const dialog = () => hands.page.getByRole('dialog', { name: 'Hold a QR code in front of the camera' });
  const open = async (): Promise<void> => {
    await forgetTracks();
    await hands.press('Camera');
    await dialog().waitFor();
  };
  const isFocusInside = (): Promise<boolean | undefined> => hands.page.evaluate(() => document.querySelector('[role=dialog]')?.contains(document.activeElement));
  const live = async (): Promise<void> => {
    await expect.poll(tracks).toEqual(['video live']);
  };

  beforeAll(async () => {
    stage = await openStage();
    film = join(stage.folder(), 'camera.y4m');
    writeFileSync(film, filmOf());
    app = await stage.open({ userData: stage.folder(), camera: film });
    hands = handsOn(app.page);
    await createWallet(hands);
    await hands.page.evaluate(() => {
      const page = globalThis as unknown as Watched;
      page.tracks = [];
      const devices = navigator.mediaDevices;
      const getUserMedia = devices.getUserMedia.bind(devices);
      devices.getUserMedia = async (constraints) => {
        const stream = await getUserMedia(constraints);
        page.tracks.push(...stream.getTracks());
        return stream;
      };
    });
  });
  afterEach(() => writeFileSync(film, filmOf()));
  afterAll(() => stage.end());

  test('without a yes of the shell nothing is seen or heard', async () => {
    expect(await attempt({ video: true })).toBe('NotAllowedError');
    expect(await attempt({ audio: true })).toBe('NotAllowedError');
  });

  test('it is off as soon as the dialog is cancelled, and what was given is taken back', async () => {
    await open();
    await live();
    expect(await attempt({ audio: true })).toBe('NotAllowedError');
    expect(await attempt({ audio: true, video: true })).toBe('NotAllowedError');
    await hands.press('Cancel');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(tracks).toEqual(['video ended']);
    await expect.poll(() => attempt({ video: true })).toBe('NotAllowedError');
  });

  test('a page cannot touch itself: without a hand at the window the shell refuses', async () => {
    // The last touch has been counted when the dialog was opened, its button since then not.
    await hands.press('Camera');
    await hands.press('Cancel');
    await ask(app.page, 'shell.camera', { isOn: true });
    await ask(app.page, 'shell.camera', { isOn: false });
    await hands.page.evaluate(() => document.querySelector('button')?.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true })));
    expect(await ask(app.page, 'shell.camera', { isOn: true })).toMatchObject({ ok: false, error: { code: 'not_confirmed' } });
    expect(await attempt({ video: true })).toBe('NotAllowedError');
  });

  test('the dialog is for everybody: names, contrast, focus inside and back', async () => {
    await open();
    await live();
    expect(await axeFaults(app)).toEqual([]);
    expect(await isFocusInside()).toBe(true);
    await hands.page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(() => hands.page.evaluate(() => document.activeElement?.textContent)).toBe('Camera');
    await expect.poll(tracks).toEqual(['video ended']);
  });

  test('it is off as soon as the window is locked', async () => {
    await open();
    await live();
    await ask(app.page, 'shell.lock');
    await hands.sees('Unlock your wallet');
    await expect.poll(tracks).toEqual(['video ended']);
    expect(await ask(app.page, 'shell.camera', { isOn: true })).toMatchObject({ ok: false, error: { code: 'locked' } });
    expect(await attempt({ video: true })).toBe('NotAllowedError');
    await hands.fill('Password', PASSWORD);
    await hands.press('Unlock');
    await hands.sees('You can pay over Lightning');
    expect(await attempt({ video: true })).toBe('NotAllowedError');
  });

  test('it is off as soon as the window is hidden or shows something else', async () => {
    await open();
    await live();
    await hands.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      Reflect.deleteProperty(document, 'visibilityState');
    });
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(tracks).toEqual(['video ended']);
    await open();
    await live();
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.send('sferic:event', 'shell.go', { screen: 'history' }));
    await expect.poll(tracks).toEqual(['video ended']);
    await hands.go('Home');
  });

  test.each([['NotFoundError', 'No camera was found'], ['NotAllowedError', 'The camera may not be used'], ['NotReadableError', 'in use by another program']])('%s is told in words, and can be tried again', async (name, words) => {
    await hands.page.evaluate((fault) => {
      const devices = navigator.mediaDevices;
      const { getUserMedia } = devices;
      devices.getUserMedia = () => {
        devices.getUserMedia = getUserMedia;
        return Promise.reject(new DOMException('', fault));
      };
    }, name);
    await open();
    await hands.sees(new RegExp(words, 'u'));
    expect(await axeFaults(app)).toEqual([]);
    await hands.press('Try again');
    await live();
    await expect.poll(isFocusInside).toBe(true);
    await hands.press('Cancel');
    await expect.poll(tracks).toEqual(['video ended']);
  }); // prettier-ignore

  test('an invoice is read, said, and looked at before it is paid; then the camera is off', async () => {
    const { invoice } = await stage.practice.neighbour.rpc.call('invoice.create', { amountMsat: 21_000_000n, description: 'seen by the camera' });
    writeFileSync(film, filmOf(`lightning:${invoice.toUpperCase()}`));
    await open();
    await hands.sees('Is this what you want to pay?');
    await hands.sees('seen by the camera');
    await dialog().waitFor({ state: 'detached' });
    expect(await tracks()).toEqual(['video ended']);
    await expect.poll(() => hands.page.getByRole('status').allTextContents()).toContain('A QR code was read. The camera is off.');
    expect(await attempt({ video: true })).toBe('NotAllowedError');
  });

  test('the page reported no fault, but that it may not hear anything', async () => {
    const heard = (text: string): boolean => text.includes('microphone is not allowed in this document');
    expect((await complaints(app)).filter((text) => !heard(text))).toEqual([]);
  });
});
