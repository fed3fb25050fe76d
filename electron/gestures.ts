import type { WebContents } from 'electron';

/** A page cannot make these: they come from the system, through the main process, on their way to the page. */
const HANDS: ReadonlySet<string> = new Set(['mouseDown', 'mouseUp', 'rawKeyDown', 'keyDown', 'touchStart', 'touchEnd', 'gestureTap']);
const FRESH_MS = 10_000;

export interface Gestures {
  readonly watch: (contents: Pick<WebContents, 'on'>) => void;
  /** Whether a hand touched the window just now. Each touch counts once. */
  readonly take: () => boolean;
}

export function createGestures(nowMs: () => number): Gestures {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    watch: (contents) => void contents.on('input-event', (_event, { type }) => {
      if (HANDS.has(type)) lastMs = nowMs();
    }),
    take: () => {
      const isFresh = nowMs() - lastMs <= FRESH_MS;
      lastMs = Number.NEGATIVE_INFINITY;
      return isFresh;
    },
  }; // prettier-ignore
}
