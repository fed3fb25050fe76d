import { Fragment } from 'react';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { groups } from '../../format/amounts.ts';
import { chainSums } from '../../format/chain-sums.ts';
import { momentFormat } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import type { ActivityEntry } from '../../state/activity-book.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';

type Transaction = NonNullable<ActivityEntry['transaction']>;

/** One transaction: what it paid and cost, whom, and where it stands in the chain. */
export function TransactionFacts({ transaction }: { readonly transaction: Transaction }) {
  const { t, language } = useI18n();
  const { go } = useRoute();
  const { value: channels } = useAnswer('channel.list', { includeClosed: true }, ['channel.updated']);
  const channel = channels?.find(({ fundingTxid, closingTxid }) => fundingTxid === transaction.txid || closingTxid === transaction.txid);
  return (
    <>
      <dl className="facts">
        <Sums transaction={transaction} />
        {transaction.kind !== 'channel_open' && <Paid transaction={transaction} />}
        <dt>{t('detail.block')}</dt>
        <dd>{transaction.height === undefined ? t('tx.waiting') : groups(BigInt(transaction.height))}</dd>
        {transaction.timeMs !== undefined && (
          <>
            <dt>{t('detail.seen')}</dt>
            <dd>{momentFormat(language).format(transaction.timeMs)}</dd>
          </>
        )}
        <dt>{t('payChain.transaction')}</dt>
        <dd>
          <Identifier text={transaction.txid} />
        </dd>
      </dl>
      {channel && (
        <div className="button-row">
          <Button icon="history" onPress={() => go({ screen: 'history', channelId: channel.channelId })}>
            {t('channel.history')}
          </Button>
        </div>
      )}
    </>
  );
}

/** What was sent and what it cost, each without a sign, as of a payment over Lightning. */
function Sums({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useI18n();
  const { netSat, feeSat, kind } = transaction;
  const sums = chainSums(transaction);
  const lines = sums
    ? ([[kind === 'channel_open' ? 'detail.toChannel' : 'detail.sent', sums.sentSat], ['pay.feePaid', sums.feeSat], ['detail.together', sums.togetherSat]] as const)
    : netSat < 0n && netSat === -(feeSat ?? 0n)
      ? ([['pay.feePaid', -netSat]] as const)
      : ([[kind === 'channel_close' && netSat > 0n ? 'detail.fromChannel' : 'pay.amount', netSat]] as const);
  return lines.map(([name, sat]) => (
    <Fragment key={name}>
      <dt>{t(name)}</dt>
      <dd>
        <Amount sat={sat} />
      </dd>
    </Fragment>
  ));
}

/** Whom it paid; how much each, where there are several. */
function Paid({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useI18n();
  const paid = transaction.paid ?? [];
  const restSat = chainSums(transaction)?.restSat ?? 0n;
  const isOne = paid.length === 1 && restSat === 0n;
  if (paid.length === 0) return null;
  return (
    <>
      <dt>{t('detail.paidTo')}</dt>
      <dd className="stack-tight">
        {paid.map(({ address, amountSat }, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- the place of an output is what it is
          <div key={index}>
            {address === undefined ? t('detail.noAddress') : <Identifier text={address} />} {!isOne && <Amount sat={amountSat} />}
          </div>
        ))}
        {restSat > 0n && (
          <div>
            {t('detail.others')} <Amount sat={restSat} />
          </div>
        )}
      </dd>
    </>
  );
}
