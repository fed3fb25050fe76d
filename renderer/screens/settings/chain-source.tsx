import { type FormEvent, useId, useState } from 'react';
import type { ShellAnswer } from '../../../core/api.ts';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/choice.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Problem } from '../../components/problem.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useAction } from '../../state/action.ts';
import { useShell } from '../../state/shell.ts';

const NETWORKS = ['mainnet', 'testnet', 'signet', 'regtest'] as const;
type Network = ShellAnswer<'shell.state'>['network'];
type Kind = 'electrum' | 'bitcoind';
const PREFIX = { electrum: 'electrum:tls://', bitcoind: 'bitcoind:' } as const;

/** One source a line; what has no scheme yet gets that of its kind. */
const sourcesOf = (text: string, kind: Kind): string[] =>
  text.split(/\s+/u).filter(Boolean).map((line) => (/^(?:electrum|bitcoind):/u.test(line) ? line : `${PREFIX[kind]}${line}`)); // prettier-ignore

/** Network and whom the wallet asks about the chain; what each of them can see and lie about. */
export function ChainSource({ onConnected, isFirst = false, onBack }: { readonly onConnected: () => void; readonly isFirst?: boolean; readonly onBack?: () => void }) {
  const { t } = useI18n();
  const { shell } = useShell();
  const [network, setNetwork] = useState<Network>(shell.network);
  const [kind, setKind] = useState<Kind>('electrum');
  const [text, setText] = useState('');
  const connect = useAction('shell.connect');
  const id = useId();
  const chainSources = sourcesOf(text, kind);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await connect.run({ network, chainSources })) onConnected();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {isFirst && (
        <div className="stack-tight">
          <h1>{t('chainSource.title')}</h1>
          <p className="muted">{t('chainSource.text')}</p>
        </div>
      )}
      {shell.engineFault !== undefined && <Notice kind="danger">{shell.engineFault}</Notice>}
      <div className="field">
        <label htmlFor={id}>{t('settings.network')}</label>
        <select id={id} className="input" value={network} onChange={({ target }) => setNetwork(target.value as Network)}>
          {NETWORKS.map((name) => (
            <option key={name} value={name}>
              {t(`network.${name}`)}
            </option>
          ))}
        </select>
      </div>
      <Segments
        label={t('chainSource.kind')}
        value={kind}
        onChange={setKind}
        options={[
          ['electrum', t('chainSource.electrum')],
          ['bitcoind', t('chainSource.bitcoind')],
        ]}
      />
      <Field
        label={t('chainSource.address')}
        value={text}
        onChange={setText}
        multiline
        maxLength={2000}
        placeholder={kind === 'electrum' ? 'electrum:tls://host:50002' : 'bitcoind:http://user:password@127.0.0.1:8332'}
        help={kind === 'electrum' ? t('chainSource.electrum.text') : t('chainSource.bitcoind.text')}
      />
      {kind === 'electrum' && (
        <details className="more">
          <summary>{t('chainSource.where')}</summary>
          <p className="small muted more-body">{t('chainSource.where.text')}</p>
        </details>
      )}
      {network === 'mainnet' && (
        <Notice kind="warning" title={t('mainnet.early')}>
          <p>{t('mainnet.early.text')}</p>
        </Notice>
      )}
      <Problem error={connect.error} />
      <div className="button-row">
        <Button look="primary" size={isFirst ? 'large' : 'small'} submit isDisabled={chainSources.length === 0} isBusy={connect.isBusy}>
          {t('chainSource.button')}
        </Button>
        {onBack && (
          <Button size="large" onPress={onBack} isDisabled={connect.isBusy}>
            {t('back')}
          </Button>
        )}
      </div>
    </form>
  );
}
