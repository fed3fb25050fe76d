import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from 'react';
import type { Answer } from '../../core/api.ts';
import { request } from '../client/client.ts';
import { Amount } from '../components/amount.tsx';
import { Button } from '../components/button.tsx';
import { Segments } from '../components/choice.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { AmountField, Field } from '../components/field.tsx';
import { Identifier } from '../components/identifier.tsx';
import { Notice } from '../components/notice.tsx';
import { Problem } from '../components/problem.tsx';
import { Qr } from '../components/qr.tsx';
import { ScreenHead } from '../components/screen-head.tsx';
import { satOf } from '../format/amounts.ts';
import { untilText } from '../format/times.ts';
import { useI18n } from '../i18n/context.ts';
import { useAction } from '../state/action.ts';
import { useAnswer } from '../state/answers.ts';
import { useRoute } from '../state/route.ts';
import { useShell } from '../state/shell.ts';
import { headOf, isOver, type Way } from './receive-head.ts';

type Invoice = Answer<'invoice.get'>;

/** BIP 21: whoever pays chooses the way. */
const bothOf = (address: string, invoice: Invoice): string => {
  const sat = invoice.amountMsat === undefined ? undefined : invoice.amountMsat / 1000n;
  const amount = sat === undefined ? '' : `amount=${sat / 100_000_000n}.${(sat % 100_000_000n).toString().padStart(8, '0')}&`;
  return `bitcoin:${address}?${amount}lightning=${invoice.invoice}`;
};

function InvoiceForm({ onMade, onChain }: { readonly onMade: (invoice: Invoice) => void; readonly onChain: () => void }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const { go } = useRoute();
  const { value: info } = useAnswer('node.info', {}, ['channel.updated', 'invoice.updated', 'peer.updated']);
  const [amount, setAmount] = useState('');
  const [description, setDescription] = useState('');
  const create = useAction('invoice.create');
  const sat = satOf(amount, shell.unit);
  const canReceive = info?.receivableMsat ?? 0n;
  /** An invoice that nobody could pay is not what is offered first. */
  const hasNoRoom = info !== undefined && canReceive === 0n;
  const isTooMuch = sat !== undefined && sat * 1000n > canReceive;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const invoice = await create.run({ ...(sat === undefined ? {} : { amountMsat: sat * 1000n }), description });
    if (invoice) onMade(invoice);
  };
  return (
    <form className="card card-body stack narrow" onSubmit={(event) => void submit(event)}>
      <AmountField label={t('receive.amount')} value={amount} onChange={setAmount} autoFocus help={t('receive.amount.help')} {...(amount !== '' && sat === undefined ? { error: t('amount.bad') } : {})} />
      <Field label={t('receive.description')} value={description} onChange={setDescription} maxLength={200} help={t('receive.description.help')} />
      {hasNoRoom && (
        <Notice kind="warning" title={t('receive.nothing')} action={info.channels > 0 && <Button size="small" onPress={() => go({ screen: 'channels' })}>{t('screen.channels')}</Button>}>
          <p>{t(info.channels === 0 ? 'receive.noChannel.text' : 'receive.nothing.text')}</p>
        </Notice>
      )}
      {isTooMuch && canReceive > 0n && (
        <Notice kind="warning" title={t('receive.tooMuch')}>
          <p>{t('receive.tooMuch.text')}</p>
        </Notice>
      )}
      <Problem error={create.error} />
      <div className="button-row">
        {hasNoRoom && (
          <Button look="primary" size="large" onPress={onChain}>
            {t('latest.empty.button')}
          </Button>
        )}
        <Button look={hasNoRoom ? 'plain' : 'primary'} size="large" submit isBusy={create.isBusy} isDisabled={amount !== '' && sat === undefined}>
          {t('receive.create')}
        </Button>
      </div>
    </form>
  );
}

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** An invoice as it is at this moment. */
function Current({ made, children }: { readonly made: Invoice; readonly children: (invoice: Invoice, now: number) => ReactNode }) {
  const now = useNow();
  const { value: invoice = made } = useAnswer('invoice.get', { paymentHash: made.paymentHash }, ['invoice.updated']);
  return children(invoice, now);
}

