import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Bar } from '../../components/bar.tsx';
import { restingMsat, theirRestingMsat } from '../../format/parts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Channel } from './channel-tag.tsx';
import type { Share } from './parts.ts';

/** How the end of a channel goes on; of one that goes on itself it says nothing yet. */
export function useClosing(channel: Channel): Answer<'channel.closing'> | undefined {
  const { value } = useAnswer('channel.closing', { channelId: channel.channelId }, ['channel.updated', 'chain.updated', 'wallet.updated']);
  return value;
}

/** What is to be said of a channel's money where no split of it can be drawn. */
function Words({ share }: { readonly share: Exclude<Share, { readonly kind: 'split' | 'nothing' }> }) {
  const { t } = useI18n();
  if (share.kind === 'unknown') return t('channel.restored.unknown');
  if (share.kind === 'penalty') return t('channel.share.penalty');
  if (share.kind === 'waiting') return <><Amount sat={share.sat} /> {t('channel.share.waiting')}</>; // prettier-ignore
  return <>{t(share.isAll ? 'stages.backAll' : 'stages.back')} <Amount sat={share.sat} /></>; // prettier-ignore
}

const whole = (channel: Channel) => [{ msat: channel.capacitySat * 1000n, fill: 'onchain-later' }] as const;

/** The bar of one channel in the list, and what its ends mean. */
export function ShareInList({ channel, share }: { readonly channel: Channel; readonly share: Share }) {
  const { t } = useI18n();
  if (share.kind === 'nothing') return null;
  if (share.kind !== 'split') {
    return (
      <>
        {share.kind === 'penalty' && <Bar parts={whole(channel)} label={t('channel.share.penalty')} />}
        <span className="small muted">
          <Words share={share} />
        </span>
      </>
    );
  }
  const [ours, theirs] = channel.state === 'normal' ? ([channel.sendableMsat, channel.receivableMsat] as const) : ([restingMsat(channel), theirRestingMsat(channel)] as const);
  return (
    <>
      <Bar parts={share.parts} label={t('channel.bar')} />
      {channel.state === 'opening' ? (
        <span className="small muted">{t('channel.confirmations', { have: channel.confirmations, need: channel.confirmationsNeeded })}</span>
      ) : (
        <span className="bar-ends muted">
          <span>
            <Amount msat={ours} /> {t(channel.state === 'normal' ? 'channel.canSend' : 'channel.yours')}
          </span>
          <span>
            <Amount msat={theirs} /> {t(channel.state === 'normal' ? 'channel.canReceive' : 'channel.theirs')}
          </span>
        </span>
      )}
    </>
  );
}

/** The same of the channel that is looked at, to the thousandth. */
export function ShareInDetail({ channel, share }: { readonly channel: Channel; readonly share: Share }) {
  const { t } = useI18n();
  const inFlightMsat = channel.offeredMsat + channel.receivedMsat;
  if (share.kind === 'nothing') return null;
  if (share.kind === 'split') {
    return (
      <div className="stack-tight">
        <Bar tall parts={share.parts} label={t('channel.bar')} />
        <div className="bar-ends">
          <span className="key">
            <span className={`swatch sw-${share.ours}`} />
            <Amount msat={restingMsat(channel)} exact /> {t('channel.yours')}
          </span>
          {inFlightMsat > 0n && (
            <span className="key">
              <span className="swatch sw-inflight" />
              <Amount msat={inFlightMsat} exact /> {t('channel.inFlight')}
            </span>
          )}
          <span className="key">
            <Amount msat={theirRestingMsat(channel)} exact /> {t('channel.theirs')}
            <span className={`swatch sw-${share.theirs}`} />
          </span>
        </div>
      </div>
    );
  }
  if (share.kind === 'penalty') {
    return (
      <div className="stack-tight">
        <Bar tall parts={whole(channel)} label={t('channel.share.penalty')} />
        <span className="key small">
          <span className="swatch sw-onchain-later" />
          <Words share={share} />
        </span>
      </div>
    );
  }
  return (
    <div className="stack-tight">
      <p className={share.kind === 'unknown' ? undefined : 'strong lead'}>
        <Words share={share} />
      </p>
      {share.kind === 'back' && share.isAll && channel.state !== 'closed' && <p className="small muted">{t('channel.share.settled')}</p>}
    </div>
  );
}
