import { useEffect, useState } from 'react';
import { request } from '../client/client.ts';
import { useI18n } from '../i18n/context.ts';
import { Button } from './button.tsx';

const SHOWN_MS = 2000;

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useI18n();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <>
      <Button icon={isCopied ? 'check' : 'copy'} onPress={() => void request('shell.copy', { text }).then(() => setCopied(true))}>
        {isCopied ? t('copied') : label}
      </Button>
      <span className="visually-hidden" role="status">
        {isCopied ? t('copied') : ''}
      </span>
    </>
  );
}
