import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Amount } from '../../components/amount.tsx';
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
import { type Share, shareOf } from './parts.ts';
import { ShareInList, useClosing } from './share.tsx';

interface ItemProps {
  readonly channel: Channel;
  readonly isCurrent: boolean;
  readonly onPress: () => void;
}

function ChannelItem({ channel, isCurrent, onPress, share = shareOf(channel) }: ItemProps & { readonly share?: Share }) {
  return (
    <AriaButton className="ch" aria-current={isCurrent} onPress={onPress}>
      <span className="between">
        <span className="key">
          <span className="code nowrap">{shortId(channel.peerNodeId)}</span>
          <ChannelTag channel={channel} isBack={channel.state === 'closing' && share.kind === 'back' && share.isAll} />
        </span>
        <Amount sat={channel.capacitySat} />
      </span>
      <ShareInList channel={channel} share={share} />
    </AriaButton>
  );
}

/** Of a channel that is being closed, what came back counts and no longer what was in it. */
function ClosingItem(props: ItemProps) {
  const closing = useClosing(props.channel);
  return <ChannelItem {...props} share={shareOf(props.channel, closing)} />;
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
            {channels.map((channel) => {
              const Item = channel.state === 'closing' ? ClosingItem : ChannelItem;
              return (
                <li key={channel.channelId}>
                  <Item channel={channel} isCurrent={channel === current} onPress={() => setChosen(channel.channelId)} />
                </li>
              );
            })}
          </ul>
          <ChannelDetail key={current.channelId} channel={current} />
        </div>
      )}
    </>
  );
}
