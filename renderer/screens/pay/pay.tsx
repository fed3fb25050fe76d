import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { ScreenHead } from '../../components/screen-head.tsx';
import { useI18n } from '../../i18n/context.ts';
import { type Recognised, recognise } from '../../state/recognise.ts';
import { useRoute } from '../../state/route.ts';
import { destinationOf } from '../home/anything-field.tsx';
import { PayAddress } from './pay-address.tsx';
import { PayInvoice } from './pay-invoice.tsx';

type Target = Extract<Recognised, { kind: 'invoice' | 'address' }>;
const targetOf = (input: string): Target | undefined => {
  const found = recognise(input);
  return found.kind === 'invoice' || found.kind === 'address' ? found : undefined;
};

/** Is this what I want to pay, and what is the most that it can cost? */
export function Pay() {
  const { t } = useI18n();
  const { route, go } = useRoute();
  const [text, setText] = useState('');
  const [target, setTarget] = useState(() => targetOf(route.input ?? ''));
  const [message, setMessage] = useState<string>();
  const again = (): void => {
    setText('');
    setTarget(undefined);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const found = recognise(text);
    const destination = destinationOf(found, text);
    if (found.kind === 'invoice' || found.kind === 'address') setTarget(found);
    else if (destination && 'route' in destination) go(destination.route);
    else setMessage(destination ? t(destination.message) : undefined);
  };
  // An address with an invoice beside it is paid over Lightning: at once and for less.
  if (target?.kind === 'invoice' || (target?.kind === 'address' && target.invoice !== undefined)) return <PayInvoice invoice={target.invoice ?? ''} onAgain={again} />;
  if (target?.kind === 'address') return <PayAddress target={target} onAgain={again} />;
  return (
    <>
      <ScreenHead question={t('pay.title')} detail={t('pay.text')} />
      <form className="card card-body stack narrow" onSubmit={submit}>
        <Field
          label={t('pay.input')}
          value={text}
          onChange={(value) => {
            setText(value);
            setMessage(undefined);
          }}
          multiline
          autoFocus
          help={t('pay.input.help')}
          {...(message ? { error: message } : {})}
        />
        <div className="button-row">
          <Button look="primary" size="large" submit isDisabled={text.trim() === ''}>
            {t('pay.review')}
          </Button>
        </div>
      </form>
    </>
  );
}
