import { decodeQR } from 'qr/decode.js';
import { request } from '../client/client.ts';

/** Eight looks a second leave the page free in between. */
const LOOK_MS = 125;
const MAX_LOOK_MS = 50;
const MAX_SIDE = 640;
const MIN_SIDE = 320;
const GIVE_UP_MS = 60_000;

export type CameraFault = 'none' | 'refused' | 'busy' | 'idle';
export type CameraOutcome = { readonly text: string } | { readonly fault: CameraFault };

function faultOf(error: unknown): CameraFault {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      // Refused by the system, or by the main process.
      return 'refused';
  }
}

/** Looks at a frame of the video from time to time. */
function createLook(video: HTMLVideoElement): () => string | undefined {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let side = MAX_SIDE;
  return () => {
    const { videoWidth, videoHeight } = video;
    if (videoWidth === 0 || !context) return undefined;
    const startMs = performance.now();
    const scale = Math.min(1, side / Math.max(videoWidth, videoHeight));
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    // Setting a size empties the canvas, even to the same one.
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    try {
      context.drawImage(video, 0, 0, width, height);
      return decodeQR({ width, height, data: context.getImageData(0, 0, width, height).data });
    } catch {
      // None in this frame. A slow computer gets smaller ones.
      if (performance.now() - startMs > MAX_LOOK_MS) side = Math.max(MIN_SIDE, side * 0.75);
      return undefined;
    }
  };
}

/** The first code that is seen, or why there is none; rejects when `signal` says to stop. */
function firstCode(video: HTMLVideoElement, stream: MediaStream, signal: AbortSignal): Promise<CameraOutcome> {
  const look = createLook(video);
  return new Promise<CameraOutcome>((found, no) => {
    const startMs = performance.now();
    const timer = setInterval(() => {
      const text = look();
      if (text !== undefined && text !== '') done({ text });
      else if (performance.now() - startMs > GIVE_UP_MS) done({ fault: 'idle' });
    }, LOOK_MS);
    const done = (outcome: CameraOutcome): void => {
      clearInterval(timer);
      found(outcome);
    };
    // Pulled out, or taken away by the system.
    for (const track of stream.getTracks()) track.addEventListener('ended', () => done({ fault: 'none' }));
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      no(signal.reason);
    });
  });
}

/**
 * Shows the camera in `video` until a QR code is seen, a minute has passed or `signal` says to stop; the camera is off
 * when this has resolved, and at once when `signal` says so. Undefined: stopped.
 */
export async function readFromCamera(video: HTMLVideoElement, signal: AbortSignal): Promise<CameraOutcome | undefined> {
  let stream: MediaStream | undefined;
  const stop = (): void => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    // Another try may have put its own picture there.
    if (video.srcObject === stream) video.srcObject = null; // oxlint-disable-line no-param-reassign -- an element, not a value
  };
  signal.addEventListener('abort', stop);
  try {
    await request('shell.camera', { isOn: true });
    if (signal.aborted) return undefined;
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
    if (signal.aborted) return undefined;
    video.srcObject = stream; // oxlint-disable-line no-param-reassign -- as above
    await video.play();
    return await firstCode(video, stream, signal);
  } catch (error) {
    return signal.aborted ? undefined : { fault: faultOf(error) };
  } finally {
    stop();
    // A locked window refuses, and has taken it back already.
    void request('shell.camera', { isOn: false }).catch(() => undefined);
  }
}

/** Whether there is a camera to open; yes where that cannot be known before it is opened. */
export async function hasCamera(): Promise<boolean> {
  // Missing where the page is not in a secure context.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) return false;
  const found = await devices.enumerateDevices().catch(() => undefined);
  return found?.some(({ kind }) => kind === 'videoinput') ?? true;
}
