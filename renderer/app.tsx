import { useCallback, useEffect, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import type { Answer, ShellAnswer } from '../core/api.ts';
import { request } from './client/client.ts';
import { Hatches } from './components/bar.tsx';
import { createI18n, I18nContext, languageOf } from './i18n/context.ts';
import { forgetAnswers } from './state/answers.ts';
import { type Route, RouteContext } from './state/route.ts';
import { ShellContext } from './state/shell.ts';
import { useEvent } from './state/use-event.ts';
import { AlarmContext, useAlarmBook } from './state/alarms.ts';
import { Frame } from './frame.tsx';
import { Unlock } from './screens/unlock.tsx';
import { Welcome } from './screens/welcome/welcome.tsx';

/** The system's colours, or those that the settings told the system to show us. */
function useTheme(): void {
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const apply = (): void => void (document.documentElement.dataset['theme'] = dark.matches ? 'dark' : 'light');
    apply();
    dark.addEventListener('change', apply);
    return () => dark.removeEventListener('change', apply);
  }, []);
}

export function App() {
  useTheme();
  const [shell, setShell] = useState<ShellAnswer<'shell.state'>>();
  /** Of which wallet: the own one or that of the playground. */
  const [known, setKnown] = useState<{ readonly isPlay: boolean; readonly vault: Answer<'vault.status'> | undefined }>();
  const isPlaying = shell?.playground === 'on';
  const vault = known?.isPlay === isPlaying ? known.vault : undefined;
  const [route, setRoute] = useState<Route>({ screen: 'home' });
  const go = useCallback((to: Route) => setRoute((from) => ({ ...to, visit: (from.visit ?? 0) + 1 })), []);
  /** The steps of making a wallet go on after it exists: words to write down, a quiz. */
  const [isMaking, setMaking] = useState(false);

  const look = useCallback(() => {
    const ask = async (): Promise<void> => {
      const state = await request('shell.state', {});
      setShell(state);
      // Without an engine nobody knows of a wallet; the screen that asks for a chain source comes first.
      setKnown({ isPlay: state.playground === 'on', vault: state.engine === 'running' ? await request('vault.status', {}) : undefined });
    };
    void ask();
  }, []);
  const alarmBook = useAlarmBook();
  const takeLink = useCallback(() => {
    void request('shell.takeLink', {}).then(
      ({ link }) => link !== undefined && go({ screen: 'pay', input: link }),
      () => undefined, // locked: the link waits until it is not
    );
  }, [go]);
  useEvent((name, data) => {
    if (name === 'shell.updated') {
      const state = data as ShellAnswer<'shell.state'>;
      setShell(state);
      // What was looked at before is nobody's business after.
      if (state.windowLocked) go({ screen: 'home' });
      const willPlay = state.playground === 'on';
      if (willPlay !== isPlaying) {
        // Another wallet: nothing that was asked before is about this one.
        forgetAnswers();
        go({ screen: willPlay ? 'playground' : 'home' });
      }
    }
    if (name === 'vault.updated') setKnown({ isPlay: isPlaying, vault: data as Answer<'vault.status'> });
    if (name === 'shell.go') go(data as Route);
    if (name === 'shell.linkWaiting') takeLink();
  });
  useEffect(() => {
    if (vault?.state === 'unlocked' && !shell?.windowLocked) takeLink();
    else forgetAnswers();
  }, [vault?.state, shell?.windowLocked, takeLink]);
  useEffect(look, [look, shell?.engine, shell?.network, isPlaying]);

  const language = shell ? (shell.language === 'system' ? languageOf(shell.systemLanguage) : shell.language) : 'en';
  const unit = shell?.unit ?? 'sat';
  const i18n = useMemo(() => createI18n(language, unit), [language, unit]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const routes = useMemo(() => ({ route, go }), [route, go]);
  const context = useMemo(() => shell && { shell, vault }, [shell, vault]);
  if (!context || (context.shell.engine === 'running' && !vault)) return null;
  const isOpen = vault?.state === 'unlocked' && !context.shell.windowLocked;
  const isLocked = context.shell.windowLocked || vault?.state === 'locked';
  return (
    <I18nContext value={i18n}>
      <I18nProvider locale={language}>
        <ShellContext value={context}>
          <RouteContext value={routes}>
            <AlarmContext value={alarmBook}>
              <Hatches />
              {isLocked ? <Unlock /> : isOpen && !isMaking ? <Frame /> : <Welcome onBusy={setMaking} onChanged={look} />}
            </AlarmContext>
          </RouteContext>
        </ShellContext>
      </I18nProvider>
    </I18nContext>
  );
}
