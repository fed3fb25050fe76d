import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Channel } from './channel-tag.tsx';

interface CloseTogetherProps {
  readonly channel: Channel;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** What closing together with the peer would bring, shown before it is asked for. */
export function CloseTogether({ channel, isOpen, onClose, onConfirm }: CloseTogetherProps) {
  const { t } = useI18n();
  return (
    <Dialog
      title={t('close.together.title')}
      isOpen={isOpen}
      onClose={onClose}
      alert
      actions={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button
            look="primary"
            onPress={() => {
              onClose();
              onConfirm();
            }}
          >
            {t('close.together')}
          </Button>
        </>
      }
    >
      <p>{t('close.together.text')}</p>
      {isOpen && <Terms channelId={channel.channelId} />}
    </Dialog>
  );
}

function Terms({ channelId }: { readonly channelId: string }) {
  const { t } = useI18n();
  const { value, error } = useAnswer('channel.previewClose', { channelId }, ['channel.updated', 'chain.updated']);
  if (!value) return error ? <Problem error={error} /> : <Skeleton />;
  const { shareSat, feeSat, payer, backSat } = value;
  return (
    <>
      <dl className="facts sums">
        <dt>{t('close.together.share')}</dt>
        <dd>
          <Amount sat={shareSat} />
        </dd>
        {payer !== 'peer' && (
          <>
            <dt>{t('close.together.fee')}</dt>
            <dd>
              <Amount sat={-feeSat} />
            </dd>
          </>
        )}
        {shareSat - feeSat > backSat && (
          <>
            <dt>{t('preview.dust')}</dt>
            <dd>
              <Amount sat={backSat - (shareSat - feeSat)} />
            </dd>
          </>
        )}
        <dt>{t(payer === 'peer' ? 'preview.back' : 'close.together.back')}</dt>
        <dd className="strong lead">
          <Amount sat={backSat} />
        </dd>
      </dl>
      <p className="small muted">{t(`close.together.${payer}`)}</p>
    </>
  );
}
