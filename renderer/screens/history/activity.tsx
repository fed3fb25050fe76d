import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Segments } from '../../components/choice.tsx';
import { Empty, Skeleton } from '../../components/empty.tsx';
import { Field } from '../../components/field.tsx';
import { shortId } from '../../components/identifier.tsx';
import { Problem } from '../../components/problem.tsx';
import { PaymentRow, TransactionRow } from '../../components/rows.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { timeText } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { type ActivityBook, type ActivityEntry, type ActivityFilter, useActivity } from '../../state/activity-book.ts';
import { useAction } from '../../state/action.ts';
import { useAnswer } from '../../state/answers.ts';
import { useRoute } from '../../state/route.ts';
import { ChannelTag } from '../channels/channel-tag.tsx';
import { ActivityDetail } from './activity-detail.tsx';
import { type Raised, RaisedNotice } from './raise-fee.tsx';

const KINDS = ['all', 'lightning', 'chain', 'channels', 'fees'] as const;
type Kind = (typeof KINDS)[number];
const FILTER: Readonly<Record<Kind, ActivityFilter>> = {
  all: {}, lightning: { kinds: ['sent', 'received'] }, chain: { kinds: ['chain'] }, channels: { kinds: ['channel'] }, fees: { withFee: true },
}; // prettier-ignore
const STATES = ['any', 'succeeded', 'pending', 'failed'] as const;
type State = (typeof STATES)[number];
const ROW_PX = 57;
const SEARCH_MS = 250;

/** What was typed, once the typing rests; what is cleared is gone at once, with the list that it had found. */
function useRested(text: string): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), SEARCH_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return text === '' ? '' : rested;
}

/** Payments, transactions, openings, closes and what they cost: one ledger, newest first. */
export function Activity({ onChannel }: { readonly onChannel: (channelId: string) => void }) {
  const { t } = useI18n();
  const { route } = useRoute();
  /** Told until something else is looked at. */
  const [raised, setRaised] = useState<Raised>();
  const [kind, setKind] = useState<Kind>('all');
  const [state, setState] = useState<State>('any');
  const [search, setSearch] = useState(route.input ?? '');
  const [picked, setPicked] = useState<{ readonly entry: ActivityEntry; readonly sieve: string }>();
  const wanted = useRested(search.trim());
  const sieve = JSON.stringify([kind, state, wanted]);
  // What was chosen in another list may not be in this one.
  const chosen = picked?.sieve === sieve ? picked.entry : undefined;
  const book = useActivity({ ...FILTER[kind], ...(state === 'any' ? {} : { state }), ...(wanted === '' ? {} : { search: wanted }) });
  const save = useAction('shell.saveExport');
  const isSifted = kind !== 'all' || state !== 'any' || wanted !== '';
  const shown = book.isBegun && book.count > 0 ? latest(book, chosen) : undefined;
  return (
    <>
      <ScreenHead
        question={t('history.title')}
        detail={t('history.text')}
        actions={
          <>
            <Button icon="download" isBusy={save.isBusy} onPress={() => void save.run({ fileName: 'sferic-activity.csv', what: 'activity' })}>
              {t('history.export')}
            </Button>
            <Button icon="download" onPress={() => void save.run({ fileName: 'sferic-labels.jsonl', what: 'labels' })}>
              {t('history.exportLabels')}
            </Button>
          </>
        }
      />
      <div className="stack">
        <Problem error={save.error ?? book.error} />
        <div className="between history-tools">
          <Field label={t('history.search')} type="search" value={search} onChange={setSearch} maxLength={200} />
          <Segments label={t('history.kind')} value={kind} onChange={setKind} options={KINDS.map((one) => [one, t(`history.kind.${one}`)] as const)} />
          <Segments label={t('history.state')} value={state} onChange={setState} options={STATES.map((one) => [one, t(`history.state.${one}`)] as const)} />
        </div>
        {raised && !chosen && <RaisedNotice raised={raised} />}
        <div className="cols activity-cols">
          <Card flush title={t('history.entries')} aside={<Reach book={book} />}>
            {!book.isBegun ? <Skeleton /> : book.count === 0 && book.isAtEnd ? <Empty icon="history" title={t(isSifted ? 'history.empty' : 'latest.empty')}>{t('history.empty.text')}</Empty> : <Lines key={sieve} book={book} chosen={shown?.key} onChoose={(entry) => setPicked({ entry, sieve })} />}
          </Card>
          <div className="stack">
            <ChannelList onChannel={onChannel} />
            {shown && (
              <ActivityDetail
                key={shown.key}
                entry={shown}
                isChosen={shown.key === chosen?.key}
                onChanged={() => book.refresh()}
                onRaised={(done) => {
                  // The newest is what took its place, under another id than the one that may have been looked for.
                  setSearch('');
                  setPicked(undefined);
                  setRaised(done);
                  book.refresh();
                }}
              />
            )}
          </div>
        </div>
      </div>
    </>
  );
}

