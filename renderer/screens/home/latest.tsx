import { Card } from '../../components/card.tsx';
import { Empty, Skeleton } from '../../components/empty.tsx';
import { Button } from '../../components/button.tsx';
import { PaymentRow, TransactionRow } from '../../components/rows.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';

const SHOWN = 6;

/** What happened last, over Lightning and on chain. */
export function Latest() {
  const { t } = useI18n();
  const { go } = useRoute();
  const { value: payments } = useAnswer('payment.list', { limit: SHOWN }, ['payment.updated', 'invoice.updated']);
  const { value: transactions } = useAnswer('wallet.transactions', { limit: SHOWN }, ['wallet.updated']);
  const all = [
    ...(payments ?? []).map((payment) => ({ timeMs: payment.endedAtMs ?? payment.createdAtMs, key: payment.paymentHash + payment.direction, row: <PaymentRow payment={payment} /> })),
    ...(transactions ?? []).map((transaction) => ({ timeMs: transaction.timeMs ?? Number.MAX_SAFE_INTEGER, key: transaction.txid, row: <TransactionRow transaction={transaction} /> })),
  ].sort((a, b) => b.timeMs - a.timeMs);
  return (
    <Card
      flush
      title={t('latest')}
      aside={
        <Button look="quiet" size="small" onPress={() => go({ screen: 'history' })}>
          {t('latest.all')}
        </Button>
      }
    >
      {!payments || !transactions ? (
        <Skeleton />
      ) : all.length === 0 ? (
        <Empty icon="receive" title={t('latest.empty')} action={<Button onPress={() => go({ screen: 'receive', input: 'chain' })}>{t('latest.empty.button')}</Button>}>
          {t('latest.empty.text')}
        </Empty>
      ) : (
        <ul className="rows">
          {all.slice(0, SHOWN).map(({ key, row }) => (
            <li key={key}>{row}</li>
          ))}
        </ul>
      )}
    </Card>
  );
}
