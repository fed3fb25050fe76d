import { Component, type ReactNode } from 'react';
import { useI18n } from '../i18n/context.ts';
import { Button } from './button.tsx';
import { Notice } from './notice.tsx';

function Broken({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useI18n();
  return (
    <Notice kind="danger" live title={t('broken')} action={<Button onPress={onRetry}>{t('broken.again')}</Button>}>
      <p>{t('broken.text')}</p>
    </Notice>
  );
}

/** A screen with a bug of ours leaves the rest of the window alive, and the engine never hears of it. */
export class Catcher extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };
  static getDerivedStateFromError = (): { readonly isBroken: boolean } => ({ isBroken: true });
  override render(): ReactNode {
    return this.state.isBroken ? <Broken onRetry={() => this.setState({ isBroken: false })} /> : this.props.children;
  }
}