function InvoiceCard({ invoice, now, way, address, onAgain }: { readonly invoice: Invoice; readonly now: number; readonly way: Way; readonly address: string | undefined; readonly onAgain: () => void }) {
  const { t } = useI18n();
  const text = way === 'both' && address !== undefined ? bothOf(address, invoice) : invoice.invoice;
  if (invoice.state === 'paid') {
    return (
      <div className="card card-body stack narrow">
        <Notice kind="success" live title={invoice.description === '' ? t('receive.arrived.text') : invoice.description}>
          <p className="pay-amount">
            <Amount msat={invoice.receivedMsat ?? invoice.amountMsat ?? 0n} exact arrived />
          </p>
        </Notice>
        <div className="button-row">
          <Button look="primary" onPress={onAgain}>
            {t('receive.again')}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div className="cols receive-cols">
      <div className="card card-body receive-qr-card">
        <Qr text={way === 'both' ? text : text.toUpperCase()} label={t('receive.qr')} />
      </div>
      <div className="card card-body stack">
        <div className="stack-tight">
          <p className="pay-amount">{invoice.amountMsat === undefined ? t('receive.anyAmount') : <Amount msat={invoice.amountMsat} exact />}</p>
          {invoice.description !== '' && <p>{invoice.description}</p>}
          <p className="muted" role="status">
            {isOver(invoice, now) ? t('receive.expired') : invoice.state === 'receiving' ? t('receive.receiving') : t('receive.waiting', { time: untilText(invoice.expiresAtMs, now) })}
          </p>
        </div>
        <p className="invoice-text" translate="no">
          {text}
        </p>
        <div className="button-row">
          <CopyButton text={text} label={t('receive.copy')} />
          <Button onPress={onAgain}>{t('receive.again')}</Button>
        </div>
      </div>
    </div>
  );
}

function AddressCard({ address, onNew }: { readonly address: string | undefined; readonly onNew: () => void }) {
  const { t } = useI18n();
  const { value: balance } = useAnswer('wallet.balance', {}, ['wallet.updated']);
  if (address === undefined) return null;
  return (
    <div className="cols receive-cols">
      <div className="card card-body receive-qr-card">
        <Qr text={address.toUpperCase()} label={t('receive.qr')} />
      </div>
      <div className="card card-body stack">
        <Identifier text={address} />
        <p className="small muted">{t('receive.chain.text')}</p>
        {balance && balance.unconfirmedSat > 0n && (
          <Notice live title={t('receive.chain.seen')}>
            <p>
              <Amount sat={balance.unconfirmedSat} /> {t('receive.chain.waiting')}
            </p>
          </Notice>
        )}
        <div className="button-row">
          <CopyButton text={address} label={t('receive.copyAddress')} />
          <Button onPress={onNew}>{t('receive.newAddress')}</Button>
        </div>
      </div>
    </div>
  );
}

function Head({ way, invoice, now, onWay }: { readonly way: Way; readonly invoice: Invoice | undefined; readonly now: number; readonly onWay: (way: Way) => void }) {
  const { t } = useI18n();
  const { value: info } = useAnswer('node.info', {}, ['channel.updated', 'invoice.updated', 'peer.updated']);
  const { key, detail } = headOf(way, invoice, now);
  return (
    <ScreenHead
      question={t(key)}
      detail={
        detail === 'chain' ? (
          t('receive.chain.any')
        ) : detail === 'lightning' ? (
          <>
            {t('receive.canReceive')} <Amount msat={info?.receivableMsat ?? 0n} />
          </>
        ) : undefined
      }
      actions={
        <Segments
          hideLabel
          label={t('receive.way')}
          value={way}
          onChange={onWay}
          options={[
            ['lightning', t('receive.lightning')],
            ['chain', t('receive.chain')],
            ['both', t('receive.both')],
          ]}
        />
      }
    />
  );
}

/** What do I show, and how much can arrive? */
export function Receive() {
  const { route } = useRoute();
  const [way, setWay] = useState<Way>(route.input === 'chain' ? 'chain' : 'lightning');
  const [invoice, setInvoice] = useState<Invoice>();
  const [address, setAddress] = useState<string>();
  const newAddress = useCallback(() => void request('wallet.newAddress', {}).then((made) => setAddress(made.address)), []);
  useEffect(() => {
    if (way !== 'lightning' && address === undefined) newAddress();
  }, [way, address, newAddress]);
  const page = (current?: Invoice, now = 0): ReactNode => (
    <>
      <Head way={way} invoice={current} now={now} onWay={setWay} />
      {way === 'chain' ? (
        <AddressCard address={address} onNew={newAddress} />
      ) : current ? (
        <InvoiceCard invoice={current} now={now} way={way} address={address} onAgain={() => setInvoice(undefined)} />
      ) : (
        <InvoiceForm onMade={setInvoice} onChain={() => setWay('chain')} />
      )}
    </>
  );
  return invoice ? <Current key={invoice.paymentHash} made={invoice}>{page}</Current> : page();
}
