import { useId } from 'react';
import { request } from '../../client/client.ts';
import { Segments } from '../../components/choice.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useShell } from '../../state/shell.ts';

const LANGUAGES = [['en', 'English'], ['zh-Hans', '简体中文'], ['zh-Hant', '繁體中文']] as const; // prettier-ignore

/** Language and colours: the two settings that somebody may need before anything else. */
export function Preferences() {
  const { t, language } = useI18n();
  const { shell } = useShell();
  const id = useId();
  return (
    <div className="stack">
      <div className="field">
        <label htmlFor={id}>{t('settings.language')}</label>
        <select id={id} className="input" value={shell.language === 'system' ? language : shell.language} onChange={({ target }) => void request('shell.set', { language: target.value as 'en' })}>
          {LANGUAGES.map(([key, name]) => (
            <option key={key} value={key} lang={key}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Segments
        label={t('settings.theme')}
        value={shell.theme}
        onChange={(theme) => void request('shell.set', { theme })}
        options={[
          ['system', t('theme.system')],
          ['light', t('theme.light')],
          ['dark', t('theme.dark')],
        ]}
      />
    </div>
  );
}
