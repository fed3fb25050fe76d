import { useEffect, useState } from 'react';
import { request } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Words } from '../../components/words.tsx';
import { useI18n } from '../../i18n/context.ts';

const SHOWN_SECONDS = 60;

/** Words on the screen for a minute at most, and not while somebody looks at another window. */
export function SecretWords({ mnemonic }: { readonly mnemonic: string }) {
  const { t } = useI18n();
  const [left, setLeft] = useState(SHOWN_SECONDS);
  const isShown = left > 0;
  useEffect(() => {
    void request('shell.protect', { isOn: true });
    const hide = (): void => setLeft(0);
    window.addEventListener('blur', hide);
    return () => {
      window.removeEventListener('blur', hide);
      void request('shell.protect', { isOn: false });
    };
  }, []);
  useEffect(() => {
    if (!isShown) return undefined;
    const timer = setInterval(() => setLeft((seconds) => Math.max(0, seconds - 1)), 1000);
    return () => clearInterval(timer);
  }, [isShown]);
  return (
    <div className="stack-tight">
      {isShown ? <Words mnemonic={mnemonic} /> : <Words mnemonic={mnemonic.replaceAll(/\S+/gu, '••••••')} />}
      <div className="between">
        <span className="small muted" role="status">
          {isShown ? t('words.hiddenIn', { seconds: left }) : t('words.hidden')}
        </span>
        <Button size="small" icon="eye" onPress={() => setLeft(isShown ? 0 : SHOWN_SECONDS)}>
          {isShown ? t('words.hide') : t('words.show')}
        </Button>
      </div>
    </div>
  );
}
