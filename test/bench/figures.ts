/** What a run measured and how it looks. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the design asks for, when it asks: at least so much, or less than that. */
  readonly target?: { readonly is: 'at_least' | 'below'; readonly value: number };
}

/** Three digits that count. */
const rounded = (value: number): number => Number(value.toPrecision(3));

export const figure = (name: string, value: number, unit: string): Figure => ({ name, value: rounded(value), unit });
export const atLeast = (target: number, name: string, value: number, unit: string): Figure => ({
  ...figure(name, value, unit),
  target: { is: 'at_least', value: target },
});
export const below = (target: number, name: string, value: number, unit: string): Figure => ({
  ...figure(name, value, unit),
  target: { is: 'below', value: target },
});

const isMet = ({ value, target }: Figure): boolean =>
  !target || (target.is === 'at_least' ? value >= target.value : value < target.value);

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const MEASURE_MS = 1_000;
const WARM_UP_MS = 200;

function repeat(task: () => void, forMs: number): { readonly runs: number; readonly ms: number } {
  const startedAt = performance.now();
  for (let runs = 1; ; runs++) {
    task();
    const ms = performance.now() - startedAt;
    if (ms >= forMs) return { runs, ms };
  }
}

/** Milliseconds that one run of a task takes, over a second of runs after a warm-up. */
export function millisecondsOf(task: () => void): number {
  repeat(task, WARM_UP_MS);
  const { runs, ms } = repeat(task, MEASURE_MS);
  return ms / runs;
}

export const perSecond = (task: () => void): number => 1000 / millisecondsOf(task);

export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.name,
    String(one.value),
    one.unit,
    one.target ? `${one.target.is === 'at_least' ? '>=' : '<'} ${one.target.value}${isMet(one) ? '' : '  MISSED'}` : '',
  ]);
  const all = [['figure', 'value', 'unit', 'target'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map(([name, value, unit, target]) =>
      `${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${unit!.padEnd(widths[2]!)}  ${target}`.trimEnd(),
    )
    .join('\n');
}
