import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useRef, useState } from 'react';
import { request } from '../client/client.ts';
import { Button } from '../components/button.tsx';
import { Card } from '../components/card.tsx';
import { Segments } from '../components/choice.tsx';
import { Empty, NotYet, Skeleton } from '../components/empty.tsx';
import { Field } from '../components/field.tsx';
import { PaymentRow, TransactionRow } from '../components/rows.tsx';
import { ScreenHead } from '../components/screen-head.tsx';
import { useI18n } from '../i18n/context.ts';
import { useAnswer } from '../state/answers.ts';
import { useRoute } from '../state/route.ts';

type Kind = 'all' | 'lightning' | 'chain';
const ROW_PX = 57;
const LIMIT = 1000;

/** What happened, newest first. */
export function History() {
  const { t } = useI18n();
  const { route } = useRoute();
  const [kind, setKind] = useState<Kind>('all');
  const [search, setSearch] = useState(route.input ?? '');
  const { value: payments } = useAnswer('payment.list', { limit: LIMIT }, ['payment.updated', 'invoice.updated']);
  const { value: transactions } = useAnswer('wallet.transactions', { limit: LIMIT }, ['wallet.updated']);
  const wanted = search.trim().toLowerCase();
  const lines = [
    ...(kind === 'chain' ? [] : (payments ?? [])).map((payment) => ({
      key: payment.paymentHash + payment.direction, timeMs: payment.endedAtMs ?? payment.createdAtMs,
      text: `${payment.paymentHash} ${payment.description ?? ''} ${payment.payeeNodeId ?? ''}`, row: <PaymentRow payment={payment} />,
    })),
    ...(kind === 'lightning' ? [] : (transactions ?? [])).map((transaction) => ({
      key: transaction.txid, timeMs: transaction.timeMs ?? Number.MAX_SAFE_INTEGER, text: `${transaction.txid} ${transaction.label ?? ''}`, row: <TransactionRow transaction={transaction} />,
    })),
  ].filter(({ text }) => text.toLowerCase().includes(wanted)).sort((a, b) => b.timeMs - a.timeMs); // prettier-ignore
  const save = async (): Promise<void> => {
    const { csv } = await request('payment.export', {});
    await request('shell.save', { fileName: 'sferic-payments.csv', content: csv });
  };
  return (
    <>
      <ScreenHead
        question={t('history.title')}
        detail={t('history.text')}
        actions={
          <Button icon="download" onPress={() => void save()}>
            {t('history.export')}
          </Button>
        }
      />
      <div className="stack">
        <div className="between history-tools">
          <Field label={t('history.search')} type="search" value={search} onChange={setSearch} maxLength={200} />
          <Segments
            label={t('history.kind')}
            value={kind}
            onChange={setKind}
            options={[
              ['all', t('history.all')],
              ['lightning', t('receive.lightning')],
              ['chain', t('receive.chain')],
            ]}
          />
        </div>
        <Card flush title={t('history.count', { count: lines.length })}>
          {!payments || !transactions ? <Skeleton /> : lines.length === 0 ? <Empty icon="history" title={t('history.empty')}>{t('history.empty.text')}</Empty> : <Lines lines={lines} />}
        </Card>
        <Card title={t('history.channels')}>
          <NotYet title={t('history.timeline')}>{t('history.timeline.text')}</NotYet>
        </Card>
      </div>
    </>
  );
}

interface Line {
  readonly key: string;
  readonly row: ReactNode;
}

/** Only what can be seen is in the page, however long the list. */
function Lines({ lines }: { readonly lines: readonly Line[] }) {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 8 });
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="scroll-list" ref={box} tabIndex={0} role="region" aria-label={t('history.title')}>
      <ul className="virtual" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => (
          <li key={key} style={{ transform: `translateY(${start}px)` }} aria-setsize={lines.length} aria-posinset={index + 1}>
            {lines[index]?.row}
          </li>
        ))}
      </ul>
    </div>
  );
}
