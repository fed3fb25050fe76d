import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Field } from '../../components/field.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Problem } from '../../components/problem.tsx';
import { plainAmount } from '../../format/amounts.ts';
import { momentFormat } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import type { ActivityEntry } from '../../state/activity-book.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import { failureText } from '../pay/failure-text.ts';
import { type Raised, RaiseFee } from './raise-fee.tsx';
import { TransactionFacts } from './transaction-facts.tsx';

type Payment = NonNullable<ActivityEntry['payment']>;

interface ActivityDetailProps {
  readonly entry: ActivityEntry;
  readonly isChosen: boolean;
  readonly onChanged: () => void;
  /** Another transaction has taken the place of this one. */
  readonly onRaised: (raised: Raised) => void;
}

/** One entry of the ledger: what it was, what it cost, what it is called, and how it went. */
export function ActivityDetail({ entry, isChosen, onChanged, onRaised }: ActivityDetailProps) {
  const { t } = useI18n();
  const { payment, transaction } = entry;
  const box = useRef<HTMLDivElement>(null);
  // In a small window it stands below the list: whoever asks for it sees it.
  useEffect(() => {
    if (isChosen) box.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  return (
    <div ref={box}>
      <Card title={payment ? t(`row.${payment.direction}`) : t(`tx.${transaction?.kind ?? 'sent'}`)}>
        {payment ? <PaymentFacts payment={payment} /> : transaction && <TransactionFacts transaction={transaction} />}
        {transaction && <RaiseFee transaction={transaction} onRaised={onRaised} />}
        <LabelForm entry={entry} onChanged={onChanged} />
        {payment && <Course payment={payment} />}
      </Card>
    </div>
  );
}

function PaymentFacts({ payment }: { readonly payment: Payment }) {
  const { t, language } = useI18n();
  const moment = momentFormat(language);
  const isSent = payment.direction === 'sent';
  return (
    <>
      <dl className="facts">
        <dt>{t('pay.amount')}</dt>
        <dd>
          <Amount msat={payment.amountMsat} exact /> <span className="faint">· {t(`row.${payment.direction}.${payment.state}`)}</span>
        </dd>
        {isSent && (
          <>
            <dt>{t('pay.feePaid')}</dt>
            <dd>
              <Amount msat={payment.feeMsat} exact />
            </dd>
          </>
        )}
        {payment.description && (
          <>
            <dt>{t('pay.for')}</dt>
            <dd>{isSent ? <Foreign text={payment.description} wrap /> : payment.description}</dd>
          </>
        )}
        <dt>{t('detail.begun')}</dt>
        <dd>{moment.format(payment.createdAtMs)}</dd>
        {payment.endedAtMs !== undefined && (
          <>
            <dt>{t('detail.ended')}</dt>
            <dd>{moment.format(payment.endedAtMs)}</dd>
          </>
        )}
        {payment.payeeNodeId && (
          <>
            <dt>{t('pay.to')}</dt>
            <dd>
              <Identifier text={payment.payeeNodeId} />
            </dd>
          </>
        )}
        <dt>{t('detail.hash')}</dt>
        <dd>
          <Identifier text={payment.paymentHash} />
        </dd>
      </dl>
      {payment.failure && <p>{failureText(payment.failure, t)}</p>}
      {isSent && payment.paymentPreimage !== undefined && (
        <div className="button-row">
          <CopyButton text={payment.paymentPreimage} label={t('pay.proof.copy')} />
        </div>
      )}
    </>
  );
}

function LabelForm({ entry, onChanged }: { readonly entry: ActivityEntry; readonly onChanged: () => void }) {
  const { t } = useI18n();
  const [label, setLabel] = useState(entry.label ?? '');
  const [isSaved, setSaved] = useState(false);
  const ofPayment = useAction('payment.label');
  const ofTransaction = useAction('wallet.label');
  const { payment, transaction } = entry;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const done = payment ? await ofPayment.run({ paymentHash: payment.paymentHash, direction: payment.direction, label: label.trim() }) : transaction && (await ofTransaction.run({ txid: transaction.txid, label: label.trim() }));
    setSaved(done !== undefined);
    if (done) onChanged();
  };
  return (
    <form className="label-form" onSubmit={(event) => void submit(event)}>
      <Field
        label={t('detail.label')}
        value={label}
        onChange={(text) => {
          setLabel(text);
          setSaved(false);
        }}
        maxLength={250}
      />
      <Button submit isDisabled={label.trim() === (entry.label ?? '') && !isSaved}>
        {t(isSaved ? 'detail.label.saved' : 'detail.label.save')}
      </Button>
      <Problem error={ofPayment.error ?? ofTransaction.error} />
    </form>
  );
}

type Step = Answer<'payment.history'>[number];

/** What happened to a payment, attempt by attempt. */
function Course({ payment }: { readonly payment: Payment }) {
  const { t, language } = useI18n();
  const { shell } = useShell();
  const { value: steps } = useAnswer('payment.history', { paymentHash: payment.paymentHash, direction: payment.direction }, ['payment.updated', 'invoice.updated']);
  const { value: channels } = useAnswer('channel.list', { includeClosed: true }, ['channel.updated']);
  if (!steps || steps.length === 0) return null;
  const moment = momentFormat(language);
  const values = ({ detail }: Step): Record<string, string | number> => {
    const amount = (name: string): string => plainAmount(BigInt(String(detail[name] ?? '0')), shell.unit);
    const channel = channels?.find(({ channelNumber }) => channelNumber === detail['channelNumber']);
    return {
      amount: amount('amountMsat' in detail ? 'amountMsat' : 'receivedMsat' in detail ? 'receivedMsat' : 'totalMsat'), fee: amount('feeMsat'), maxFee: amount('maxFeeMsat'),
      part: Number(detail['partId'] ?? 0) + 1, parts: Number(detail['parts'] ?? 0), hops: Number(detail['hops'] ?? 0),
      channel: channel?.shortChannelId ?? String(detail['channelNumber'] ?? ''), hop: Number(detail['hop'] ?? 0),
    };
  }; // prettier-ignore
  return (
    <div className="stack-tight">
      <h3>{t('detail.course')}</h3>
      <ol className="trail course">
        {steps.map((step) => (
          <li key={step.sequence} className="is-done">
            <span className="node" />
            <span>
              {t(`event.${step.kind as 'received'}`, values(step))}
              {REASON.has(step.kind) && <span className="code faint"> {String(step.detail['what'] ?? step.detail['reason'] ?? step.detail['why'] ?? step.detail['how'] ?? '')}</span>}
            </span>
            <span className="small faint">{moment.format(step.timeMs)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Steps whose own name of the reason says more. */
const REASON: ReadonlySet<string> = new Set(['part_failed', 'payment_failed', 'set_failed', 'invoice_ended']);
