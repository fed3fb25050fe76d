import type { Answer, ApiError, ErrorCode } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Notice } from '../../components/notice.tsx';
import { ofFixedAmount } from '../../format/fault-words.ts';
import { useI18n } from '../../i18n/context.ts';

/** What it costs, or why it cannot be paid now. `isFixed`: the invoice names the amount. */
export function QuoteFacts({ quote, isFixed }: { readonly quote: Answer<'payment.quote'>; readonly isFixed: boolean }) {
  const { t, errorText } = useI18n();
  const reason: ApiError | undefined = quote.reason && { ...quote.reason, code: quote.reason.code as ErrorCode };
  return (
    <>
      {!quote.payable && reason && (
        <Notice kind="warning" live title={t('pay.notPayable')}>
          <p>{errorText(isFixed ? ofFixedAmount(reason) : reason)}</p>
        </Notice>
      )}
      <dl className="facts">
        {quote.payable && (
          <>
            <dt>{t('pay.fee')}</dt>
            <dd>
              <Amount msat={quote.feeMsat} exact />
            </dd>
            <dt>{t('pay.maxFee')}</dt>
            <dd>
              <Amount msat={quote.maxFeeMsat} exact />
            </dd>
            <dt>{t('pay.total')}</dt>
            <dd className="strong">
              <Amount msat={quote.amountMsat + quote.maxFeeMsat} exact />
            </dd>
            <dt>{t('pay.parts')}</dt>
            <dd>{t('pay.parts.count', { count: quote.parts })}</dd>
          </>
        )}
        <dt>{t('pay.possible')}</dt>
        <dd>
          <Amount msat={quote.possibleMsat} />
        </dd>
      </dl>
      {quote.payable && <p className="small muted">{t('pay.maxFee.text')}</p>}
    </>
  );
}
