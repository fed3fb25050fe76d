import type { ReactNode } from 'react';
import { useI18n } from '../i18n/context.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icons.tsx';

/** What belongs here, and one way to get it. */
export function Empty({ icon, title, children, action }: { readonly icon: IconName; readonly title: string; readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} />
      <h3>{title}</h3>
      <p>{children}</p>
      {action}
    </div>
  );
}

/** The place of something that this version does not have. */
export function NotYet({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { t } = useI18n();
  return (
    <div className="not-yet">
      <div className="between">
        <h3>{title}</h3>
        <span className="tag">{t('notYet')}</span>
      </div>
      <p className="small muted">{children}</p>
    </div>
  );
}

export const Skeleton = () => (
  <div className="stack-tight skeleton-box" aria-hidden="true">
    <span className="skeleton w-50" />
    <span className="skeleton w-70" />
    <span className="skeleton w-30" />
  </div>
);
