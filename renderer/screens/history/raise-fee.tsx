import { useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import type { RequestError } from '../../client/client.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { Identifier, shortId } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ReserveNotice } from '../../components/reserve-notice.tsx';
import { rateOf, rateText } from '../../format/rates.ts';
import { useI18n } from '../../i18n/context.ts';
import type { MessageKey } from '../../i18n/en.ts';
import { useAction } from '../../state/action.ts';
import type { ActivityEntry } from '../../state/activity-book.ts';
import { useAnswer } from '../../state/answers.ts';

type Transaction = NonNullable<ActivityEntry['transaction']>;
export type Raised = Answer<'wallet.bumpFee'>;
type Plan = Answer<'wallet.prepareBump'>;

/** A payment of ours that waits for a block: only such a one can be replaced. */
const canBeRaised = ({ height, netSat, kind }: Transaction): boolean => height === undefined && netSat < 0n && (kind === 'sent' || kind === 'moved');

/** What counts now in place of the payment that was too cheap. */
export function RaisedNotice({ raised }: { readonly raised: Raised }) {
  const { t } = useI18n();
  return (
    <Notice kind="success" live title={t('raise.done')}>
      <p>
        {t('raise.done.text')} <Amount sat={raised.feeSat} />
      </p>
      <Identifier text={raised.txid} />
    </Notice>
  );
}

/** The way to a higher fee for a payment that waits for a block. */
export function RaiseFee({ transaction, onRaised }: { readonly transaction: Transaction; readonly onRaised: (raised: Raised) => void }) {
  const { t } = useI18n();
  const [isOpen, setOpen] = useState(false);
  if (!canBeRaised(transaction)) return null;
  return (
    <div className="button-row">
      <Button onPress={() => setOpen(true)}>{t('raise.button')}</Button>
      {isOpen && (
        <RaiseDialog
          transaction={transaction}
          onClose={() => setOpen(false)}
          onRaised={(done) => {
            setOpen(false);
            onRaised(done);
          }}
        />
      )}
    </div>
  );
}

function RaiseDialog({ transaction, onClose, onRaised }: { readonly transaction: Transaction; readonly onClose: () => void; readonly onRaised: (raised: Raised) => void }) {
  const { t } = useI18n();
  const { value: rates } = useAnswer('wallet.feerates', {}, ['chain.updated']);
  const [text, setText] = useState('');
  const [isSpending, setSpending] = useState(false);
  const raise = useAction('wallet.bumpFee');
  const rate = rateOf(text);
  const given = rate === undefined ? undefined : { txid: transaction.txid, feerateSatPerVb: rate, ...(isSpending ? { spendReserve: true } : {}) };
  // Before a rate is typed nobody looks at what comes back.
  const { value: answer, error: refusal } = useAnswer('wallet.prepareBump', given ?? { txid: transaction.txid, feerateSatPerVb: 1 }, ['wallet.updated']);
  const plan = given && !refusal ? answer : undefined;
  const error = raise.error ?? (given && refusal);
  const submit = async (): Promise<void> => {
    if (!given || !plan) return;
    const done = await raise.run({ ...given, maxFeeSat: plan.feeSat });
    if (done) onRaised(done);
  };
  return (
    <Dialog
      title={t('raise.title')}
      isOpen
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button look="primary" submit isDisabled={!plan} isBusy={raise.isBusy}>
            {t('raise.button')}
          </Button>
        </>
      }
    >
      <p>{t('raise.text')}</p>
      <Field
        label={t('raise.rate')}
        value={text}
        onChange={(value) => {
          setText(value);
          setSpending(false);
          raise.clear();
        }}
        maxLength={8}
        autoFocus
        help={rates && t('raise.rate.help', { fast: rateText(rates.fastSatPerVb), normal: rateText(rates.normalSatPerVb) })}
        {...(text.trim() !== '' && rate === undefined ? { error: t('raise.rate.bad') } : {})}
      />
      <PlanFacts transaction={transaction} plan={plan} />
      <ReserveNotice error={error} isSpending={isSpending} onSpending={setSpending} />
      <Refusal error={error} />
    </Dialog>
  );
}

/** What it has cost, what it would cost, and who pays for it. */
function PlanFacts({ transaction, plan }: { readonly transaction: Transaction; readonly plan: Plan | undefined }) {
  const { t } = useI18n();
  const added = plan?.coins.filter(({ isAdded }) => isAdded) ?? [];
  return (
    <dl className="facts" aria-live="polite">
      {transaction.feeSat !== undefined && (
        <>
          <dt>{t('raise.now')}</dt>
          <dd>
            <Amount sat={transaction.feeSat} /> {plan && <span className="faint">· {t('payChain.rate.value', { rate: rateText(plan.oldFeerateSatPerVb) })}</span>}
          </dd>
        </>
      )}
      {plan && (
        <>
          <dt>{t('raise.fee')}</dt>
          <dd>
            <Amount sat={plan.feeSat} /> <span className="faint">· {t('payChain.rate.value', { rate: rateText(plan.feerateSatPerVb) })}</span>
          </dd>
          <dt>{t('raise.more')}</dt>
          <dd className="strong">
            <Amount sat={plan.extraFeeSat} />
          </dd>
          <dt>{t('raise.coins')}</dt>
          <dd>
            {t(added.length === 0 ? 'raise.coins.change' : 'raise.coins.added', { count: added.length })}
            {added.map(({ txid, vout, amountSat }) => (
              <span className="block small faint" key={`${txid}${vout}`}>
                <span className="code">{shortId(txid)}</span> · <Amount sat={amountSat} />
              </span>
            ))}
          </dd>
        </>
      )}
    </dl>
  );
}

/** What can be in the way of a replacement, by the engine's name for it. */
const FAULTS: Readonly<Record<string, MessageKey>> = {
  already_confirmed: 'raise.fault.already_confirmed', has_descendants: 'raise.fault.has_descendants', not_replaceable: 'raise.fault.not_replaceable', feerate_not_higher: 'raise.fault.feerate_not_higher',
}; // prettier-ignore

function Refusal({ error }: { readonly error: RequestError | undefined }) {
  const { t } = useI18n();
  if (!error || error.code === 'below_reserve') return null;
  const key = FAULTS[String(error.data?.['fault'])];
  if (!key) return <Problem error={error} />;
  return (
    <Notice kind="danger" live>
      <p>{t(key, { rate: String(error.data?.['currentSatPerVb'] ?? '') })}</p>
    </Notice>
  );
}
