import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { Answer } from '../../../core/api.ts';
import { useI18n } from '../../i18n/context.ts';
import { useShell } from '../../state/shell.ts';
import type { StateBook } from '../../state/state-book.ts';
import { StateRow } from './state-row.tsx';

export type Order = 'newest' | 'oldest';

const ROW_PX = 26;
const HEAD_PX = 26;
/** As many rows as a page can be high in every browser engine; the rest is reached by jumping. */
const MOST_ROWS = 1_000_000;

const COLUMNS = ['number', 'time', 'change', 'amount', 'bar', 'you', 'inflight', 'peer', 'rate', 'yours', 'theirs'] as const;

interface StateTableProps {
  readonly book: StateBook;
  readonly channel: Answer<'channel.get'>;
  /** Number of the newest state. */
  readonly highest: number;
  readonly order: Order;
  readonly chosen: number | undefined;
  readonly onChoose: (number: number) => void;
  readonly jump: { readonly number: number; readonly visit: number } | undefined;
}

/** Every state of a channel; only the rows in sight are in the page, and only their pages in memory. */
export function StateTable({ book, channel, highest, order, chosen, onChoose, jump }: StateTableProps) {
  const { t } = useI18n();
  const { unit } = useShell().shell;
  const box = useRef<HTMLDivElement>(null);
  // The list ends a little above a state that was jumped to, or at the newest.
  const top = jump && highest - jump.number >= MOST_ROWS ? Math.min(highest, jump.number + MOST_ROWS / 2) : !jump && order === 'oldest' ? Math.min(highest, MOST_ROWS - 1) : highest;
  const count = Math.min(top + 1, MOST_ROWS);
  const lowest = top - count + 1;
  const numberAt = (index: number): number => (order === 'newest' ? top - index : lowest + index);
  const virtual = useVirtualizer({ count, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 6, scrollMargin: HEAD_PX });
  const items = virtual.getVirtualItems();
  // A row that leaves on one side comes in again on the other: rewriting it takes less than making it.
  const rows = useRef(1);
  rows.current = Math.max(rows.current, items.length);
  const slotOf = (index: number): number => index % rows.current;
  // Moving an element costs as much as making it: in the order in which they are read they stand again at rest.
  const placed = virtual.isScrolling ? items.toSorted((a, b) => slotOf(a.index) - slotOf(b.index)) : items;
  const [first, last] = [numberAt(items[0]?.index ?? 0), numberAt(items.at(-1)?.index ?? 0)];
  useEffect(() => book.want(first, last), [book, first, last, highest]);
  const indexOf = (number: number): number => (order === 'newest' ? top - number : number - lowest);
  const target = jump && indexOf(jump.number);
  const visit = jump?.visit;
  useEffect(() => {
    if (visit !== undefined && target !== undefined) virtual.scrollToIndex(target, { align: 'center' });
    // oxlint-disable-next-line react/exhaustive-deps -- once for each jump, not when the list grows
  }, [visit]);
  // While somebody reads further down, new states at the top do not move what is read.
  const before = useRef({ top, visit });
  useEffect(() => {
    const grown = visit === before.current.visit ? top - before.current.top : 0;
    before.current = { top, visit };
    if (order === 'newest' && grown > 0 && box.current && box.current.scrollTop > ROW_PX) box.current.scrollTop += grown * ROW_PX;
  }, [top, order, visit]);
  /** From row to row, as in any list. */
  const step = (event: KeyboardEvent<HTMLDivElement>): void => {
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = (event.target as HTMLElement).dataset['state'];
    if (down === undefined || from === undefined) return;
    event.preventDefault();
    const index = Math.min(count - 1, Math.max(0, indexOf(Number(from)) + down));
    onChoose(numberAt(index));
    virtual.scrollToIndex(index);
    const row = (): HTMLElement | null | undefined => box.current?.querySelector<HTMLElement>(`[data-state="${numberAt(index)}"]`);
    // At once where it is there: the next key may come before the next picture.
    if (row()) row()?.focus();
    else requestAnimationFrame(() => row()?.focus());
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className={`scroll-list states in-${unit}`} style={{ maxHeight: HEAD_PX + count * ROW_PX }} ref={box} tabIndex={0} role="region" aria-label={t('states.list')}>
      <div role="table" aria-label={t('states.title')} aria-rowcount={count + 1}>
        <div role="rowgroup" className="states-head">
          <div role="row" className="state" aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <span key={column} role="columnheader" className={`c-${column}`}>
                {t(`states.column.${column}`)}
              </span>
            ))}
          </div>
        </div>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the rows' own buttons have the focus */}
        <div role="rowgroup" className="virtual" style={{ height: virtual.getTotalSize() }} onKeyDown={step}>
          {placed.map(({ index, start }) => {
            const number = numberAt(index);
            return <StateRow key={slotOf(index)} number={number} index={index} top={start - HEAD_PX} state={book.at(number)} before={book.at(number - 1)} isMissing={book.isRead(number)} channel={channel} isChosen={chosen === number} onChoose={onChoose} />;
          })}
        </div>
      </div>
    </div>
  );
}
