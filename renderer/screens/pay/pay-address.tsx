import { type ReactNode, useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Toggle } from '../../components/choice.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { AmountField } from '../../components/field.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ReserveNotice } from '../../components/reserve-notice.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { type Speed, SpeedChoice } from '../../components/speed-choice.tsx';
import { plainAmount, satOf } from '../../format/amounts.ts';
import { rateText } from '../../format/rates.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Recognised } from '../../state/recognise.ts';
import { useRoute } from '../../state/route.ts';
import { useShell } from '../../state/shell.ts';

type Target = Extract<Recognised, { kind: 'address' }>;

/** A payment in a block: amount, speed, cost, and then it cannot be taken back. */
export function PayAddress({ target, onAgain }: { readonly target: Target; readonly onAgain: () => void }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const { go } = useRoute();
  const [amount, setAmount] = useState(() => (target.amountSat === undefined ? '' : plainAmount(target.amountSat * 1000n, shell.unit).replace(/\s?[a-zA-Z]+$/u, '')));
  const [speed, setSpeed] = useState<Speed>(shell.chainSpeed);
  /** Only ever for the amount that was looked at. */
  const [isSpending, setSpending] = useState(false);
  /** Whatever there is, less the fee: no amount is named. */
  const [isAll, setAll] = useState(false);
  const changeAmount = (text: string): void => {
    setAmount(text);
    setSpending(false);
    setAll(false);
  };
  const { value: rates } = useAnswer('wallet.feerates', {}, ['chain.updated']);
  const send = useAction('wallet.send');
  const [sent, setSent] = useState<{ readonly txid: string; readonly amountSat: bigint }>();
  const amountSat = satOf(amount, shell.unit);
  const feerateSatPerVb = rates?.[`${speed}SatPerVb`];
  const isKnown = isAll || (amountSat !== undefined && amountSat > 0n);
  if (sent) {
    return (
      <>
        <ScreenHead question={t('payChain.sent')} answer={<Amount sat={sent.amountSat} />} actions={<Button onPress={onAgain}>{t('pay.again')}</Button>} />
        <Card title={t('payChain.transaction')}>
          <Identifier text={sent.txid} />
          <p className="small muted">{t('payChain.sent.text')}</p>
          <div className="button-row">
            <Button icon="history" onPress={() => go({ screen: 'history', input: sent.txid })}>
              {t('payChain.follow')}
            </Button>
          </div>
        </Card>
      </>
    );
  }
  return (
    <>
      <ScreenHead question={t('payChain.title')} detail={t('payChain.text')} actions={<Button onPress={onAgain}>{t('pay.other')}</Button>} />
      <div className="cols pay-cols">
        <Card title={t('pay.what')}>
          <AmountField label={t('pay.amount')} value={amount} onChange={changeAmount} autoFocus isDisabled={isAll} {...(amount !== '' && amountSat === undefined ? { error: t('amount.bad') } : {})} />
          <Toggle
            isOn={isAll}
            onChange={(isOn) => {
              changeAmount('');
              setAll(isOn);
            }}
          >
            {t('payChain.all')}
          </Toggle>
          <div className="stack-tight">
            <h3>{t('payChain.address')}</h3>
            <Identifier text={target.address} />
          </div>
          {target.label && <Foreign text={target.label} wrap />}
          <SpeedChoice label={t('payChain.speed')} value={speed} onChange={setSpeed} />
        </Card>
        <Card title={t('pay.cost')}>
          {isKnown && feerateSatPerVb !== undefined ? (
            <Cost given={{ address: target.address, feerateSatPerVb, ...(isAll || amountSat === undefined ? {} : { amountSat }), ...(isSpending ? { spendReserve: true } : {}) }} onSpending={setSpending} onTake={changeAmount}>
              {(plan, given, isRefused) => (
                <div className="button-row">
                  <Button
                    look="primary"
                    size="large"
                    isDisabled={isRefused}
                    isBusy={send.isBusy}
                    onPress={() => {
                      void send.run({ ...given, maxFeeSat: plan.feeSat }).then((done) => done && setSent({ txid: done.txid, amountSat: plan.amountSat }));
                    }}
                  >
                    {t('payChain.button')} <Amount sat={plan.amountSat} />
                  </Button>
                </div>
              )}
            </Cost>
          ) : (
            <p className="muted">{t('pay.amount.first')}</p>
          )}
          <Problem error={send.error} />
          <Notice>
            <p>{t('payChain.final')}</p>
          </Notice>
        </Card>
      </div>
    </>
  );
}

interface Given {
  readonly address: string;
  readonly amountSat?: bigint;
  readonly feerateSatPerVb: number;
  readonly spendReserve?: boolean;
}
interface CostProps {
  readonly given: Given;
  readonly onSpending: (isSpending: boolean) => void;
  readonly onTake: (text: string) => void;
  /** Given what it comes to, the request that it was the answer to, and whether the coins kept for closing channels stop it. */
  readonly children: (plan: Answer<'wallet.prepareSend'>, given: Given, isRefused: boolean) => ReactNode;
}

function Cost({ children, given, onSpending, onTake }: CostProps) {
  const { t } = useI18n();
  const { value: plan, error } = useAnswer('wallet.prepareSend', given, ['wallet.updated']);
  const isRefused = error?.code === 'below_reserve';
  // What it would cost all the same stays on the screen; only the button waits until the amount or the switch has changed.
  const foreseen = useAnswer('wallet.prepareSend', isRefused ? { ...given, spendReserve: true } : given, ['wallet.updated']);
  const shown = isRefused ? (foreseen.error ? undefined : foreseen.value) : error ? undefined : plan;
  return (
    <>
      {shown ? (
        <dl className="facts">
          <dt>{t('pay.fee')}</dt>
          <dd>
            <Amount sat={shown.feeSat} />
          </dd>
          <dt>{t('payChain.rate')}</dt>
          <dd>{t('payChain.rate.value', { rate: rateText(shown.feerateSatPerVb) })}</dd>
          <dt>{t('pay.total')}</dt>
          <dd className="strong">
            <Amount sat={shown.amountSat + shown.feeSat} />
          </dd>
        </dl>
      ) : (
        !error && <Skeleton />
      )}
      <ReserveNotice error={error} isSpending={given.spendReserve === true} onSpending={onSpending} onTake={onTake} />
      {!isRefused && <Problem error={error} />}
      {shown && children(shown, given, isRefused)}
    </>
  );
}
