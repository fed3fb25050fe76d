import { request } from '../../client/client.ts';
import { Card } from '../../components/card.tsx';
import { Segments } from '../../components/choice.tsx';
import { SpeedChoice } from '../../components/speed-choice.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useShell } from '../../state/shell.ts';

const PERCENT = ['0.25', '0.5', '1', '2', '5'] as const;

/** What may be spent on fees unless something else is said; each payment shows its own limit before it is made. */
export function Fees() {
  const { t, language } = useI18n();
  const { paymentFeePercent, chainSpeed } = useShell().shell;
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 });
  return (
    <Card title={t('settings.fees')}>
      <Segments label={t('settings.fees.payment')} value={String(paymentFeePercent)} onChange={(chosen) => void request('shell.set', { paymentFeePercent: Number(chosen) })} options={PERCENT.map((value) => [value, percent.format(Number(value) / 100)] as const)} />
      <p className="small muted">{t('settings.fees.text')}</p>
      <SpeedChoice label={t('settings.fees.chain')} value={chainSpeed} onChange={(speed) => void request('shell.set', { chainSpeed: speed })} />
    </Card>
  );
}
