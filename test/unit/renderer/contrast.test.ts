import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const themeFile = (name: string): string => readFileSync(join(import.meta.dirname, '../../../renderer/theme', name), 'utf8');
const css = themeFile('tokens.css');
/** How much of the accent the chart of secrets mixes into the card, for those that follow from a stored one. */
const FOLLOWS = Number(/--follows: color-mix\(in srgb, var\(--accent\) (\d+)%, var\(--surface\)\)/u.exec(themeFile('history.css'))?.[1]) / 100;
const coloursOf = (selector: RegExp): Readonly<Record<string, string>> => {
  const block = css.slice(css.search(selector));
  return Object.fromEntries([...block.slice(0, block.indexOf('\n}')).matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gu)].map(([, name = '', colour = '']) => [name, colour]));
};
const THEMES = { light: coloursOf(/^:root, :root\[data-theme="light"\]/mu), dark: coloursOf(/^:root\[data-theme="dark"\]/mu) };

/** WCAG 2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
const channelsOf = (colour: string): readonly number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
/** As `color-mix` in sRGB. */
function mixed(colour: string, ground: string, share: number): string {
  const under = channelsOf(ground);
  return `#${channelsOf(colour).map((value, at) => Math.round(value * share + (under[at] ?? 0) * (1 - share)).toString(16).padStart(2, '0')).join('')}`; // prettier-ignore
}
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = ['text', 'text-2', 'text-3', 'accent'].flatMap((ink) => ['bg', 'surface', 'sunken', 'hover'].map((ground) => [ink, ground] as const));
const TINTED = [['accent-strong', 'accent-soft'], ['success', 'success-soft'], ['warning', 'warning-soft'], ['danger', 'danger-soft'], ['inflight', 'inflight-soft'], ['onchain', 'onchain-soft'], ['on-accent', 'accent'], ['on-danger', 'danger'], ['text', 'warning-soft'], ['text', 'danger-soft'], ['text', 'success-soft'], ['danger', 'surface'], ['warning', 'surface'], ['success', 'surface']] as const; // prettier-ignore
const SHAPES = [['line-strong', 'surface'], ['line-strong', 'bg'], ['local', 'surface'], ['remote', 'surface'], ['inflight', 'surface'], ['onchain', 'surface']] as const; // prettier-ignore

describe.each(Object.entries(THEMES))('colours in %s', (_, colours) => {
  test.each([...TEXT, ...TINTED])('%s on %s can be read (4.5:1)', (ink, ground) => expect(contrast(colours[ink] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(4.5));
  test('a secret that follows is seen in the chart (3:1), and told from one that is stored', () => {
    const { accent = '', surface = '' } = colours;
    const follows = mixed(accent, surface, FOLLOWS);
    expect(contrast(follows, surface)).toBeGreaterThanOrEqual(3);
    expect(contrast(accent, follows)).toBeGreaterThanOrEqual(1.7);
  });
  test.each(SHAPES)('%s on %s can be seen (3:1)', (shape, ground) => expect(contrast(colours[shape] ?? '', colours[ground] ?? '')).toBeGreaterThanOrEqual(3));
});
