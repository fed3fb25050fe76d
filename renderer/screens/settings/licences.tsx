import { useEffect, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { useI18n } from '../../i18n/context.ts';
import type { LicenceList } from './licence-list.ts';

/** Whose work is inside, and on which terms. */
export function LicencesDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useI18n();
  return (
    <Dialog wide title={t('licences.title')} isOpen={isOpen} onClose={onClose} actions={<Button onPress={onClose}>{t('close')}</Button>}>
      <Packages />
    </Dialog>
  );
}

function Packages() {
  const { t } = useI18n();
  const [list, setList] = useState<LicenceList>();
  useEffect(() => {
    // Some hundred kilobytes that hardly anybody reads.
    void import('./licence-list.ts').then(({ licences }) => setList(licences));
  }, []);
  if (!list) return <Skeleton />;
  if (list.packages.length === 0) return <p>{t('licences.none')}</p>;
  return (
    <>
      <p>{t('licences.text', { count: list.packages.length })}</p>
      <p className="small muted">{t('licences.browser')}</p>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <div className="scroll-list licences" tabIndex={0} role="region" aria-label={t('licences.title')}>
        <ul>
          {list.packages.map(({ name, version, licence, text }) => (
            <li key={`${name} ${version}`}>
              <details className="more">
                <summary>
                  <span className="code">{name}</span> <span className="faint">{version}</span> <span className="tag">{licence}</span>
                </summary>
                {text === undefined ? <p className="small muted">{t('licences.noText')}</p> : <pre className="licence-text">{list.texts[text]}</pre>}
              </details>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}
