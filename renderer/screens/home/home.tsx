import { Amount } from '../../components/amount.tsx';
import { Bar } from '../../components/bar.tsx';
import { Button } from '../../components/button.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';
import { AnythingField } from './anything-field.tsx';
import { Holdings } from './holdings.tsx';
import { Latest } from './latest.tsx';
import { NextStep } from './next-step.tsx';
import { Safety } from './safety.tsx';
import { moneyOf } from './money.ts';
import { useWaiting } from './waiting.ts';

/** How much can I spend now, where is the rest, and is it safe? */
export function Home() {
  const { t } = useI18n();
  const { go } = useRoute();
  const { value: balance } = useAnswer('wallet.balance', {}, ['wallet.updated', 'chain.updated']);
  const { value: channels } = useAnswer('channel.list', {}, ['channel.updated', 'payment.updated', 'invoice.updated', 'peer.updated']);
  const waiting = useWaiting(channels, balance);
  const money = balance && channels && moneyOf(balance, channels, waiting);
  return (
    <>
      <ScreenHead
        question={t('home.canSpend')}
        answer={money ? <Amount msat={money.sendableMsat} /> : '…'}
        detail={
          money && (
            <>
              {t('home.canReceive')} <Amount msat={money.receivableMsat} /> · {t('home.onChain')} <Amount msat={money.onChainMsat} />
            </>
          )
        }
        actions={
          <>
            <Button size="large" icon="receive" onPress={() => go({ screen: 'receive' })}>
              {t('screen.receive')}
            </Button>
            <Button size="large" look="primary" icon="pay" onPress={() => go({ screen: 'pay' })}>
              {t('screen.pay')}
            </Button>
          </>
        }
      />
      <div className="stack">
        {money && <Bar tall parts={money.lines.map(({ msat, fill }) => ({ msat, fill }))} label={t('home.bar')} />}
        <Safety channels={channels ?? []} />
        {money && channels && <NextStep onChainMsat={money.onChainMsat} channelCount={channels.length} />}
        <AnythingField />
        <div className="cols home-cols">
          {money ? <Holdings money={money} /> : <Skeleton />}
          <Latest />
        </div>
      </div>
    </>
  );
}
