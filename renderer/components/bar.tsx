import type { Part } from '../format/parts.ts';

/** Parts of a whole. Widths are attributes of the drawing: the page has no inline style. */
export function Bar({ parts, label, tall = false }: { readonly parts: readonly Part[]; readonly label: string; readonly tall?: boolean }) {
  const shown = parts.filter(({ msat }) => msat > 0n);
  const total = shown.reduce((sum, { msat }) => sum + msat, 0n);
  const widths = shown.map(({ msat }) => Number((msat * 1_000_000n) / total) / 10_000);
  return (
    <svg className={tall ? 'bar bar-tall' : 'bar'} role="img" aria-label={label}>
      {total === 0n && <rect className="fill-line" width="100%" height="100%" />}
      {shown.map(({ fill }, index) => {
        const width = widths[index] ?? 0;
        const x = widths.slice(0, index).reduce((sum, before) => sum + before, 0);
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a fill may stand twice
          <g key={index}>
            <rect className={`fill-${fill}`} x={`${x}%`} width={`${width}%`} height="100%" />
            {index > 0 && <rect className="seg" x={`${x}%`} width="2" height="100%" />}
          </g>
        );
      })}
    </svg>
  );
}

/** Hatches that every bar refers to; once in the page. */
export function Hatches() {
  return (
    <svg className="visually-hidden" width="0" height="0" aria-hidden="true">
      {(['local', 'remote', 'onchain'] as const).map((side) => (
        <pattern key={side} id={`hatch-${side}`} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="hatch-ground" width="4" height="4" />
          <path className={`hatch-${side}`} d="M.75 0v4" />
        </pattern>
      ))}
    </svg>
  );
}
