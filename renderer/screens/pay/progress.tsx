import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { NotYet } from '../../components/empty.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Icon } from '../../components/icon.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import { exactAmount } from '../../format/fault-words.ts';
import { type Failure, failureText, remedyOf, remedyText, toldText } from './failure-text.ts';
import { isUnknown, type PaymentStep, stepsOf } from './steps.ts';

type Payment = Answer<'payment.get'>;

interface ProgressProps {
  readonly started: Payment;
  readonly invoice: Answer<'invoice.decode'>;
  /** To another payment. */
  readonly onAgain: () => void;
  /** Back to the same invoice, which is looked at anew. */
  readonly onRetry: () => void;
}

/** Where the payment is, and how it ended: with a proof, or with what went wrong. */
export function Progress({ started, invoice, onAgain, onRetry }: ProgressProps) {
  const { t } = useI18n();
  const { value: payment = started } = useAnswer('payment.get', { paymentHash: started.paymentHash }, ['payment.updated']);
  return (
    <>
      <ScreenHead question={t(`pay.state.${isUnknown(payment) ? 'unknown' : payment.state}`)} answer={<Amount msat={payment.amountMsat} exact />} detail={invoice.description ? <Foreign text={invoice.description} /> : undefined} actions={payment.state !== 'pending' && <Button onPress={onAgain}>{t('pay.again')}</Button>} />
      <div className="cols pay-cols">
        <Card title={t(payment.state === 'pending' ? 'pay.course' : 'pay.course.over')}>
          <ol className="trail" aria-live="polite">
            {stepsOf(payment).map((step) => (
              <Step key={step.key} step={step} />
            ))}
          </ol>
          {payment.state === 'pending' && <NotYet title={t('pay.hops')}>{t('pay.hops.text')}</NotYet>}
        </Card>
        <Outcome payment={payment} onAgain={onAgain} onRetry={onRetry} />
      </div>
    </>
  );
}

function Step({ step: { key, values, mark } }: { readonly step: PaymentStep }) {
  const { t } = useI18n();
  return (
    <li className={`is-${mark}`}>
      {mark === 'failed' ? <span className="node"><Icon name="cross" small /></span> : <span className="node" />}
      <span>{t(key, values)}</span>
    </li>
  ); // prettier-ignore
}

/** What went wrong, what that means for the money, what to do; last the words of the protocol, for whoever asks. */
function Failed({ failure, amountMsat, onAgain, onRetry }: { readonly failure: Failure; readonly amountMsat: bigint; readonly onAgain: () => void; readonly onRetry: () => void }) {
  const { t } = useI18n();
  const { unit } = useShell().shell;
  const remedy = remedyOf(failure);
  const told = toldText(failure, t);
  return (
    <Notice kind="danger" live title={t(remedy === 'ask' ? 'pay.unknown' : 'pay.failed')}>
      <div className="stack-tight">
        <p>{failureText(failure, t)}</p>
        <p>{remedyText(failure, t)}</p>
        <div className="button-row">
          {remedy === 'retry' && (
            <Button look="primary" icon="retry" onPress={onRetry}>
              {t('pay.retry')}
            </Button>
          )}
          {remedy === 'new_invoice' && (
            <>
              <Button look="primary" onPress={onAgain}>
                {t('pay.newInvoice')}
              </Button>
              <CopyButton text={t('pay.askPayee.text', { amount: exactAmount(amountMsat, unit), reason: failure.failureName ?? failure.code })} label={t('pay.askPayee')} />
            </>
          )}
        </div>
        {told !== undefined && <p className="micro muted">{told}</p>}
      </div>
    </Notice>
  );
}

function Outcome({ payment, onAgain, onRetry }: { readonly payment: Payment; readonly onAgain: () => void; readonly onRetry: () => void }) {
  const { t } = useI18n();
  if (payment.state === 'pending') {
    return (
      <Notice title={t('pay.pending')}>
        <p>{t('pay.pending.text')}</p>
      </Notice>
    );
  }
  if (payment.state === 'failed') {
    return <Failed failure={payment.failure ?? { code: 'other', message: '' }} amountMsat={payment.amountMsat} onAgain={onAgain} onRetry={onRetry} />;
  }
  return (
    <Card title={t('pay.receipt')}>
      <dl className="facts">
        <dt>{t('pay.amount')}</dt>
        <dd>
          <Amount msat={payment.amountMsat} exact />
        </dd>
        <dt>{t('pay.feePaid')}</dt>
        <dd>
          <Amount msat={payment.feeMsat} exact />
        </dd>
        <dt>{t('pay.total')}</dt>
        <dd className="strong">
          <Amount msat={payment.amountMsat + payment.feeMsat} exact />
        </dd>
      </dl>
      <div className="stack-tight">
        <h3>{t('pay.proof')}</h3>
        <p className="small muted">{t('pay.proof.text')}</p>
        <Identifier text={payment.paymentPreimage ?? ''} />
      </div>
      {payment.paymentPreimage !== undefined && (
        <div className="button-row">
          <CopyButton text={payment.paymentPreimage} label={t('pay.proof.copy')} />
        </div>
      )}
    </Card>
  );
}
