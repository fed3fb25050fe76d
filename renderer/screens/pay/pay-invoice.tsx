import { useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { RequestError } from '../../client/client.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { AmountField } from '../../components/field.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { satOf } from '../../format/amounts.ts';
import { ofFixedAmount } from '../../format/fault-words.ts';
import { timeText } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import { Progress } from './progress.tsx';
import { QuoteFacts } from './quote-facts.tsx';

interface PayInvoiceProps {
  readonly invoice: string;
  readonly onAgain: () => void;
}

/** Reads an invoice, shows what paying it means, pays it once it was confirmed. */
export function PayInvoice({ invoice, onAgain }: PayInvoiceProps) {
  const { t } = useI18n();
  const { value: decoded, error } = useAnswer('invoice.decode', { invoice }, ['chain.updated']);
  const send = useAction('payment.send');
  const [started, setStarted] = useState<Answer<'payment.send'>>();
  if (started && decoded) return <Progress key={started.createdAtMs} started={started} invoice={decoded} onAgain={onAgain} onRetry={() => setStarted(undefined)} />;
  return (
    <>
      <ScreenHead question={t('pay.confirm.title')} detail={t('pay.confirm.text')} actions={<Button onPress={onAgain}>{t('pay.other')}</Button>} />
      {error && <Problem error={error} title={t('pay.cannotRead')} />}
      {!error && !decoded && <Skeleton />}
      {decoded && (
        <Review
          invoice={invoice}
          decoded={decoded}
          isBusy={send.isBusy}
          onPay={async (given) => {
            // Nothing is waited for here: the engine tells how it goes on.
            const payment = await send.run({ invoice, timeoutMs: 0, ...given });
            if (payment) setStarted(payment);
          }}
        />
      )}
      <Problem error={send.error && decoded?.amountMsat !== undefined ? new RequestError(ofFixedAmount(send.error)) : send.error} />
    </>
  );
}

interface ReviewProps {
  readonly invoice: string;
  readonly decoded: Answer<'invoice.decode'>;
  readonly isBusy: boolean;
  readonly onPay: (given: { readonly amountMsat?: bigint; readonly maxFeeMsat: bigint }) => Promise<void>;
}

function Review({ invoice, decoded, isBusy, onPay }: ReviewProps) {
  const { t, language } = useI18n();
  const { shell } = useShell();
  const [amount, setAmount] = useState('');
  const typedSat = satOf(amount, shell.unit);
  const isOpen = decoded.amountMsat === undefined;
  const amountMsat = decoded.amountMsat ?? (typedSat === undefined ? undefined : typedSat * 1000n);
  const question = { invoice, maxFeePercent: shell.paymentFeePercent, ...(isOpen && amountMsat !== undefined ? { amountMsat } : {}) };
  const { value: quote, error } = useAnswer('payment.quote', question, ['channel.updated', 'peer.updated']);
  const isPayable = quote?.payable === true && amountMsat !== undefined && !decoded.expired;
  return (
    <div className="cols pay-cols">
      <Card title={t('pay.what')}>
        {isOpen ? (
          <AmountField label={t('pay.amount')} value={amount} onChange={setAmount} autoFocus help={t('pay.amount.open')} {...(amount !== '' && typedSat === undefined ? { error: t('amount.bad') } : {})} />
        ) : (
          <p className="pay-amount">
            <Amount msat={decoded.amountMsat ?? 0n} exact />
          </p>
        )}
        <dl className="facts">
          <dt>{t('pay.for')}</dt>
          <dd>{decoded.description ? <Foreign text={decoded.description} wrap /> : <span className="faint">{t('pay.noDescription')}</span>}</dd>
          <dt>{t('pay.to')}</dt>
          <dd>
            <Identifier text={decoded.payeeNodeId} />
          </dd>
          <dt>{t('pay.expires')}</dt>
          <dd>{timeText(decoded.expiresAtMs, language)}</dd>
        </dl>
        {decoded.expired && (
          <Notice kind="danger" title={t('pay.expired')}>
            <p>{t('pay.expired.text')}</p>
          </Notice>
        )}
      </Card>
      <Card
        title={t('pay.cost')}
        foot={
          <Button look="primary" size="large" isDisabled={!isPayable} isBusy={isBusy} onPress={() => quote && void onPay({ maxFeeMsat: quote.maxFeeMsat, ...(isOpen && amountMsat !== undefined ? { amountMsat } : {}) })}>
            {amountMsat === undefined ? t('pay.button') : <>{t('pay.button')} <Amount msat={amountMsat} /></>}
          </Button>
        }
      >
        {amountMsat === undefined ? <p className="muted">{t('pay.amount.first')}</p> : error ? <Problem error={error} /> : quote ? <QuoteFacts quote={quote} isFixed={!isOpen} /> : <Skeleton />}
      </Card>
    </div>
  );
}
