import { useState } from 'react';
import type { Answer } from '../../core/api.ts';
import { Button } from '../components/button.tsx';
import { Card } from '../components/card.tsx';
import { Segments } from '../components/choice.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Skeleton } from '../components/empty.tsx';
import { Field } from '../components/field.tsx';
import { Foreign } from '../components/foreign.tsx';
import { Icon } from '../components/icon.tsx';
import { shortId } from '../components/identifier.tsx';
import { Problem } from '../components/problem.tsx';
import { groups } from '../format/amounts.ts';
import { timeText } from '../format/times.ts';
import { useI18n } from '../i18n/context.ts';
import { useAction } from '../state/action.ts';
import { useAnswer } from '../state/answers.ts';
import { recognise } from '../state/recognise.ts';

type Tower = Answer<'tower.list'>[number];
const TAG = { connecting: 'tag', connected: 'tag tag-success', away: 'tag tag-warning', refused: 'tag tag-danger' } as const;

/** Who punishes a cheat while this computer is off, and what that somebody can and cannot do. */
export function Towers() {
  const { t } = useI18n();
  const { value: towers, error, refresh } = useAnswer('tower.list', {}, ['tower.updated']);
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Tower>();
  return (
    <Card title={t('towers.title')}>
      <p>{t('towers.can')}</p>
      <p className="small muted">{t('towers.cannot')}</p>
      <Problem error={error} />
      {!towers && !error && <Skeleton />}
      {towers?.length === 0 && <p>{t('towers.none')}</p>}
      {towers && towers.length > 0 && (
        <ul className="stack" aria-label={t('towers.title')}>
          {towers.map((tower) => (
            <li key={tower.nodeId}>
              <Line tower={tower} onRemove={() => setLeaving(tower)} />
            </li>
          ))}
        </ul>
      )}
      <div className="button-row">
        <Button icon="tower" onPress={() => setAdding(true)}>
          {t('towers.add')}
        </Button>
      </div>
      {isAdding && (
        <Add
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false);
            refresh();
          }}
        />
      )}
      {leaving && (
        <Remove
          tower={leaving}
          onClose={() => {
            setLeaving(undefined);
            refresh();
          }}
        />
      )}
    </Card>
  );
}

function Line({ tower, onRemove }: { readonly tower: Tower; readonly onRemove: () => void }) {
  const { t, language } = useI18n();
  const facts = [
    t(`towers.is.${tower.grade}`),
    // Of one that never answered nobody knows what it has.
    ...(tower.state !== 'connected' && tower.lastSeenMs === undefined ? [] : [tower.channels.length === 0 ? t('towers.noChannel') : t('towers.behind', { count: tower.behind })]),
    ...(tower.blockHeight === undefined ? [] : [t('tx.inBlock', { height: groups(BigInt(tower.blockHeight)) })]),
    ...(tower.state === 'connected' || tower.lastSeenMs === undefined ? [] : [t('towers.seen', { time: timeText(tower.lastSeenMs, language, { isPast: true }) })]),
  ];
  return (
    <div className="tower">
      <Icon name="tower" />
      <div className="stack-tight">
        <div className="between">
          <span className="code" title={tower.nodeId}>
            {shortId(tower.nodeId)}
          </span>
          <span className={TAG[tower.state]}>{t(`towers.state.${tower.state}`)}</span>
        </div>
        <p className="small muted">{facts.join(' · ')}</p>
        {tower.isWatching === false && <p className="small">{t('towers.blind')}</p>}
        {tower.lastError !== undefined && tower.state !== 'connected' && (
          <p className="small">
            <Foreign text={tower.lastError} wrap />
          </p>
        )}
        <div className="button-row">
          <Button size="small" onPress={onRemove}>
            {t('towers.remove')}
          </Button>
        </div>
      </div>
    </div>
  );
}

function Add({ onClose, onAdded }: { readonly onClose: () => void; readonly onAdded: () => void }) {
  const { t } = useI18n();
  const [address, setAddress] = useState('');
  const [grade, setGrade] = useState<Tower['grade']>('signed');
  const add = useAction('tower.add');
  const isAddress = recognise(address).kind === 'peer' && address.includes('@');
  const submit = async (): Promise<void> => {
    if (await add.run({ address: address.trim(), grade })) onAdded();
  };
  return (
    <Dialog
      title={t('towers.add')}
      isOpen
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button look="primary" submit isDisabled={!isAddress} isBusy={add.isBusy}>
            {t('towers.add')}
          </Button>
        </>
      }
    >
      <Field label={t('towers.address')} value={address} onChange={setAddress} multiline autoFocus maxLength={400} help={t('towers.address.help')} {...(address.trim() !== '' && !isAddress ? { error: t('towers.address.bad') } : {})} />
      <Segments
        label={t('towers.grade')}
        value={grade}
        onChange={setGrade}
        options={[
          ['signed', t('towers.grade.signed')],
          ['own', t('towers.grade.own')],
        ]}
      />
      <p className="small muted">{t(grade === 'own' ? 'towers.grade.own.text' : 'towers.grade.signed.text')}</p>
      <Problem error={add.error} />
    </Dialog>
  );
}

function Remove({ tower, onClose }: { readonly tower: Tower; readonly onClose: () => void }) {
  const { t } = useI18n();
  const remove = useAction('tower.remove');
  return (
    <Dialog
      alert
      title={t('towers.remove.title')}
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button autoFocus onPress={onClose}>
            {t('towers.keep')}
          </Button>
          <Button look="danger" isBusy={remove.isBusy} onPress={() => void remove.run({ nodeId: tower.nodeId }).then((done) => done && onClose())}>
            {t('towers.remove')}
          </Button>
        </>
      }
    >
      <p>{t('towers.remove.text')}</p>
      <p className="code">{shortId(tower.nodeId)}</p>
      <Problem error={remove.error} />
    </Dialog>
  );
}