/** The chosen entry as it is now; at the start the newest. */
function latest(book: ActivityBook, chosen: ActivityEntry | undefined): ActivityEntry | undefined {
  if (!chosen) return book.at(0);
  for (let index = 0; index < Math.min(book.count, 100); index++) if (book.at(index)?.key === chosen.key) return book.at(index);
  return chosen;
}

/** How many are known, and how far back a search has come. */
function Reach({ book }: { readonly book: ActivityBook }) {
  const { t, language } = useI18n();
  if (!book.isBegun) return null;
  if (!book.isAtEnd && book.count === 0 && book.lookedBackToMs !== undefined) {
    return (
      <span className="small muted" role="status">
        {t('history.lookedBack', { time: timeText(book.lookedBackToMs, language, { isPast: true }) })}
      </span>
    );
  }
  return <span className="small muted">{t(book.isAtEnd ? 'history.count.all' : 'history.count.more', { count: book.count })}</span>;
}

/** Only what can be seen is in the page, and more is fetched when its end comes into sight. */
function Lines({ book, chosen, onChoose }: { readonly book: ActivityBook; readonly chosen: string | undefined; readonly onChoose: (entry: ActivityEntry) => void }) {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: book.count, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 8 });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  const isAtTop = (virtual.scrollOffset ?? 0) < ROW_PX;
  useEffect(() => book.want(isAtTop ? 0 : Math.max(1, first), last), [book, first, last, isAtTop, book.count]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="scroll-list activity-list" style={{ maxHeight: Math.max(book.count, 1) * ROW_PX }} ref={box} tabIndex={0} role="region" aria-label={t('history.list')}>
      <ul className="virtual" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const entry = book.at(index);
          return (
            <li key={key} style={{ transform: `translateY(${start}px)` }} aria-setsize={book.isAtEnd ? book.count : -1} aria-posinset={index + 1}>
              {entry ? (
                <AriaButton className="entry" aria-current={entry.key === chosen} onPress={() => onChoose(entry)}>
                  {entry.payment ? <PaymentRow payment={entry.payment} label={entry.label} /> : entry.transaction && <TransactionRow transaction={entry.transaction} />}
                </AriaButton>
              ) : (
                <Skeleton />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** The way to each channel's own history. */
function ChannelList({ onChannel }: { readonly onChannel: (channelId: string) => void }) {
  const { t } = useI18n();
  const { value: channels } = useAnswer('channel.list', { includeClosed: true }, ['channel.updated']);
  if (!channels) return null;
  return (
    <Card flush title={t('history.channels')}>
      {channels.length === 0 && <p className="card-body muted">{t('history.channels.none')}</p>}
      <ul className="rows channel-links">
        {channels.map((channel) => (
          <li key={channel.channelId}>
            <AriaButton className="entry entry-line" onPress={() => onChannel(channel.channelId)}>
              <span className="key">
                <span className="code">{shortId(channel.peerNodeId)}</span>
                <ChannelTag channel={channel} />
              </span>
              <span className="small muted">{t('history.channels.states', { count: channel.localCommitmentNumber + 1 })}</span>
            </AriaButton>
          </li>
        ))}
      </ul>
    </Card>
  );
}
