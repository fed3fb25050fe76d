import { memo } from 'react';
import type { Answer } from '../../../core/api.ts';
import { Card } from '../../components/card.tsx';
import { Skeleton } from '../../components/empty.tsx';
import { groups } from '../../format/amounts.ts';
import { branchOf, derivationOf, TREE_LEVELS, treeAround, type TreeNode } from '../../format/tree.ts';
import { betweenSentences, useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';

type Revocations = Answer<'channel.revocations'>;

const SLOTS = 49;
const LEAVES = 2 ** TREE_LEVELS;
/** The drawing, about as many pixels wide as the card beside the table leaves it. */
const [LEFT, WIDTH, LEVEL] = [20, 214, 14] as const;
/** Between two boxes; the leaves are narrow. */
const GAP = 0.6;
const leafX = (place: number): number => LEFT + (place * WIDTH) / LEAVES;

/** The secrets that the peer gave up, whose newest state is `newest`: 49 places are enough for all states there can ever be (BOLT 3). */
export const RevocationTree = memo(function RevocationTree({ channelId, newest, chosen }: { readonly channelId: string; readonly newest: number; readonly chosen: number | undefined }) {
  const { t } = useI18n();
  const { value } = useAnswer('channel.revocations', { channelId }, ['channel.updated']);
  return (
    <Card title={t('tree.title')} aside={value && <span className="tag">{t('tree.count', { count: value.slots.length })}</span>}>
      {value ? <Drawings revocations={value} chosen={chosen} newest={newest} /> : <Skeleton />}
    </Card>
  );
});

function Drawings({ revocations, chosen, newest }: { readonly revocations: Revocations; readonly chosen: number | undefined; readonly newest: number }) {
  const { t, language } = useI18n();
  const { slots, revokedStates } = revocations;
  const branch = branchOf(chosen ?? newest);
  const nodes = treeAround(branch, revokedStates, slots, chosen);
  const derivation = chosen === undefined ? undefined : derivationOf(chosen, slots);
  return (
    <>
      <Branch nodes={nodes} branch={branch} chosen={chosen} valid={[revokedStates, newest]} label={t('tree.branch', { first: groups(BigInt(branch)), last: groups(BigInt(branch + LEAVES - 1)) })} />
      <SlotStrip slots={slots} used={derivation?.slot} label={t('tree.strip', { count: slots.length })} />
      <p className="legend">
        {(['accent', 'follows', 'valid', 'none'] as const).map((kind) => (
          <span className="key" key={kind}>
            <span className={`swatch sw-${kind}`} />
            {t(`tree.legend.${kind}`)}
          </span>
        ))}
      </p>
      <p className="small muted">
        {t('tree.text')}
        {betweenSentences(language)}
        {chosen !== undefined && (derivation ? t('tree.way', { state: groups(BigInt(chosen)), slot: derivation.slot, steps: derivation.steps }) : t('tree.noWay', { state: groups(BigInt(chosen)) }))}
      </p>
      {slots.length > 0 && <SlotTable slots={slots} />}
    </>
  );
}

/** A branch of 64 states: a box stands over all states that follow from its secret. */
function Branch({ nodes, branch, chosen, valid, label }: { readonly nodes: readonly TreeNode[]; readonly branch: number; readonly chosen: number | undefined; readonly valid: readonly [first: number, last: number]; readonly label: string }) {
  const y = (level: number): number => (TREE_LEVELS - level) * LEVEL;
  const bottom = y(0) + LEVEL;
  const axis = bottom + 17;
  const look = ({ kind, level, first, isOnWay }: TreeNode): string => {
    const isValid = level === 0 && valid[0] <= first && first <= valid[1];
    return `tr-${isValid ? 'valid' : kind}${isOnWay ? ' tr-way' : ''}`;
  };
  return (
    <svg className="tree" viewBox={`0 0 ${LEFT + WIDTH + 2} ${axis + 4}`} role="img" aria-label={label}>
      {nodes.map((node) => {
        const x = leafX(node.first - branch);
        return <rect key={`${node.level} ${node.first}`} className={look(node)} x={x + GAP / 2} y={y(node.level) + 0.5} width={(WIDTH * 2 ** node.level) / LEAVES - GAP} height={LEVEL - 1} />;
      })}
      {chosen !== undefined && <path className="tr-mark" d={`M${leafX(chosen - branch + 0.5)} ${bottom + 1}l3 5h-6z`} />}
      {Array.from({ length: TREE_LEVELS + 1 }, (_, level) => (
        <text key={level} className="tr-axis" x={LEFT - 6} y={y(level) + 11} textAnchor="end">
          {2 ** level}
        </text>
      ))}
      {[0, 16, 32, 48].map((place) => (
        <text key={place} className="tr-axis" x={leafX(place)} y={axis}>
          {groups(BigInt(branch + place))}
        </text>
      ))}
      <text className="tr-axis" x={LEFT - 6} y={axis} textAnchor="end">
        n
      </text>
    </svg>
  );
}

/** All 49 places, filled or free. */
function SlotStrip({ slots, used, label }: { readonly slots: Revocations['slots']; readonly used: number | undefined; readonly label: string }) {
  const filled = new Set(slots.map(({ slot }) => slot));
  const step = WIDTH / SLOTS;
  return (
    <svg className="tree" viewBox={`0 0 ${LEFT + WIDTH + 2} 30`} role="img" aria-label={label}>
      {Array.from({ length: SLOTS }, (_, slot) => (
        <rect key={slot} className={`tr-${filled.has(slot) ? 'stored' : 'unknown'}${slot === used ? ' tr-way' : ''}`} x={LEFT + slot * step + GAP / 2} y={0.5} width={step - GAP} height={LEVEL - 1} />
      ))}
      {[0, 8, 16, 24, 32, 40, 48].map((slot) => (
        <text key={slot} className="tr-axis" x={LEFT + (slot === SLOTS - 1 ? WIDTH : slot * step)} y={27} textAnchor={slot === SLOTS - 1 ? 'end' : 'start'}>
          {slot}
        </text>
      ))}
    </svg>
  );
}

/** What each filled place holds and reaches. */
function SlotTable({ slots }: { readonly slots: Revocations['slots'] }) {
  const { t } = useI18n();
  return (
    <details className="more">
      <summary>{t('tree.slots')}</summary>
      <div className="more-body">
        <table className="table">
          <thead>
            <tr>
              <th className="num">{t('tree.column.slot')}</th>
              <th>{t('tree.column.index')}</th>
              <th className="num">{t('tree.column.states')}</th>
            </tr>
          </thead>
          <tbody>
            {slots.map(({ slot, index, firstState, lastState }) => (
              <tr key={slot}>
                <td className="num">{slot}</td>
                <td className="code">{index}</td>
                <td className="num">{firstState === lastState ? groups(BigInt(lastState)) : `${groups(BigInt(firstState))} – ${groups(BigInt(lastState))}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
