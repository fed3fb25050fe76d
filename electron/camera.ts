/** A touch is at most ten seconds old when it is counted, so the page may open the camera for thirty seconds after it. */
const GIVEN_MS = 20_000;

interface CameraPort {
  readonly takeGesture: () => boolean;
  readonly isLocked: () => boolean;
  readonly nowMs: () => number;
}

/** When the page may open the camera: after a touch of the window, soon, and never while it is locked. */
export interface Camera {
  /** False without a fresh touch: nothing is given. */
  readonly give: () => boolean;
  readonly takeBack: () => void;
  readonly isGiven: () => boolean;
}

export function createCamera({ takeGesture, isLocked, nowMs }: CameraPort): Camera {
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    give: () => {
      if (isLocked() || !takeGesture()) return false;
      untilMs = nowMs() + GIVEN_MS;
      return true;
    },
    takeBack: () => {
      untilMs = Number.NEGATIVE_INFINITY;
    },
    isGiven: () => !isLocked() && nowMs() <= untilMs,
  };
}
