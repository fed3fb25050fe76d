import { type FormEvent, useState } from 'react';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { AmountField, Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ReserveNotice } from '../../components/reserve-notice.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { type Speed, SpeedChoice } from '../../components/speed-choice.tsx';
import { plainAmount, satOf } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import { recognise } from '../../state/recognise.ts';
import { useShell } from '../../state/shell.ts';
import { openSums } from './open-sums.ts';

interface OpenProps {
  readonly peer: string;
  readonly onBack: () => void;
  readonly onOpened: (channelId: string) => void;
}

/** With whom, how much, how fast, and what that means. */
export function OpenChannel({ peer: given, onBack, onOpened }: OpenProps) {
  const { t } = useI18n();
  const { shell } = useShell();
  const [peer, setPeer] = useState(given);
  const [amount, setAmount] = useState('');
  const [speed, setSpeed] = useState<Speed>(shell.chainSpeed);
  const { value: balance } = useAnswer('wallet.balance', {}, ['wallet.updated']);
  const { value: rates } = useAnswer('wallet.feerates', {}, ['chain.updated']);
  const open = useAction('channel.open');
  /** Only ever for the amount that was refused. */
  const [isSpending, setSpending] = useState(false);
  const changeAmount = (text: string): void => {
    setAmount(text);
    setSpending(false);
    if (open.error?.code === 'below_reserve') open.clear();
  };
  const capacitySat = satOf(amount, shell.unit);
  const isPeer = recognise(peer).kind === 'peer';
  const feerateSatPerVb = rates?.[`${speed}SatPerVb`];
  const { feeSat, totalSat, reserveSat } = openSums(capacitySat, feerateSatPerVb);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (capacitySat === undefined) return;
    const opened = await open.run({ peer: peer.trim(), capacitySat, ...(feerateSatPerVb === undefined ? {} : { feerateSatPerVb }), ...(isSpending ? { spendReserve: true } : {}) });
    if (opened) onOpened(opened.channelId);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <ScreenHead question={t('open.title')} detail={t('open.text')} actions={<Button onPress={onBack}>{t('back')}</Button>} />
      <div className="cols pay-cols">
        <Card title={t('open.channel')}>
          <Field label={t('open.peer')} value={peer} onChange={setPeer} multiline autoFocus={given === ''} help={t('open.peer.help')} {...(peer.trim() !== '' && !isPeer ? { error: t('open.peer.bad') } : {})} />
          <details className="more">
            <summary>{t('open.who')}</summary>
            <p className="small muted more-body">{t('open.who.text')}</p>
          </details>
          <AmountField label={t('open.capacity')} value={amount} onChange={changeAmount} autoFocus={given !== ''} help={balance && <>{t('open.available')} <Amount sat={balance.availableSat} /></>} {...(amount !== '' && capacitySat === undefined ? { error: t('amount.bad') } : {})} />
          <SpeedChoice label={t('payChain.speed')} value={speed} onChange={setSpeed} />
        </Card>
        <Card
          title={t('open.means')}
          foot={
            <Button look="primary" size="large" submit isBusy={open.isBusy} isDisabled={!isPeer || capacitySat === undefined || capacitySat === 0n}>
              {open.isBusy ? t('open.busy') : capacitySat === undefined || capacitySat === 0n ? t('open.button') : t('open.button.amount', { amount: plainAmount(capacitySat * 1000n, shell.unit) })}
            </Button>
          }
        >
          <dl className="facts">
            <dt>{t('open.now')}</dt>
            <dd>{feeSat === undefined ? '…' : <>{t('open.about')} <Amount sat={feeSat} /></>}</dd>
            {totalSat !== undefined && (
              <>
                <dt>{t('open.total')}</dt>
                <dd className="strong">{t('open.about')} <Amount sat={totalSat} /></dd>
              </>
            )}
            <dt>{t('open.reserve')}</dt>
            <dd>
              {t('open.about')} {reserveSat === undefined ? '1%' : <Amount sat={reserveSat} />} <span className="faint">· {t('open.reserve.text')}</span>
            </dd>
            <dt>{t('open.time')}</dt>
            <dd>{t('open.time.text')}</dd>
            <dt>{t('open.atClose')}</dt>
            <dd>{t('open.atClose.text')}</dd>
          </dl>
          <ReserveNotice error={open.error} isSpending={isSpending} onSpending={setSpending} onTake={changeAmount} />
          <Problem error={open.error?.code === 'below_reserve' ? undefined : open.error} />
          <Notice>
            <p>{t('open.receive')}</p>
          </Notice>
        </Card>
      </div>
    </form>
  );
}
