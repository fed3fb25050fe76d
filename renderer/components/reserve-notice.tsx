import type { RequestError } from '../client/client.ts';
import { amountText } from '../format/amounts.ts';
import { useI18n } from '../i18n/context.ts';
import { useShell } from '../state/shell.ts';
import { Amount } from './amount.tsx';
import { Button } from './button.tsx';
import { Toggle } from './choice.tsx';
import { Notice } from './notice.tsx';

interface ReserveNoticeProps {
  readonly error: RequestError | undefined;
  readonly isSpending: boolean;
  readonly onSpending: (isSpending: boolean) => void;
  /** Given the most that is possible beside the reserve, as it stands in an amount field. */
  readonly onTake?: (text: string) => void;
}

const satIn = (value: string | number | undefined): bigint | undefined => (value === undefined ? undefined : BigInt(value));

/** Why the coins kept for closing channels stop this, what is possible beside them, and the switch that uses them all the same. */
export function ReserveNotice({ error, isSpending, onSpending, onTake }: ReserveNoticeProps) {
  const { t } = useI18n();
  const { shell } = useShell();
  const refusal = error?.code === 'below_reserve' ? error : undefined;
  if (!refusal && !isSpending) return null;
  const [reserveSat, possibleSat] = [satIn(refusal?.data?.['reserveSat']), satIn(refusal?.data?.['possibleSat'])];
  return (
    <Notice kind="warning" live title={t(isSpending ? 'reserve.on' : 'reserve.title')}>
      <div className="stack-tight">
        {isSpending ? (
          <p>{t('reserve.on.text')}</p>
        ) : (
          <>
            <p>{t('reserve.text')}</p>
            <dl className="facts">
              {reserveSat !== undefined && (
                <>
                  <dt>{t('reserve.kept')}</dt>
                  <dd>
                    <Amount sat={reserveSat} />
                  </dd>
                </>
              )}
              {possibleSat !== undefined && (
                <>
                  <dt>{t('reserve.possible')}</dt>
                  <dd>
                    <Amount sat={possibleSat} />
                  </dd>
                </>
              )}
            </dl>
          </>
        )}
        {!isSpending && onTake && possibleSat !== undefined && possibleSat > 0n && (
          <div className="button-row">
            <Button size="small" onPress={() => onTake(amountText(possibleSat * 1000n, shell.unit, false).whole)}>
              {t('reserve.take')} <Amount sat={possibleSat} />
            </Button>
          </div>
        )}
        <Toggle isOn={isSpending} onChange={onSpending}>
          {t('reserve.spend')}
        </Toggle>
      </div>
    </Notice>
  );
}
