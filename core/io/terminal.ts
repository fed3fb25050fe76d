import { readFileSync, statSync } from 'node:fs';

const MAX_SECRET_BYTES = 8192;

/** The first line of a file that holds a password or words; `isPrivate` is false when other users may read it. Throws what node:fs throws. */
export function readSecretFile(path: string): { readonly secret: string; readonly isPrivate: boolean } {
  const { mode, size } = statSync(path);
  if (size > MAX_SECRET_BYTES) throw new RangeError(`${path} is too large for a password or words`);
  const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/u, 1);
  return { secret: line, isPrivate: process.platform === 'win32' || (mode & 0o077) === 0 };
}

export interface Keyboard {
  readonly isTTY?: boolean | undefined;
  readonly setRawMode?: (isRaw: boolean) => unknown;
  readonly on: (event: 'data', listener: (chunk: Buffer) => void) => unknown;
  readonly off: (event: 'data', listener: (chunk: Buffer) => void) => unknown;
  readonly resume: () => unknown;
  readonly pause: () => unknown;
}

/** One line from the terminal without showing it; undefined when there is no terminal or Ctrl-C was pressed. */
export function askSecret(question: string, keyboard: Keyboard = process.stdin, screen: { readonly write: (text: string) => unknown } = process.stderr): Promise<string | undefined> {
  const { setRawMode } = keyboard;
  if (!keyboard.isTTY || !setRawMode) return Promise.resolve(undefined);
  return new Promise((settle) => {
    const typed: string[] = [];
    const end = (answer: string | undefined): void => {
      keyboard.off('data', read);
      setRawMode.call(keyboard, false);
      keyboard.pause();
      screen.write('\n');
      settle(answer);
    };
    const decoder = new TextDecoder();
    const read = (chunk: Buffer): void => {
      for (const character of decoder.decode(chunk, { stream: true })) {
        if (character === '\r' || character === '\n') return end(typed.join(''));
        if (character === '\u0003' || character === '\u0004') return end(undefined);
        if (character === '\u007f' || character === '\b') typed.pop();
        else if (character >= ' ') typed.push(character);
      }
    };
    screen.write(`${question}: `);
    setRawMode.call(keyboard, true);
    keyboard.on('data', read);
    keyboard.resume();
  });
}
