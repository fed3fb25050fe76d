import { useEffect, useRef } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { Screen } from '../core/api.ts';
import { request } from './client/client.ts';
import { IconButton } from './components/button.tsx';
import { Alarms } from './components/alarms.tsx';
import { Catcher } from './components/catcher.tsx';
import { Icon, Mark } from './components/icon.tsx';
import { Said } from './components/said.tsx';
import { StatusBar } from './components/status-bar.tsx';
import { useI18n } from './i18n/context.ts';
import { Backup } from './screens/backup.tsx';
import { Channels } from './screens/channels/channels.tsx';
import { History } from './screens/history/history.tsx';
import { Home } from './screens/home/home.tsx';
import { Pay } from './screens/pay/pay.tsx';
import { PlayBanner } from './screens/playground/banner.tsx';
import { Playground } from './screens/playground/playground.tsx';
import { Receive } from './screens/receive.tsx';
import { Settings } from './screens/settings/settings.tsx';
import { useRoute } from './state/route.ts';
import { useShell } from './state/shell.ts';

const RAIL: readonly Screen[] = ['home', 'pay', 'receive', 'channels', 'history', 'backup', 'playground'];

function RailItem({ screen }: { readonly screen: Screen }) {
  const { t } = useI18n();
  const { route, go } = useRoute();
  return (
    <AriaButton className="rail-item" aria-current={route.screen === screen ? 'page' : 'false'} onPress={() => go({ screen })}>
      <Icon name={screen} />
      <span>{t(`screen.${screen}`)}</span>
    </AriaButton>
  );
}

/** The rail, one screen and the status line. */
export function Frame() {
  const { t } = useI18n();
  const { route } = useRoute();
  const isPlaying = useShell().shell.playground === 'on';
  const main = useRef<HTMLElement>(null);
  const step = `${route.screen} ${route.visit ?? 0}`;
  useEffect(() => {
    if (step) main.current?.scrollTo(0, 0);
  }, [step]);
  return (
    <div className={isPlaying ? 'shell shell-play' : 'shell'}>
      <a className="skip button" href="#main">
        {t('skip')}
      </a>
      {isPlaying && <PlayBanner />}
      <nav className="rail" aria-label={t('rail')}>
        <span className="rail-mark">
          <Mark />
        </span>
        <ul>
          {RAIL.map((screen) => (
            <li key={screen}>
              <RailItem screen={screen} />
            </li>
          ))}
        </ul>
        <div className="rail-last">
          <RailItem screen="settings" />
          <IconButton label={t('lock.window')} icon="lock" onPress={() => void request('shell.lock', {})} />
        </div>
      </nav>
      <main id="main" className="main" tabIndex={-1} ref={main}>
        <Alarms />
        <Catcher key={step}>
          <CurrentScreen />
        </Catcher>
      </main>
      <StatusBar />
      <Said />
    </div>
  );
}

function CurrentScreen() {
  const { route } = useRoute();
  const key = route.visit ?? 0;
  switch (route.screen) {
    case 'home':
      return <Home />;
    case 'pay':
      return <Pay key={key} />;
    case 'receive':
      return <Receive key={key} />;
    case 'channels':
      return <Channels key={key} />;
    case 'history':
      return <History key={key} />;
    case 'backup':
      return <Backup key={key} />;
    case 'playground':
      return <Playground />;
    case 'settings':
      return <Settings />;
    default:
      return route.screen satisfies never;
  }
}
