import { useEffect, useRef, useState } from 'react';
import { useI18n } from '../i18n/context.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Notice } from './notice.tsx';
import { type CameraFault, hasCamera, readFromCamera } from './qr-camera.ts';

interface CameraProps {
  readonly onRead: (text: string) => void;
  readonly onClose: () => void;
}

/** The camera is on as long as this is there, and not a moment longer. */
function LivePicture({ onRead, onFault, onClose }: CameraProps & { readonly onFault: (fault: CameraFault) => void }) {
  const { t } = useI18n();
  const video = useRef<HTMLVideoElement>(null);
  const latest = useRef({ onRead, onFault, onClose });
  useEffect(() => {
    latest.current = { onRead, onFault, onClose };
  });
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    const stopping = new AbortController();
    const read = async (): Promise<void> => {
      const outcome = await readFromCamera(element, stopping.signal);
      if (!outcome || stopping.signal.aborted) return;
      if ('text' in outcome) latest.current.onRead(outcome.text);
      else latest.current.onFault(outcome.fault);
    };
    /** Nobody looks at the window any more. */
    const hide = (): void => {
      if (document.visibilityState === 'hidden') latest.current.onClose();
    };
    document.addEventListener('visibilitychange', hide);
    void read();
    return () => {
      document.removeEventListener('visibilitychange', hide);
      stopping.abort();
    };
  }, []);
  return <video ref={video} className="camera" muted playsInline aria-label={t('camera.picture')} />;
}

function CameraDialog({ onRead, onClose }: CameraProps) {
  const { t } = useI18n();
  const [fault, setFault] = useState<CameraFault>();
  return (
    <Dialog
      title={t('camera.title')}
      isOpen
      onClose={onClose}
      actions={
        <>
          {fault && <Button onPress={() => setFault(undefined)}>{t('broken.again')}</Button>}
          <Button onPress={onClose}>{t('cancel')}</Button>
        </>
      }
    >
      {fault ? (
        <Notice kind="warning" live>
          {t(`camera.${fault}`)}
        </Notice>
      ) : (
        <>
          <LivePicture onRead={onRead} onFault={setFault} onClose={onClose} />
          <p className="small muted">{t('camera.hint')}</p>
        </>
      )}
    </Dialog>
  );
}

/** A button where there is a camera, and what it opens. */
export function CameraButton({ onRead }: { readonly onRead: (text: string) => void }) {
  const { t } = useI18n();
  const [isThere, setThere] = useState(false);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const look = (): void => void hasCamera().then(setThere);
    look();
    // Plugged in or pulled out meanwhile.
    navigator.mediaDevices?.addEventListener('devicechange', look);
    return () => navigator.mediaDevices?.removeEventListener('devicechange', look);
  }, []);
  const read = (text: string): void => {
    setOpen(false);
    onRead(text);
  };
  if (!isThere && !isOpen) return null;
  return (
    <>
      <Button icon="camera" onPress={() => setOpen(true)}>
        {t('anything.camera')}
      </Button>
      {isOpen && <CameraDialog onRead={read} onClose={() => setOpen(false)} />}
    </>
  );
}
