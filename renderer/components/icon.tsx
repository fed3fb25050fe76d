import { ICONS, type IconName } from './icons.tsx';

/** Always beside words or in a button with a name, so it says nothing to a screen reader. */
export function Icon({ name, small = false }: { readonly name: IconName; readonly small?: boolean }) {
  return (
    <svg className={small ? 'icon icon-16' : 'icon'} viewBox="0 0 20 20" aria-hidden="true">
      {ICONS[name]}
    </svg>
  );
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 16 16" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M2 14h3a3 3 0 0 0 3-3V5a3 3 0 0 1 3-3h3" />
      <path className="mark-base" d="M2 8h2.5M11.5 8H14" />
    </svg>
  );
}
