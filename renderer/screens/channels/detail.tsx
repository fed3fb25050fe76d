import { useState } from 'react';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Identifier, shortId } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { groups } from '../../format/amounts.ts';
import { isBeyondUs } from '../../format/parts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useRoute } from '../../state/route.ts';
import { type Channel, ChannelTag } from './channel-tag.tsx';
import { CloseTogether } from './close-together.tsx';
import { ClosingStages } from './closing-stages.tsx';
import { ForceClose } from './force-close.tsx';
import { shareOf } from './parts.ts';
import { ShareInDetail, useClosing } from './share.tsx';

const IS_ENDING: ReadonlySet<Channel['state']> = new Set(['negotiating', 'failing', 'closing', 'closed']);

function Facts({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  return (
    <dl className="facts">
      <dt>{t('channel.peer')}</dt>
      <dd>
        <Identifier text={channel.peerNodeId} />
      </dd>
      {channel.state === 'normal' && (
        <>
          <dt>{t('channel.youCanSend')}</dt>
          <dd>
            <Amount msat={channel.sendableMsat} exact />
            {channel.sendLimit !== 'none' && <span className="faint"> · {t(`limit.${channel.sendLimit}`)}</span>}
          </dd>
          <dt>{t('channel.youCanReceive')}</dt>
          <dd>
            <Amount msat={channel.receivableMsat} exact />
          </dd>
        </>
      )}
      {!IS_ENDING.has(channel.state) && !isBeyondUs(channel) && (
        <>
          <dt>{t('channel.reserve')}</dt>
          <dd>
            <Amount sat={channel.ourReserveSat} /> <span className="faint">· {t('channel.reserve.text')}</span>
          </dd>
        </>
      )}
      <dt>{t('channel.kind')}</dt>
      <dd>
        {t(`channelType.${channel.channelType}`)} · {t(channel.isOpener ? 'channel.byYou' : 'channel.byPeer')}
        {channel.shortChannelId && <span className="faint nowrap">
            {' · '}
            <span className="code">{channel.shortChannelId}</span>
          </span>}
      </dd>
      <dt>{t('channel.delays')}</dt>
      <dd>{t('channel.delays.value', { ours: groups(BigInt(channel.ourDelayBlocks)), theirs: groups(BigInt(channel.theirDelayBlocks)) })}</dd>
      {!isBeyondUs(channel) && (
        <>
          <dt>{t('channel.states')}</dt>
          <dd>{t('channel.states.value', { number: groups(BigInt(channel.localCommitmentNumber)) })}</dd>
        </>
      )}
      <dt>{t('channel.funding')}</dt>
      <dd className="code">
        {shortId(channel.fundingTxid)}:{channel.fundingVout}
      </dd>
      {channel.closingTxid && (
        <>
          <dt>{t('channel.closingTx')}</dt>
          <dd className="code">{shortId(channel.closingTxid)}</dd>
        </>
      )}
    </dl>
  );
}

/** One channel: its two sides, its limits, and the two ways to close it. */
export function ChannelDetail({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  const { go } = useRoute();
  const [isAsking, setAsking] = useState<'close' | 'force'>();
  const close = useAction('channel.close');
  const force = useAction('channel.forceClose');
  const canClose = channel.state === 'normal';
  const canForce = ['normal', 'shutting_down', 'negotiating'].includes(channel.state);
  const end = (): void => setAsking(undefined);
  // Asked for in every state: a dialog that is open must outlive the moment in which the channel begins to end.
  const closing = useClosing(channel);
  const share = shareOf(channel, closing);
  /** Its notice says already that the split is not known. */
  const isAsked = channel.isRestored === true && channel.state === 'fallen_behind';
  return (
    <section className="card" aria-label={t('channel.detail')}>
      <div className="card-head">
        <h2 className="code">{shortId(channel.peerNodeId)}</h2>
        <ChannelTag channel={channel} isBack={channel.state === 'closing' && share.kind === 'back' && share.isAll} />
      </div>
      <div className="card-body stack">
        {isAsked && (
          <Notice title={t('channel.restored')}>
            <p>{t('channel.restored.text')}</p>
            {!channel.live && <p>{t('channel.restored.away')}</p>}
          </Notice>
        )}
        {!isAsked && <ShareInDetail channel={channel} share={share} />}
        {channel.state === 'opening' && (
          <Notice title={t('channel.confirmations', { have: channel.confirmations, need: channel.confirmationsNeeded })}>
            <p>{t('channel.opening.text')}</p>
          </Notice>
        )}
        {channel.state === 'normal' && !channel.live && (
          <Notice kind="warning" title={t('channel.away')}>
            <p>{t('channel.offline.text')}</p>
          </Notice>
        )}
        {IS_ENDING.has(channel.state) && <ClosingStages channel={channel} closing={closing} />}
        <Facts channel={channel} />
        <Problem error={close.error ?? force.error} />
      </div>
      <div className="card-foot">
        <Button icon="history" onPress={() => go({ screen: 'history', channelId: channel.channelId })}>
          {t('channel.history')}
        </Button>
        {canClose && (
          <Button isDisabled={!canClose || !channel.live} isBusy={close.isBusy} onPress={() => setAsking('close')}>
            {t('close.together')}
          </Button>
        )}
        {canForce && (
          <Button look="danger" isBusy={force.isBusy} onPress={() => setAsking('force')}>
            {t('close.force')}…
          </Button>
        )}
      </div>
      <CloseTogether channel={channel} isOpen={isAsking === 'close'} onClose={end} onConfirm={() => void close.run({ channelId: channel.channelId })} />
      <ForceClose channel={channel} isOpen={isAsking === 'force'} onClose={end} onConfirm={() => void force.run({ channelId: channel.channelId })} />
    </section>
  );
}
