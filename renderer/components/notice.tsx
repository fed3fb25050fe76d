import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';

type Kind = 'info' | 'success' | 'warning' | 'danger';
const ICON = { info: 'info', success: 'check', warning: 'warning', danger: 'warning' } as const;

interface NoticeProps {
  readonly kind?: Kind;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** Read out when it appears. */
  readonly live?: boolean;
  /** All in one line. */
  readonly line?: boolean;
}

export function Notice({ kind = 'info', title, children, action, live = false, line = false }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={live ? (kind === 'danger' ? 'alert' : 'status') : undefined}>
      <Icon name={ICON[kind]} />
      <div className={line ? 'notice-line' : 'stack-tight'}>
        {title && <p className="notice-title">{title}</p>}
        {children && <div className="small">{children}</div>}
      </div>
      {action}
    </div>
  );
}
