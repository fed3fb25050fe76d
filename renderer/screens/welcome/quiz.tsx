import { type FormEvent, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { useI18n } from '../../i18n/context.ts';

const ASKED = 3;

/** Some places of the list, in order; which ones nobody can know before. */
function pickPlaces(count: number): readonly number[] {
  const places = new Set<number>();
  while (places.size < Math.min(ASKED, count)) places.add((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % count);
  return [...places].sort((a, b) => a - b);
}

/** Asks for a few of the words: whoever wrote them down has them. */
export function Quiz({ mnemonic, onPassed, onBack }: { readonly mnemonic: string; readonly onPassed: () => void; readonly onBack: () => void }) {
  const { t } = useI18n();
  const words = mnemonic.split(' ');
  const [places] = useState(() => pickPlaces(words.length));
  const [answers, setAnswers] = useState<Readonly<Record<number, string>>>({});
  const [wrong, setWrong] = useState<readonly number[]>([]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const mistakes = places.filter((place) => (answers[place] ?? '').trim().toLowerCase() !== words[place]);
    setWrong(mistakes);
    if (mistakes.length === 0) onPassed();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="stack-tight">
        <h1>{t('quiz.title')}</h1>
        <p className="muted">{t('quiz.text')}</p>
      </div>
      {places.map((place, index) => (
        <Field
          key={place}
          label={t('quiz.word', { number: place + 1 })}
          value={answers[place] ?? ''}
          onChange={(answer) => {
            setAnswers({ ...answers, [place]: answer });
            setWrong(wrong.filter((other) => other !== place));
          }}
          autoFocus={index === 0}
          maxLength={20}
          secret
          mono
          {...(wrong.includes(place) ? { error: t('quiz.wrong', { number: place + 1 }) } : {})}
        />
      ))}
      {wrong.length > 0 && <Notice kind="warning">{t('quiz.compare')}</Notice>}
      <div className="button-row">
        <Button look="primary" size="large" submit isDisabled={places.some((place) => !answers[place])}>
          {t('quiz.button')}
        </Button>
        <Button size="large" onPress={onBack}>
          {t('quiz.back')}
        </Button>
      </div>
    </form>
  );
}
