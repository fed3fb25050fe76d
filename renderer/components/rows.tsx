import type { Answer } from '../../core/api.ts';
import { groups } from '../format/amounts.ts';
import { chainSums } from '../format/chain-sums.ts';
import { timeText } from '../format/times.ts';
import { useI18n } from '../i18n/context.ts';
import { Amount } from './amount.tsx';
import { Foreign } from './foreign.tsx';
import { Icon } from './icon.tsx';
import { shortId } from './identifier.tsx';

type Payment = Answer<'payment.list'>[number];
type Transaction = Answer<'wallet.transactions'>[number];

/** One payment over Lightning. */
export function PaymentRow({ payment, label }: { readonly payment: Payment; readonly label?: string | undefined }) {
  const { t, language } = useI18n();
  const isSent = payment.direction === 'sent';
  const hasArrived = !isSent && payment.state === 'succeeded';
  return (
    <span className="row">
      <Icon name={isSent ? 'pay' : 'receive'} />
      <span className="row-main">
        {label ? <span className="row-title">{label}</span> : payment.description ? isSent ? <Foreign text={payment.description} /> : <span className="row-title">{payment.description}</span> : <span>{t(isSent ? 'row.sent' : 'row.received')}</span>}
        <span className="row-sub">
          {timeText(payment.endedAtMs ?? payment.createdAtMs, language)} · {t(`row.${payment.direction}.${payment.state}`)}
        </span>
      </span>
      <span className={payment.state === 'failed' ? 'row-end faint' : 'row-end'}>
        <Amount msat={isSent ? -payment.amountMsat : payment.amountMsat} arrived={hasArrived} />
        {isSent && payment.state !== 'failed' && (
          <>
            <br />
            <span className="row-sub">
              {t('row.fee')} <Amount msat={payment.feeMsat} exact />
            </span>
          </>
        )}
      </span>
    </span>
  );
}

/** One transaction of the block chain. */
export function TransactionRow({ transaction }: { readonly transaction: Transaction }) {
  const { t, language } = useI18n();
  const isIn = transaction.netSat > 0n;
  const isDone = transaction.height !== undefined;
  // The fee stands below it, as with a payment over Lightning.
  const sums = chainSums(transaction);
  return (
    <span className="row">
      <Icon name={transaction.kind.startsWith('channel') ? 'channels' : 'block'} />
      <span className="row-main">
        <span className="row-title">
          {transaction.label ?? t(`tx.${transaction.kind}`)} <span className="code faint">{shortId(transaction.txid)}</span>
        </span>
        <span className="row-sub">
          {transaction.timeMs === undefined ? '' : `${timeText(transaction.timeMs, language, { isPast: true })} · `}
          {isDone ? t('tx.inBlock', { height: groups(BigInt(transaction.height ?? 0)) }) : t('tx.waiting')}
        </span>
      </span>
      <span className="row-end">
        <Amount sat={sums ? -sums.sentSat : transaction.netSat} arrived={isIn && isDone} />
        {transaction.feeSat !== undefined && (
          <>
            <br />
            <span className="row-sub">
              {t('row.fee')} <Amount sat={transaction.feeSat} />
            </span>
          </>
        )}
      </span>
    </span>
  );
}
