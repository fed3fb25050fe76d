import { memo } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Card } from '../../components/card.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { Identifier } from '../../components/identifier.tsx';
import { Problem } from '../../components/problem.tsx';
import { groups } from '../../format/amounts.ts';
import { outcomeOf, spenderOf } from '../../format/standing.ts';
import { dateOfHeight } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';

type Channel = Answer<'channel.get'>;
type Preview = Answer<'channel.previewForceClose'>;

const EVENTS = ['channel.updated', 'chain.updated'] as const;
/** Of the three rates, the one in the middle. */
const USUAL = 1;

/** What each side could publish at this moment, and what would come of it; once the channel is spent, what stands. */
export const Publishable = memo(function Publishable({ channel }: { readonly channel: Channel }) {
  const { t } = useI18n();
  const isOver = ['failing', 'closing', 'closed'].includes(channel.state);
  return (
    <Card flush title={t('publish.title')}>
      {isOver ? <Over channelId={channel.channelId} /> : <Sides channel={channel} />}
    </Card>
  );
});

function Over({ channelId }: { readonly channelId: string }) {
  const { t } = useI18n();
  const { value: closing, error } = useAnswer('channel.closing', { channelId }, EVENTS);
  const transaction = closing?.transaction;
  return (
    <div className="card-body stack publish-over">
      <Problem error={error} />
      {closing ? <p>{t(`publish.over.${outcomeOf(closing)}`)}</p> : !error && <Skeleton />}
      {transaction && (
        <dl className="facts facts-tight">
          <dt>{t(transaction.height === undefined ? 'publish.waiting' : 'publish.stands')}</dt>
          <dd>{t(`publish.by.${spenderOf(transaction)}`, { state: groups(BigInt(transaction.commitmentNumber ?? 0)) })}</dd>
          {transaction.height !== undefined && (
            <>
              <dt>{t('detail.block')}</dt>
              <dd>{groups(BigInt(transaction.height))}</dd>
            </>
          )}
          <dt>{t('payChain.transaction')}</dt>
          <dd>
            <Identifier text={transaction.txid} />
          </dd>
        </dl>
      )}
    </div>
  );
}

function Sides({ channel }: { readonly channel: Channel }) {
  const { t, language } = useI18n();
  const { channelId } = channel;
  const ours = useAnswer('channel.previewForceClose', { channelId, commitment: 'ours' }, EVENTS);
  const theirs = useAnswer('channel.previewForceClose', { channelId, commitment: 'theirs' }, EVENTS);
  const { value: towers } = useAnswer('tower.list', {}, ['tower.updated']);
  const guards = towers?.filter(({ channels }) => channels.some((one) => one.channelId === channelId)).length ?? 0;
  const outcome = (answer: Preview, index: number) => {
    const preview = answer.previews[index];
    const height = preview?.summary.backAtHeight[USUAL];
    if (!preview) return null;
    return (
      <p>
        <Amount sat={preview.summary.backSat[USUAL]} /> {typeof height === 'number' ? t('publish.back', { height: groups(BigInt(height)), date: dateOfHeight(height, answer.atHeight, language), blocks: height - answer.atHeight }) : t('publish.nothing')}
      </p>
    );
  };
  const number = (answer: Preview | undefined): string => (answer ? answer.previews.map(({ commitmentNumber }) => groups(BigInt(commitmentNumber))).join(t('publish.or')) : '…');
  return (
    <ul className="rows publish">
      <li>
        <h3>{t('publish.you', { state: number(ours.value) })}</h3>
        {ours.value ? outcome(ours.value, 0) : ours.error ? <p>{t('publish.never')}</p> : <Skeleton />}
      </li>
      <li>
        <h3>{t('publish.peer', { state: number(theirs.value) })}</h3>
        {theirs.value ? theirs.value.previews.map(({ commitment }, index) => <div key={commitment}>{outcome(theirs.value as Preview, index)}</div>) : <Skeleton />}
      </li>
      {channel.remoteCommitmentNumber > 0 && (
        <li>
          <h3>{t('publish.cheat', { last: groups(BigInt(channel.remoteCommitmentNumber - 1)) })}</h3>
          <p>
            <Amount sat={channel.capacitySat} /> {t('publish.cheat.text', { blocks: groups(BigInt(channel.theirDelayBlocks)), towers: guards })}
          </p>
        </li>
      )}
      {channel.localCommitmentNumber > 0 && (
        <li>
          <h3>{t('publish.ownCheat', { last: groups(BigInt(channel.localCommitmentNumber - 1)) })}</h3>
          <p>{t('publish.ownCheat.text')}</p>
        </li>
      )}
    </ul>
  );
}
