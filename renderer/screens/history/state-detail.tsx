import { memo, useEffect, useRef } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Amount } from '../../components/amount.tsx';
import { Card } from '../../components/card.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { groups } from '../../format/amounts.ts';
import { rateOfWeight } from '../../format/rates.ts';
import { standingIn } from '../../format/standing.ts';
import { momentFormat } from '../../format/times.ts';
import { useI18n } from '../../i18n/context.ts';
import type { ChannelState } from '../../state/state-book.ts';
import { changeText, type Side } from './state-row.tsx';

/** Which sentence says what a standing means now. */
const MEANS = { unsigned: 'unsigned', signed: 'signedNow', revoked: 'revokedNow', published: 'publishedNow', over: 'overNow' } as const;

interface StateDetailProps {
  readonly number: number;
  readonly state: ChannelState | undefined;
  readonly before: ChannelState | undefined;
  readonly channel: Answer<'channel.get'>;
}

/** One state: both transactions, who signed and who revoked them, and what publishing one would mean. One for each: keyed by the number. */
export const StateDetail = memo(function StateDetail({ number, state, before, channel }: StateDetailProps) {
  const { t } = useI18n();
  const box = useRef<HTMLDivElement>(null);
  // In a small window it stands below the list: whoever asks for it sees it.
  useEffect(() => {
    box.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div ref={box}>
      <Card title={t('states.number', { number: groups(BigInt(number)) })}>
        {!state && <Skeleton />}
        {state && (
          <>
            <Commitment owner="ours" number={number} side={state.ours} before={before?.ours} channel={channel} />
            <Commitment owner="theirs" number={number} side={state.theirs} before={before?.theirs} channel={channel} />
          </>
        )}
      </Card>
    </div>
  );
});

function Commitment({ owner, number, side, before, channel }: { readonly owner: 'ours' | 'theirs'; readonly number: number; readonly side: Side | undefined; readonly before: Side | undefined; readonly channel: Answer<'channel.get'> }) {
  const { t, language } = useI18n();
  const moment = momentFormat(language);
  const standing = standingIn(channel, owner, number, side);
  const inFlight = side ? channel.capacitySat * 1000n - side.ourMsat - side.theirMsat : 0n;
  const isNewRate = side?.feeratePerKw !== undefined && before?.feeratePerKw !== undefined && side.feeratePerKw !== before.feeratePerKw;
  return (
    <section className="stack-tight">
      <div className="between">
        <h3>{t(`commitment.${owner}`)}</h3>
        <span className={standing === 'signed' ? 'tag tag-accent' : 'tag'}>{t(`standing.${standing}`)}</span>
      </div>
      {side && (
        <>
          <ul className="changes">
            {side.changes.map((change) => (
              <li key={`${change.direction}${change.id}${change.change}`} className="between">
                <span>{changeText(change, t)}</span>
                <Amount msat={change.amountMsat} exact />
              </li>
            ))}
            {isNewRate && <li>{t('change.rate', { from: rateOfWeight(before?.feeratePerKw ?? 0), to: rateOfWeight(side.feeratePerKw ?? 0) })}</li>}
          </ul>
          <dl className="facts facts-tight">
            <dt>{t('states.column.you')}</dt>
            <dd>
              <Amount msat={side.ourMsat} exact />
            </dd>
            {inFlight > 0n && (
              <>
                <dt>{t('states.column.inflight')}</dt>
                <dd>
                  <Amount msat={inFlight} exact />
                </dd>
              </>
            )}
            <dt>{t('states.column.peer')}</dt>
            <dd>
              <Amount msat={side.theirMsat} exact />
            </dd>
            {side.feeratePerKw !== undefined && (
              <>
                <dt>{t('commitment.rate')}</dt>
                <dd>{t('payChain.rate.value', { rate: rateOfWeight(side.feeratePerKw) })}</dd>
              </>
            )}
            <dt>{t(`commitment.${owner}.signed`)}</dt>
            <dd>{moment.format(side.signedAtMs)}</dd>
            {side.revokedAtMs !== undefined && (
              <>
                <dt>{t(`commitment.${owner}.revoked`)}</dt>
                <dd>{moment.format(side.revokedAtMs)}</dd>
              </>
            )}
          </dl>
        </>
      )}
      <p className="small muted">{t(`commitment.${owner}.${MEANS[standing]}`, { blocks: groups(BigInt(channel.theirDelayBlocks)) })}</p>
    </section>
  );
}
