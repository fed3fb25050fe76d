import { useState } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/choice.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { shortId } from '../../components/identifier.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { groups } from '../../format/amounts.ts';
import { standingsOf } from '../../format/standing.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import { type StateBook, useStateBook } from '../../state/state-book.ts';
import { closeWords } from '../channels/close-words.ts';
import { EvidenceDialog } from './evidence-dialog.tsx';
import { JumpForm } from './jump-form.tsx';
import { Publishable } from './publishable.tsx';
import { RevocationTree } from './revocation-tree.tsx';
import { StateDetail } from './state-detail.tsx';
import { type Order, StateTable } from './state-table.tsx';

type Channel = Answer<'channel.get'>;

const VERDICT: Readonly<Record<string, 'revoked' | 'future' | 'unknown'>> = { revoked: 'revoked', future: 'future', unknown: 'unknown' };
/** Reasons of a close that nobody wished for. */
const TROUBLE: ReadonlySet<string> = new Set(['peer_error', 'protocol_violation', 'htlc_deadline', 'data_loss']);

/** What happened in this channel, and what could each side publish now? */
export function ChannelTimeline({ channelId, onBack }: { readonly channelId: string; readonly onBack: () => void }) {
  const { t } = useI18n();
  const { value: channel, error } = useAnswer('channel.get', { channelId }, ['channel.updated']);
  const [isExporting, setExporting] = useState(false);
  const verdict = VERDICT[channel?.spendClass ?? ''] ?? (TROUBLE.has(channel?.closeReason ?? '') ? 'trouble' : 'fine');
  return (
    <>
      <ScreenHead
        question={t(`timeline.title.${verdict}`)}
        detail={
          channel && (
            <>
              {t('timeline.with')} <span className="code">{shortId(channel.peerNodeId)}</span> · <Amount sat={channel.capacitySat} /> {!channel.isRestored && <>· {t('timeline.revoked', { count: channel.remoteCommitmentNumber })}</>}
            </>
          )
        }
        actions={
          <>
            <Button onPress={onBack}>{t('back')}</Button>
            <Button icon="download" onPress={() => setExporting(true)}>
              {t('evidence.button')}…
            </Button>
          </>
        }
      />
      <Problem error={error} />
      {channel?.closeReason !== undefined && !(channel.isRestored && channel.state === 'fallen_behind') && <Closed channel={channel} />}
      {!channel ? <Skeleton /> : channel.isRestored ? <Notice title={t('channel.restored.history')} /> : <Body channel={channel} />}
      <EvidenceDialog channelId={channelId} isOpen={isExporting} onClose={() => setExporting(false)} />
    </>
  );
}

/** How and why it ended, in words; of a breach, which the title names already, what becomes of the money. */
function Closed({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  const isBad = channel.spendClass !== undefined && channel.spendClass in VERDICT;
  const { reason, spend } = closeWords(channel, t);
  const number = channel.closingCommitmentNumber;
  return (
    <div className="alarm">
      {isBad ? (
        <Notice kind="warning" title={channel.spendClass === 'revoked' && number !== undefined ? t('timeline.penalty', { state: groups(BigInt(number)) }) : spend} />
      ) : (
        <Notice title={reason}>{spend && <p>{spend}</p>}</Notice>
      )}
    </div>
  );
}

function Body({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  const book: StateBook = useStateBook(channel.channelId);
  const { unit } = useShell().shell;
  const [order, setOrder] = useState<Order>('newest');
  const [chosen, setChosen] = useState<number>();
  const [jump, setJump] = useState<{ readonly number: number; readonly visit: number }>();
  const highest = Math.max(book.newest?.ours ?? channel.localCommitmentNumber, book.newest?.theirs ?? channel.remoteCommitmentNumber);
  const go = (number: number): void => {
    setChosen(number);
    setJump((before) => ({ number, visit: (before?.visit ?? 0) + 1 }));
  };
  return (
    <div className="cols timeline-cols">
      <section className="card" aria-label={t('states.title')}>
        <div className="card-head states-tools">
          <h2>
            {t('states.title')} <span className="states-units">{t('states.units', { unit: unit === 'sat' ? 'sat' : 'BTC' })}</span>
          </h2>
          <JumpForm highest={highest} onJump={go} />
          <Segments
            label={t('states.order')}
            hideLabel
            value={order}
            onChange={setOrder}
            options={[
              ['newest', t('states.newest')],
              ['oldest', t('states.oldest')],
            ]}
          />
        </div>
        <Problem error={book.error} />
        <StateTable key={order} book={book} channel={channel} highest={highest} order={order} chosen={chosen} onChoose={setChosen} jump={jump} />
        <div className="card-foot legend">
          {(['local', 'inflight', 'remote'] as const).map((side) => (
            <span className="key" key={side}>
              <span className={`swatch sw-${side}`} />
              {t(`states.legend.${side}`)}
            </span>
          ))}
          {standingsOf(channel).map((standing) => (
            <span className="key" key={standing}>
              <span className={`standing standing-${standing}`} />
              {t(standing === 'revoked' ? 'states.legend.revoked' : `standing.${standing}`)}
            </span>
          ))}
        </div>
      </section>
      <div className="stack timeline-side">
        {chosen !== undefined && <StateDetail key={chosen} number={chosen} state={book.at(chosen)} before={book.at(chosen - 1)} channel={channel} />}
        <Publishable channel={channel} />
        <RevocationTree channelId={channel.channelId} newest={book.newest?.theirs ?? channel.remoteCommitmentNumber} chosen={chosen} />
      </div>
    </div>
  );
}
