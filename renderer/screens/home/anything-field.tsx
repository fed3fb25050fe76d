import { type ClipboardEvent, type DragEvent, type FormEvent, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CameraButton } from '../../components/camera-dialog.tsx';
import { Field } from '../../components/field.tsx';
import { readQr } from '../../components/qr-read.ts';
import { say } from '../../components/said.tsx';
import { useI18n } from '../../i18n/context.ts';
import type { MessageKey } from '../../i18n/en.ts';
import { type Recognised, recognise } from '../../state/recognise.ts';
import { type Route, useRoute } from '../../state/route.ts';

/** The screen for what was put in, or what to say instead. */
export function destinationOf(found: Recognised, input: string): { readonly route: Route } | { readonly message: MessageKey } | undefined {
  switch (found.kind) {
    case 'nothing':
      return undefined;
    case 'invoice':
    case 'address':
      return { route: { screen: 'pay', input: input.trim() } };
    case 'peer':
      return { route: { screen: 'channels', peer: found.peer } };
    case 'transaction':
      return { route: { screen: 'history', input: found.txid } };
    case 'later':
      return { message: `anything.later.${found.what}` };
    case 'seed':
      return { message: 'anything.seed' };
    case 'unknown':
      return { message: 'anything.unknown' };
    default:
      return found satisfies never;
  }
}

/** Takes anything by typing, paste, drop or a QR code: in front of the camera, or in a picture from a file or the clipboard. */
export function AnythingField() {
  const { t } = useI18n();
  const { go } = useRoute();
  const [text, setText] = useState('');
  const [message, setMessage] = useState<MessageKey>();
  const picker = useRef<HTMLInputElement>(null);
  const follow = (input: string): void => {
    const found = recognise(input);
    const destination = destinationOf(found, input);
    // Words of a seed do not stay in a field that anyone can read.
    setText(found.kind === 'seed' ? '' : input);
    if (destination && 'route' in destination) go(destination.route);
    else setMessage(destination?.message);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    follow(text);
  };
  const takePicture = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const found = await readQr(file);
    if (found === undefined) setMessage('anything.noQr');
    else follow(found);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) void takePicture(file);
    else follow(event.dataTransfer.getData('text/plain').slice(0, 10_000));
  };
  /** A picture of the screen, as its tool put it into the clipboard; text goes its usual way into the field. */
  const paste = (event: ClipboardEvent): void => {
    const picture = [...event.clipboardData.files].find(({ type }) => type.startsWith('image/'));
    if (!picture) return;
    event.preventDefault();
    void takePicture(picture);
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- dropping is one of five ways, typing the first
    <form className="anything" onSubmit={submit} onDragOver={(event) => event.preventDefault()} onDrop={drop} onPaste={paste}>
      <Field
        label={t('anything.label')}
        value={text}
        onChange={(value) => {
          setText(value);
          setMessage(undefined);
        }}
        placeholder={t('anything.placeholder')}
        {...(message ? { error: t(message) } : {})}
      />
      <div className="button-row">
        <Button submit isDisabled={text.trim() === ''}>
          {t('anything.go')}
        </Button>
        <Button icon="scan" onPress={() => picker.current?.click()}>
          {t('anything.qr')}
        </Button>
        <CameraButton
          onRead={(read) => {
            say(t('camera.read'));
            follow(read);
          }}
        />
      </div>
      <input ref={picker} type="file" accept="image/*" hidden aria-label={t('anything.qr')} onChange={({ target }) => void takePicture(target.files?.[0])} />
    </form>
  );
}
