import type { ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Icon } from './icon.tsx';
import type { IconName } from './icons.tsx';

type Look = 'plain' | 'primary' | 'danger' | 'danger-solid' | 'quiet';

interface ButtonProps {
  readonly children: ReactNode;
  readonly onPress?: () => void;
  readonly look?: Look;
  readonly size?: 'small' | 'large';
  readonly icon?: IconName;
  readonly isDisabled?: boolean;
  /** Under way: stays focusable and says so. */
  readonly isBusy?: boolean;
  readonly submit?: boolean;
  readonly autoFocus?: boolean;
}

export function Button({ children, onPress, look = 'plain', size, icon, isDisabled = false, isBusy = false, submit = false, autoFocus = false }: ButtonProps) {
  // Under way it keeps the focus and takes no press; its words say what is going on.
  const className = ['button', isBusy ? 'is-busy' : '', look === 'plain' ? '' : `button-${look}`, size ? `button-${size}` : ''].filter(Boolean).join(' ');
  return (
    <AriaButton className={className} type={submit && !isBusy ? 'submit' : 'button'} isDisabled={isDisabled} autoFocus={autoFocus} {...(onPress && !isBusy ? { onPress } : {})}>
      {icon && <Icon name={icon} small />}
      <span>{children}</span>
    </AriaButton>
  );
}

export function IconButton({ label, icon, onPress }: { readonly label: string; readonly icon: IconName; readonly onPress: () => void }) {
  return (
    <AriaButton className="icon-button" aria-label={label} onPress={onPress}>
      <Icon name={icon} small />
    </AriaButton>
  );
}
