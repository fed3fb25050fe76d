import { type BrowserWindow, dialog } from 'electron';
import type { Say } from './texts/index.ts';

export interface Asked {
  readonly title: string;
  readonly lines: readonly string[];
  readonly yes: string;
  readonly no: string;
}

/**
 * A question of the main process in a dialog of the system: no page draws it, sees it or answers it. Whoever types on while
 * it appears says no.
 */
export async function askPerson(window: BrowserWindow | undefined, { title, lines, yes, no }: Asked): Promise<boolean> {
  if (!window || window.isDestroyed()) return false;
  const { response } = await dialog.showMessageBox(window, { type: 'question', title: 'Sferic', message: title, detail: lines.join('\n'), buttons: [yes, no], defaultId: 1, cancelId: 1, noLink: true });
  return response === 0;
}

/** With the line that says why the window itself does not ask. */
export const confirmIn = (window: BrowserWindow | undefined, say: Say, question: Omit<Asked, 'no'>): Promise<boolean> =>
  askPerson(window, { ...question, lines: [...question.lines, '', say('ask.why')], no: say('ask.no') });
