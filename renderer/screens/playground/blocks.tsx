import type { PlayState, PlayTransaction } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { groups } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useNames } from './play.ts';

/** What a block holds, by kind, in words. */
function Contents({ transactions }: { readonly transactions: readonly PlayTransaction[] }) {
  const { t } = useI18n();
  const nameOf = useNames();
  const kinds = [...new Set(transactions.map(({ kind }) => kind))];
  if (kinds.length === 0) return <span className="blk-note faint">{t('play.block.empty')}</span>;
  const lines = kinds.map((kind) => {
    const same = transactions.filter((transaction) => transaction.kind === kind);
    const nodes = [...new Set(same.flatMap(({ node }) => (node ? [nameOf(node)] : [])))];
    return { kind, count: same.length, with: nodes.length > 0 && nodes.length < 3 ? t('play.tx.with', { nodes: nodes.join(', ') }) : undefined };
  });
  // A channel that several lines are about is named under the last of them.
  return lines.map(({ kind, count, with: channel }, index) => (
    <span key={kind} className={`blk-note blk-${kind}`}>
      {t(`play.tx.${kind}`, { count })}
      {channel !== undefined && channel !== lines[index + 1]?.with && <span className="blk-with">{channel}</span>}
    </span>
  ));
}

/** What waits, the newest blocks, and the way to the next one. */
export function Blocks({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const mine = useAction('playground.mine');
  return (
    <div className="blocks">
      <ol aria-label={t('play.blocks')}>
        <li className="blk blk-next">
          <span className="blk-h">{t('play.block.next')}</span>
          <Contents transactions={play.waiting} />
        </li>
        {play.blocks.map(({ height, transactions }) => (
          <li key={height} className={transactions.length > 0 ? 'blk blk-yours' : 'blk'}>
            <span className="blk-h">{groups(BigInt(height))}</span>
            <Contents transactions={transactions} />
          </li>
        ))}
      </ol>
      <div className="stack-tight">
        <Button look="primary" icon="block" isBusy={mine.isBusy} onPress={() => void mine.run({ blocks: 1 })}>
          {t('play.mine')}
        </Button>
        <Button isBusy={mine.isBusy} onPress={() => void mine.run({ blocks: 6 })}>
          {t('play.mine.six')}
        </Button>
      </div>
      <Problem error={mine.error} />
    </div>
  );
}
