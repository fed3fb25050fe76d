import { useState } from 'react';
import { PLAY_NODES, type PlayNode, type PlayState } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/choice.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { AmountField } from '../../components/field.tsx';
import { Problem } from '../../components/problem.tsx';
import { groups, satOf } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useRoute } from '../../state/route.ts';
import { useShell } from '../../state/shell.ts';
import { channelWith, satText, useNames } from './play.ts';
import { TabPanel } from './tab.tsx';

/** Pay, be paid, cheat, switch off: everything that can be done with one node. */
export function Actions({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const { go } = useRoute();
  const nameOf = useNames();
  const [id, setId] = useState<PlayNode>('cafe');
  const [amount, setAmount] = useState(shell.unit === 'sat' ? groups(1_000n) : '0.00001000');
  const [isAsking, setAsking] = useState(false);
  const pay = useAction('playground.pay');
  const invoice = useAction('playground.invoice');
  const cheat = useAction('playground.cheat');
  const online = useAction('playground.setOnline');
  const open = useAction('playground.open');
  const mine = useAction('playground.mine');
  const all = [pay, invoice, cheat, online, open, mine];
  const isBusy = all.some((action) => action.isBusy) || play.tour?.isBusy === true;
  const node = nameOf(id);
  const isOnline = play.nodes.find((one) => one.id === id)?.isOnline ?? false;
  const channel = channelWith(play, id);
  const isOpen = channel?.state === 'open';
  const amountSat = satOf(amount, shell.unit);
  const canPay = isOpen && isOnline && amountSat !== undefined && amountSat > 0n && amountSat <= 16_777_215n;
  const byHand = async (): Promise<void> => {
    const made = await invoice.run({ node: id, amountSat: amountSat ?? 0n });
    if (made) go({ screen: 'pay', input: made.invoice });
  };
  return (
    <div className="play-panel stack">
      <Segments<PlayNode>
        label={t('play.with')}
        value={id}
        onChange={(chosen) => {
          setId(chosen);
          for (const action of all) action.clear();
        }}
        options={PLAY_NODES.map((each) => [each, nameOf(each)] as const)}
      />
      {isOpen ? (
        <>
          <AmountField label={t('play.amount')} value={amount} onChange={setAmount} error={amountSat === undefined ? t('amount.bad') : undefined} />
          <div className="play-buttons">
            <Button look="primary" icon="pay" isDisabled={!canPay} isBusy={isBusy} onPress={() => void pay.run({ from: 'you', to: id, amountSat: amountSat ?? 0n })}>
              {t('play.pay', { node })}
            </Button>
            <Button icon="receive" isDisabled={!canPay} isBusy={isBusy} onPress={() => void pay.run({ from: id, to: 'you', amountSat: amountSat ?? 0n })}>
              {t('play.bePaid', { node })}
            </Button>
            <Button isDisabled={!canPay} isBusy={isBusy} onPress={() => void byHand()}>
              {t('play.invoice')}
            </Button>
          </div>
          {id === 'cafe' && (
            <details className="more">
              <summary>{t('tour.tab')}</summary>
              <div className="more-body">
                <TabPanel tab={play.tab} />
              </div>
            </details>
          )}
        </>
      ) : (
        <>
          <p className="small muted">{t('play.open.text', { node })}</p>
          <div className="play-buttons">
            <Button look="primary" icon="plus" isDisabled={!isOnline} isBusy={isBusy} onPress={() => void open.run({ node: id })}>
              {t('play.open', { node })}
            </Button>
          </div>
        </>
      )}
      {all.map(({ error }, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the list never changes
        <Problem key={index} error={error} />
      ))}
      <div className="play-buttons">
        <Button look="danger" icon="warning" isDisabled={channel?.cheatMsat === undefined} isBusy={isBusy} onPress={() => setAsking(true)}>
          {t('play.cheat', { node })}
        </Button>
        {isOpen && channel.cheatMsat === undefined && <p className="small muted">{t('play.cheat.none', { node })}</p>}
        <Button isBusy={isBusy} onPress={() => void online.run({ node: id, isOnline: !isOnline })}>
          {t(isOnline ? 'play.off' : 'play.on', { node })}
        </Button>
        <Button icon="block" isBusy={isBusy} onPress={() => void mine.run({ blocks: 144 })}>
          {t('play.mine.day')}
        </Button>
      </div>
      <p className="small muted">{t('play.between')}</p>
      <Dialog
        title={t('play.cheat.title', { node })}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        alert
        actions={
          <>
            <Button onPress={() => setAsking(false)}>{t('play.cheat.not')}</Button>
            <Button
              look="danger-solid"
              onPress={() => {
                setAsking(false);
                void cheat.run({ node: id });
              }}
            >
              {t('play.cheat', { node })}
            </Button>
          </>
        }
      >
        <p>{t('play.cheat.text', { amount: satText(channel?.cheatMsat ?? 0n), now: satText(channel?.theirMsat ?? 0n) })}</p>
      </Dialog>
    </div>
  );
}
