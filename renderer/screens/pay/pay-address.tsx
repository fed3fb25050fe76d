import { type ReactNode, useState } from 'react';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segments } from '../../components/choice.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { AmountField } from '../../components/field.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { plainAmount, satOf } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import type { Recognised } from '../../state/recognise.ts';
import { useShell } from '../../state/shell.ts';

type Target = Extract<Recognised, { kind: 'address' }>;
export type Speed = 'fast' | 'normal' | 'slow';

/** A payment in a block: amount, speed, cost, and then it cannot be taken back. */
export function PayAddress({ target, onAgain }: { readonly target: Target; readonly onAgain: () => void }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const [amount, setAmount] = useState(() => (target.amountSat === undefined ? '' : plainAmount(target.amountSat * 1000n, shell.unit).replace(/\s?[a-zA-Z]+$/u, '')));
  const [speed, setSpeed] = useState<Speed>('normal');
  const { value: rates } = useAnswer('wallet.feerates', {}, ['chain.updated']);
  const send = useAction('wallet.send');
  const [txid, setTxid] = useState<string>();
  const amountSat = satOf(amount, shell.unit);
  const feerateSatPerVb = rates?.[`${speed}SatPerVb`];
  if (txid !== undefined) {
    return (
      <>
        <ScreenHead question={t('payChain.sent')} answer={<Amount sat={amountSat ?? 0n} />} actions={<Button onPress={onAgain}>{t('pay.again')}</Button>} />
        <Card title={t('payChain.transaction')}>
          <Identifier text={txid} />
          <p className="small muted">{t('payChain.sent.text')}</p>
        </Card>
      </>
    );
  }
  return (
    <>
      <ScreenHead question={t('payChain.title')} detail={t('payChain.text')} actions={<Button onPress={onAgain}>{t('pay.other')}</Button>} />
      <div className="cols pay-cols">
        <Card title={t('pay.what')}>
          <AmountField label={t('pay.amount')} value={amount} onChange={setAmount} autoFocus {...(amount !== '' && amountSat === undefined ? { error: t('amount.bad') } : {})} />
          <div className="stack-tight">
            <h3>{t('payChain.address')}</h3>
            <Identifier text={target.address} />
          </div>
          {target.label && <Foreign text={target.label} wrap />}
          <Segments
            label={t('payChain.speed')}
            value={speed}
            onChange={setSpeed}
            options={[
              ['fast', t('speed.fast')],
              ['normal', t('speed.normal')],
              ['slow', t('speed.slow')],
            ]}
          />
        </Card>
        <Card title={t('pay.cost')}>
          {amountSat !== undefined && amountSat > 0n && feerateSatPerVb !== undefined ? (
            <Cost address={target.address} amountSat={amountSat} feerateSatPerVb={feerateSatPerVb}>
              {(feeSat) => (
                <div className="button-row">
                  <Button
                    look="primary"
                    size="large"
                    isBusy={send.isBusy}
                    onPress={() => {
                      void send.run({ address: target.address, amountSat, feerateSatPerVb, maxFeeSat: feeSat }).then((sent) => sent && setTxid(sent.txid));
                    }}
                  >
                    {t('payChain.button')} <Amount sat={amountSat} />
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

interface CostProps {
  readonly address: string;
  readonly amountSat: bigint;
  readonly feerateSatPerVb: number;
  readonly children: (feeSat: bigint) => ReactNode;
}

function Cost({ children, ...given }: CostProps) {
  const { t } = useI18n();
  const { value: plan, error } = useAnswer('wallet.prepareSend', given, ['wallet.updated']);
  if (error) return <Problem error={error} />;
  if (!plan) return <Skeleton />;
  return (
    <>
      <dl className="facts">
        <dt>{t('pay.fee')}</dt>
        <dd>
          <Amount sat={plan.feeSat} />
        </dd>
        <dt>{t('payChain.rate')}</dt>
        <dd>{t('payChain.rate.value', { rate: plan.feerateSatPerVb })}</dd>
        <dt>{t('pay.total')}</dt>
        <dd className="strong">
          <Amount sat={plan.amountSat + plan.feeSat} />
        </dd>
      </dl>
      {children(plan.feeSat)}
    </>
  );
}
