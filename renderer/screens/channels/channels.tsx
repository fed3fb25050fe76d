import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Amount } from '../../components/amount.tsx';
import { Bar } from '../../components/bar.tsx';
import { Button } from '../../components/button.tsx';
import { Empty, Skeleton } from '../../components/empty.tsx';
import { shortId } from '../../components/identifier.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';
import { type Channel, ChannelTag } from './channel-tag.tsx';
import { ChannelDetail } from './detail.tsx';
import { OpenChannel } from './open.tsx';
import { partsOf } from './parts.ts';

function ChannelItem({ channel, isCurrent, onPress }: { readonly channel: Channel; readonly isCurrent: boolean; readonly onPress: () => void }) {
  const { t } = useI18n();
  return (
    <AriaButton className="ch" aria-current={isCurrent} onPress={onPress}>
      <span className="between">
        <span className="key">
          <span className="code">{shortId(channel.peerNodeId)}</span>
          <ChannelTag channel={channel} />
        </span>
        <Amount sat={channel.capacitySat} />
      </span>
      {!channel.isRestored && <Bar parts={partsOf(channel)} label={t('channel.bar')} />}
      {channel.isRestored ? (
        channel.state === 'fallen_behind' && <span className="small muted">{t('channel.restored.unknown')}</span>
      ) : channel.state === 'opening' ? (
        <span className="small muted">{t('channel.confirmations', { have: channel.confirmations, need: channel.confirmationsNeeded })}</span>
      ) : channel.state !== 'normal' ? (
        <span className="bar-ends muted">
          <span>
            <Amount msat={channel.ourMsat} /> {t('channel.yours')}
          </span>
          <span>
            <Amount msat={channel.theirMsat} /> {t('channel.theirs')}
          </span>
        </span>
      ) : (
        <span className="bar-ends muted">
          <span>
            <Amount msat={channel.sendableMsat} /> {t('channel.canSend')}
          </span>
          <span>
            <Amount msat={channel.receivableMsat} /> {t('channel.canReceive')}
          </span>
        </span>
      )}
    </AriaButton>
  );
}

/** Which channels carry my money, and what would closing one bring? */
export function Channels() {
  const { t } = useI18n();
  const { route, go } = useRoute();
  const { value: channels, error } = useAnswer('channel.list', { includeClosed: true }, ['channel.updated', 'payment.updated', 'invoice.updated', 'peer.updated', 'chain.updated']);
  const { value: balance } = useAnswer('wallet.balance', {}, ['wallet.updated']);
  const [chosen, setChosen] = useState(route.channelId);
  const [isOpening, setOpening] = useState(route.peer !== undefined);
  if (isOpening) {
    return (
      <OpenChannel
        peer={route.peer ?? ''}
        onBack={() => setOpening(false)}
        onOpened={(channelId) => {
          setChosen(channelId);
          setOpening(false);
        }}
      />
    );
  }
  const usable = channels?.filter(({ state }) => state === 'normal') ?? [];
  const current = channels?.find(({ channelId }) => channelId === chosen) ?? channels?.[0];
  const open = (
    <Button look="primary" icon="plus" onPress={() => setOpening(true)}>
      {t('channels.open')}
    </Button>
  );
  return (
    <>
      <ScreenHead
        question={t('channels.title', { count: usable.length })}
        detail={
          <>
            {t('home.canSpend')} <Amount msat={usable.reduce((sum, { sendableMsat }) => sum + sendableMsat, 0n)} /> · {t('home.canReceive')} <Amount msat={usable.reduce((sum, { receivableMsat }) => sum + receivableMsat, 0n)} />
          </>
        }
        actions={(channels?.length ?? 0) > 0 || !balance || balance.spendableSat === 0n ? open : undefined}
      />
      {!channels && !error && <Skeleton />}
      {channels?.length === 0 && (
        <div className="card">
          {balance && balance.spendableSat > 0n ? (
            <Empty icon="channels" title={t('channels.empty')} action={open}>
              {t('channels.ready.text')} <Amount sat={balance.spendableSat} />
            </Empty>
          ) : (
            <Empty icon="channels" title={t('channels.empty')} action={<Button onPress={() => go({ screen: 'receive', input: 'chain' })}>{t('latest.empty.button')}</Button>}>
              {t('channels.empty.text')}
            </Empty>
          )}
        </div>
      )}
      {current && channels && (
        <div className="cols channels-cols">
          <ul className="card rows">
            {channels.map((channel) => (
              <li key={channel.channelId}>
                <ChannelItem channel={channel} isCurrent={channel === current} onPress={() => setChosen(channel.channelId)} />
              </li>
            ))}
          </ul>
          <ChannelDetail key={current.channelId} channel={current} />
        </div>
      )}
    </>
  );
}
