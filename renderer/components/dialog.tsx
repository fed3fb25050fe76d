import type { FormEvent, ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly actions: ReactNode;
  /** Asks before something that cannot be undone. */
  readonly alert?: boolean;
  readonly wide?: boolean;
  /** What is filled in here is sent by Enter and by the submit button among the actions. */
  readonly onSubmit?: () => void;
}

export function Dialog({ title, isOpen, onClose, children, actions, alert = false, wide = false, onSubmit }: DialogProps) {
  const inside = (
    <>
      <div className="dialog-body">
        <Heading slot="title" level={2}>
          {title}
        </Heading>
        {children}
      </div>
      <div className="dialog-foot">{actions}</div>
    </>
  );
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable={!alert}>
      <Modal className={wide ? 'dialog dialog-wide' : 'dialog'}>
        <AriaDialog role={alert ? 'alertdialog' : 'dialog'} className="dialog-frame">
          {onSubmit ? (
            <form
              onSubmit={(event: FormEvent) => {
                event.preventDefault();
                onSubmit();
              }}
            >
              {inside}
            </form>
          ) : (
            inside
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
