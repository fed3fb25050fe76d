import type { ReactNode } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { groups, plainAmount } from '../../format/amounts.ts';
import { betweenSentences, fullStop, useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useShell } from '../../state/shell.ts';
import type { Channel } from './channel-tag.tsx';
import { closeWords } from './close-words.ts';
import { type Less, lessOf, takingFeeOf } from './closing-sums.ts';
import { whenOf } from './when.ts';

type Closing = Answer<'channel.closing'>;
type Output = Closing['outputs'][number];

/** A reorganisation deeper than this has not been seen: what is under it counts as settled. */
const SAFE_DEPTH = 6;

/** Where a close stands: each stage with its height, and about when. */
export function ClosingStages({ channel, closing }: { readonly channel: Channel; readonly closing: Closing | undefined }) {
  const { t, language } = useI18n();
  const { value: info } = useAnswer('node.info', {}, ['chain.updated', 'peer.updated', 'channel.updated']);
  const { value: states } = useAnswer('channel.states', { channelId: channel.channelId, from: channel.closingCommitmentNumber ?? 0, limit: 1 }, ['channel.updated']);
  const words = closeWords(channel, t);
  const tip = info?.chain?.height;
  const less = closing && lessOf(channel, closing, states?.states[0]);
  return (
    <section className="stack-tight" aria-label={t('stages.title')}>
      <h3>{t('stages.title')}</h3>
      <p>
        {[channel.closeReason === undefined || channel.spendClass === 'revoked' ? undefined : words.reason, words.spend].filter(Boolean).join(betweenSentences(language))}
      </p>
      {closing && tip !== undefined ? <Stages channel={channel} closing={closing} less={less} tip={tip} /> : <Skeleton />}
    </section>
  );
}

interface StagesProps {
  readonly channel: Channel;
  readonly closing: Closing;
  readonly less: Less | undefined;
  readonly tip: number;
}

function Stages({ channel, closing, less, tip }: StagesProps) {
  const { t, language } = useI18n();
  const { transaction, outputs, finalAtHeight } = closing;
  const height = transaction?.height;
  const depth = height === undefined ? 0 : tip - height + 1;
  const takingFeeSat = takingFeeOf(channel, closing);
  return (
    <ol className="trail stages">
      <Stage isDone>{t(transaction || closing.state === 'failing' ? 'stages.published' : 'stages.agreeing')}</Stage>
      <Stage isDone={height !== undefined} isLive={height === undefined}>
        {height === undefined ? t('stages.waiting') : depth >= SAFE_DEPTH ? t('stages.settled', { height: groups(BigInt(height)) }) : t('stages.inBlock', { height: groups(BigInt(height)), depth, safe: SAFE_DEPTH })}
      </Stage>
      {outputs.map((output) => (
        <OutputStage key={`${output.txid}:${output.vout}`} output={output} tip={tip} less={output.kind === 'balance' && output.txid === transaction?.txid && less?.by !== 'mutual' ? less : undefined} />
      ))}
      {(finalAtHeight !== undefined || closing.state === 'closed') && (
        <Stage isDone={closing.state === 'closed'}>
          {closing.backSat > 0n && (
            <>
              {t('stages.backAll')} <Amount sat={closing.backSat} />
              {fullStop(language)}
            </>
          )}
          {closing.state === 'closed' ? t('stages.closed') : t('stages.final', whenOf(finalAtHeight ?? tip, tip, language))}
          {takingFeeSat !== undefined && <Note text="stages.takingFee" sats={{ fee: takingFeeSat }} />}
          {less?.by === 'mutual' && <LessNote less={less} />}
        </Stage>
      )}
    </ol>
  );
}

/** Figures of a sentence, in the unit that the person chose. */
function Note({ text, sats, values }: { readonly text: 'stages.takingFee' | 'stages.share'; readonly sats: Readonly<Record<string, bigint>>; readonly values?: Readonly<Record<string, string>> }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const amounts = Object.fromEntries(Object.entries(sats).map(([name, sat]) => [name, plainAmount(sat * 1000n, shell.unit)]));
  return <span className="small muted">{t(text, { ...values, ...amounts })}</span>;
}

const LessNote = ({ less: { shareSat, costSat, by } }: { readonly less: Less }) => <Note text="stages.share" sats={{ share: shareSat, cost: costSat }} values={{ by }} />;

function OutputStage({ output, tip, less }: { readonly output: Output; readonly tip: number; readonly less: Less | undefined }) {
  const { t, language } = useI18n();
  const { kind, amountSat, earliestHeight, deadlineHeight, takenBy, takenHeight } = output;
  if (kind === 'other' && takenBy !== 'us') return null;
  const amount = amountSat !== undefined && <Amount sat={amountSat} />;
  const name = t(`stages.kind.${kind}`);
  if (takenBy) {
    return (
      <Stage isDone={takenHeight !== undefined} isLive={takenHeight === undefined}>
        {name} {amount} {takenHeight === undefined ? t(`stages.${takenBy}.waits`) : t(`stages.${takenBy}.took`, { height: groups(BigInt(takenHeight)) })}
        {less && <LessNote less={less} />}
      </Stage>
    );
  }
  const isReady = earliestHeight === undefined || earliestHeight <= tip + 1;
  return (
    <Stage isLive={isReady}>
      {name} {amount} {isReady ? t('stages.ready') : t('stages.from', whenOf(earliestHeight, tip, language))}
      {less && <LessNote less={less} />}
      {deadlineHeight !== undefined && <span className="small muted">{t('stages.deadline', { height: groups(BigInt(deadlineHeight)) })}</span>}
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
