import { createContext, useContext } from 'react';
import type { Answer, ShellAnswer } from '../../core/api.ts';

export interface Shell {
  readonly shell: ShellAnswer<'shell.state'>;
  readonly vault: Answer<'vault.status'> | undefined;
}
export const ShellContext = createContext<Shell | undefined>(undefined);

/** Settings of this computer and state of the wallet; only inside the app. */
export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error('bug: no shell context');
  return shell;
}
