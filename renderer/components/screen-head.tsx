import type { ReactNode } from 'react';

/** The one question of a screen, its answer, and what can be done about it. */
export function ScreenHead({ question, answer, detail, actions }: { readonly question: ReactNode; readonly answer?: ReactNode; readonly detail?: ReactNode; readonly actions?: ReactNode }) {
  return (
    <header className="head">
      <div className="head-text">
        <h1 className={answer ? 'question' : undefined}>{question}</h1>
        {answer && <p className="answer">{answer}</p>}
        {detail && <p className="muted">{detail}</p>}
      </div>
      {actions && <div className="button-row">{actions}</div>}
    </header>
  );
}
