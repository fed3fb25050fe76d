import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { filmOf } from '../../support/film.ts';
import { readFromCamera } from '../../../renderer/components/qr-camera.ts';

const [WIDTH, HEIGHT] = [640, 480];
/** The first frame of a film as a canvas would give it. */
function pixelsOf(film: Uint8Array): Uint8ClampedArray {
  const start = film.indexOf(10) + 1 + 'FRAME\n'.length;
  const pixels = new Uint8ClampedArray(WIDTH * HEIGHT * 4).fill(255);
  for (let at = 0; at < WIDTH * HEIGHT; at++) pixels.fill(film[start + at] ?? 0, at * 4, at * 4 + 3);
  return pixels;
}

describe('the camera', () => {
  let asked: unknown[];
  let pixels: Uint8ClampedArray;
  let looks: number;
  let isStopped: boolean;
  let end: () => void;
  let open: (constraints: MediaStreamConstraints) => Promise<unknown>;
  let answer: object;
  let stopping: AbortController;
  const stream = {
    getTracks: () => [{
      stop: () => {
        isStopped = true;
      },
      addEventListener: (_name: string, listener: () => void) => (end = listener),
    }],
  }; // prettier-ignore
  const read = () => readFromCamera({ videoWidth: WIDTH, videoHeight: HEIGHT, srcObject: null, play: async () => undefined } as never, stopping.signal);

  beforeEach(() => {
    vi.useFakeTimers();
    [asked, looks, isStopped, answer, stopping, pixels] = [[], 0, false, { ok: true, value: {} }, new AbortController(), pixelsOf(filmOf())];
    open = async (constraints) => {
      asked.push(constraints.audio, typeof constraints.video);
      return stream;
    };
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: (constraints: MediaStreamConstraints) => open(constraints) } });
    vi.stubGlobal('window', {
      sferic: {
        request: async (method: string, { isOn }: { readonly isOn: boolean }) => {
          asked.push(`${method} ${isOn}`);
          return isOn ? answer : { ok: true, value: {} };
        },
      },
    }); // prettier-ignore
    vi.stubGlobal('OffscreenCanvas', class {
      getContext = () => ({
        drawImage: () => looks++,
        getImageData: () => ({ data: pixels }),
      });
    }); // prettier-ignore
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('is asked for at the shell first, never with sound, and given back after the first code', async () => {
    const outcome = read();
    await vi.advanceTimersByTimeAsync(1000);
    expect(isStopped).toBe(false);
    pixels = pixelsOf(filmOf('lightning:lnbc1'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await outcome).toEqual({ text: 'lightning:lnbc1' });
    expect(isStopped).toBe(true);
    expect(asked).toEqual(['shell.camera true', false, 'object', 'shell.camera false']);
  });

  test('is looked through at most eight times a second', async () => {
    const outcome = read();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(looks).toBeGreaterThan(60);
    expect(looks).toBeLessThanOrEqual(80);
    stopping.abort();
    expect(await outcome).toBeUndefined();
  });

  test('goes off after a minute without a code, and says so', async () => {
    const outcome = read();
    await vi.advanceTimersByTimeAsync(59_900);
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    expect(isStopped).toBe(true);
    expect(await outcome).toEqual({ fault: 'idle' });
  });

  test('goes off at once when it is told to, even while it was being opened', async () => {
    const running = read();
    await vi.advanceTimersByTimeAsync(500);
    stopping.abort();
    expect(isStopped).toBe(true);
    expect(await running).toBeUndefined();
    stopping = new AbortController();
    isStopped = false;
    const opening = Promise.withResolvers<unknown>();
    open = () => opening.promise;
    const late = read();
    await vi.advanceTimersByTimeAsync(500);
    stopping.abort();
    opening.resolve(stream);
    expect(await late).toBeUndefined();
    expect(isStopped).toBe(true);
  });

  test('is not opened at all without a yes of the shell', async () => {
    answer = { ok: false, error: { code: 'not_confirmed', message: 'No.' } };
    expect(await read()).toEqual({ fault: 'refused' });
    expect(asked).toEqual(['shell.camera true', 'shell.camera false']);
  });

  test('that is pulled out is told', async () => {
    const outcome = read();
    await vi.advanceTimersByTimeAsync(500);
    end();
    expect(await outcome).toEqual({ fault: 'none' });
  });

  test.each([['NotFoundError', 'none'], ['OverconstrainedError', 'none'], ['NotReadableError', 'busy'], ['AbortError', 'busy'], ['NotAllowedError', 'refused'], ['SecurityError', 'refused']])('%s means %s', async (name, fault) => {
    open = async () => {
      throw new DOMException('', name);
    };
    expect(await read()).toEqual({ fault });
  }); // prettier-ignore
});
