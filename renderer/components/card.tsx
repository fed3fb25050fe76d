import { type ReactNode, useId } from 'react';

export function Card({ title, aside, foot, children, flush = false }: { readonly title: ReactNode; readonly aside?: ReactNode; readonly foot?: ReactNode; readonly children: ReactNode; readonly flush?: boolean }) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {flush ? children : <div className="card-body stack">{children}</div>}
      {foot && <div className="card-foot">{foot}</div>}
    </section>
  );
}
