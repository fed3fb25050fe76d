import type { ReactNode } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { groups } from '../../format/amounts.ts';
import { dateOfHeight } from '../../format/times.ts';
import { betweenSentences, fullStop, useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { closeWords } from './close-words.ts';
import type { Channel } from './channel-tag.tsx';

type Closing = Answer<'channel.closing'>;
type Output = Closing['outputs'][number];

/** A reorganisation deeper than this has not been seen: what is under it counts as settled. */
const SAFE_DEPTH = 6;

/** Where a close stands: each stage with its height, and about when. */
export function ClosingStages({ channel }: { readonly channel: Channel }) {
  const { t, language } = useI18n();
  const { value: closing } = useAnswer('channel.closing', { channelId: channel.channelId }, ['channel.updated', 'chain.updated', 'wallet.updated']);
  const { value: info } = useAnswer('node.info', {}, ['chain.updated', 'peer.updated', 'channel.updated']);
  const words = closeWords(channel, t);
  const tip = info?.chain?.height;
  return (
    <section className="stack-tight" aria-label={t('stages.title')}>
      <h3>{t('stages.title')}</h3>
      <p>
        {[channel.closeReason === undefined ? undefined : words.reason, words.spend].filter(Boolean).join(betweenSentences(language))}
      </p>
      {closing && tip !== undefined ? <Stages closing={closing} tip={tip} /> : <Skeleton />}
    </section>
  );
}

function Stages({ closing, tip }: { readonly closing: Closing; readonly tip: number }) {
  const { t, language } = useI18n();
  const { transaction, outputs, finalAtHeight } = closing;
  const height = transaction?.height;
  const depth = height === undefined ? 0 : tip - height + 1;
  const when = (at: number): { readonly height: string; readonly date: string } => ({ height: groups(BigInt(at)), date: dateOfHeight(at, tip, language) });
  return (
    <ol className="trail stages">
      <Stage isDone>{t(transaction || closing.state === 'failing' ? 'stages.published' : 'stages.agreeing')}</Stage>
      <Stage isDone={height !== undefined} isLive={height === undefined}>
        {height === undefined ? t('stages.waiting') : depth >= SAFE_DEPTH ? t('stages.settled', { height: groups(BigInt(height)) }) : t('stages.inBlock', { height: groups(BigInt(height)), depth, safe: SAFE_DEPTH })}
      </Stage>
      {outputs.map((output) => (
        <OutputStage key={`${output.txid}:${output.vout}`} output={output} tip={tip} />
      ))}
      {(finalAtHeight !== undefined || closing.state === 'closed') && (
        <Stage isDone={closing.state === 'closed'}>
          {closing.backSat > 0n && (
            <>
              {t(closing.state === 'closed' ? 'stages.backAll' : 'stages.back')} <Amount sat={closing.backSat} />
              {fullStop(language)}
            </>
          )}
          {closing.state === 'closed' ? t('stages.closed') : t('stages.final', when(finalAtHeight ?? tip))}
        </Stage>
      )}
    </ol>
  );
}

function OutputStage({ output, tip }: { readonly output: Output; readonly tip: number }) {
  const { t, language } = useI18n();
  const { kind, amountSat, earliestHeight, deadlineHeight, takenBy, takenHeight } = output;
  if (kind === 'other' && takenBy !== 'us') return null;
  const amount = amountSat !== undefined && <Amount sat={amountSat} />;
  const name = t(`stages.kind.${kind}`);
  if (takenBy) {
    return (
      <Stage isDone={takenHeight !== undefined} isLive={takenHeight === undefined}>
        {name} {amount} {takenHeight === undefined ? t(`stages.${takenBy}.waits`) : t(`stages.${takenBy}.took`, { height: groups(BigInt(takenHeight)) })}
      </Stage>
    );
  }
  const isReady = earliestHeight === undefined || earliestHeight <= tip + 1;
  return (
    <Stage isLive={isReady}>
      {name} {amount} {isReady ? t('stages.ready') : t('stages.from', { height: groups(BigInt(earliestHeight)), blocks: earliestHeight - tip, date: dateOfHeight(earliestHeight, tip, language) })}
      {deadlineHeight !== undefined && <span className="small muted"> {t('stages.deadline', { height: groups(BigInt(deadlineHeight)) })}</span>}
    </Stage>
  );
}

function Stage({ isDone = false, isLive = false, children }: { readonly isDone?: boolean; readonly isLive?: boolean; readonly children: ReactNode }) {
  return (
    <li className={isDone ? 'is-done' : isLive ? 'is-live' : undefined}>
      <span className="node" />
      <span>{children}</span>
    </li>
  );
}
