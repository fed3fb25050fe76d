import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { BACKUP_FILE_CHARACTERS } from '../../core/api.ts';
import { useI18n } from '../i18n/context.ts';
import type { MessageKey } from '../i18n/en.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';

interface BackupFilePickProps {
  readonly label: string;
  /** Given the text of the file; whether it is a backup the engine says. */
  readonly onFile: (text: string) => void;
  readonly children?: ReactNode;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
}

/** A backup file, picked or dropped; the page gets what is in it and never its path. */
export function BackupFilePick({ label, onFile, children, isBusy = false, isDisabled = false }: BackupFilePickProps) {
  const { t } = useI18n();
  const picker = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<MessageKey>();
  const take = async (file: File | undefined): Promise<void> => {
    setFault(undefined);
    if (!file || isBusy || isDisabled) return;
    if (file.size > BACKUP_FILE_CHARACTERS) return setFault('backupFile.tooLarge');
    const text = await file.text().then((read) => read.trim(), () => ''); // prettier-ignore
    if (text === '') setFault('backupFile.unreadable');
    else onFile(text);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- dropping is the second way, the button the first
    <div className="drop stack-tight" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      {children}
      <div className="button-row">
        <Button icon="search" isBusy={isBusy} isDisabled={isDisabled} onPress={() => picker.current?.click()}>
          {label}
        </Button>
      </div>
      {fault && (
        <p className="field-error" role="alert">
          <Icon name="warning" small />
          <span>{t(fault)}</span>
        </p>
      )}
      <input
        ref={picker}
        type="file"
        hidden
        aria-label={label}
        onChange={({ target }) => {
          void take(target.files?.[0]);
          // The same file may be picked again.
          target.value = '';
        }}
      />
    </div>
  );
}
