import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreign, MAX_FOREIGN_CHARACTERS } from '../../../core/lib/sanitize.ts';

describe('foreign text', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['a\u202egnp.exe', 'agnp.exe'],
    ['pay\u200b\u200d\ufeff me', 'pay me'],
    ['one\r\ntwo\u2028three\tfour', 'one two three four'],
    ['  spaced \u00a0 out  ', 'spaced out'],
    ['tag\u{e0041}\u{e0042}s', 'tags'],
    ['\ud800lone', 'lone'],
    ['fill\u3164\u115fer', 'filler'],
    ['grüße 你好 😀', 'grüße 你好 😀'],
    [`z${'\u0301'.repeat(50)}`, `z${'\u0301'.repeat(4)}`],
  ])('%j becomes %j', (input, output) => expect(foreign(input)).toBe(output));

  it('is cut by code points with an ellipsis', () => {
    expect(foreign('😀'.repeat(10), 4)).toBe('😀😀😀…');
    expect(foreign('abcd', 4)).toBe('abcd');
    expect([...foreign('x'.repeat(1_000_000))].length).toBe(MAX_FOREIGN_CHARACTERS);
  });

  it('is harmless, short, well-formed and stays as it is, whatever came in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 1, max: 60 }), (text, max) => {
        const safe = foreign(text, max);
        expect([...safe].length).toBeLessThanOrEqual(max);
        expect(safe.isWellFormed()).toBe(true);
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(foreign(safe, max)).toBe(safe);
      }),
    );
  });
});
