/** It did not come in time. */
export class WaitedInVain extends Error {
  override readonly name = 'WaitedInVain';
}

/** Waiting for what the engines do by themselves. */
export class Waiting {
  readonly #watchers = new Set<() => void>();
  #isOver = false;

  /** Something may have changed. */
  stir(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOver = true;
    this.stir();
  }

  /** The first value that `look` gives; looks at every stir. Rejects when the time is over. */
  until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, timeoutMs = 30_000): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLooking = false;
      let isDue = false;
      const done = (end: () => void): void => {
        clearTimeout(timer);
        clearInterval(pulse);
        this.#watchers.delete(check);
        end();
      };
      const check = (): void => {
        isDue = true;
        if (!isLooking) void again();
      };
      const again = async (): Promise<void> => {
        isLooking = true;
        while (isDue) {
          isDue = false;
          if (this.#isOver) return done(() => reject(new Error('the playground ends')));
          try {
            const found = await look();
            if (found !== undefined) return done(() => resolve(found));
          } catch (error) {
            return done(() => reject(error instanceof Error ? error : new Error(String(error))));
          }
        }
        isLooking = false;
      };
      const timer = setTimeout(() => done(() => reject(new WaitedInVain(`waited in vain for ${what}`))), timeoutMs);
      // Not everything that counts has an event, the height of another engine for instance.
      const pulse = setInterval(check, 200);
      this.#watchers.add(check);
      check();
    });
  }
}
