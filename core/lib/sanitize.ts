declare const safe: unique symbol;

/** Text that a peer, server or invoice wrote, made harmless for one line of plain text. Still not to be believed. */
export type SafeText = string & { readonly [safe]: true };

export const MAX_FOREIGN_CHARACTERS = 200;

/**
 * What can change how other text looks or hide in it: control characters (C0, C1), bidirectional marks and overrides, zero-width
 * and other format characters, line and paragraph separators, variation selectors and tags, private use, lone surrogates,
 * unassigned code points, fillers that draw nothing.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const SPACE = /[\t\n\v\f\r\u0085\u2028\u2029\p{Zs}]/u;
/** More accents on one letter than any language has are drawn over the lines around it. */
const MAX_MARKS = 4;
const MARK = /\p{M}/u;

/**
 * One line of at most `maxCharacters` code points, ending in an ellipsis when it was longer; runs of white space become one
 * space. Work is bounded by the cap, not by the length of the input.
 */
export function foreign(text: string, maxCharacters: number = MAX_FOREIGN_CHARACTERS): SafeText {
  const kept: string[] = [];
  let marks = 0;
  let looked = 0;
  for (const character of text) {
    if (kept.length > maxCharacters || ++looked > 16 * (maxCharacters + 1)) {
      kept.length = Math.min(kept.length, Math.max(maxCharacters - 1, 0));
      return `${kept.join('').trimEnd()}…` as SafeText;
    }
    if (SPACE.test(character)) {
      if (kept.length > 0 && kept.at(-1) !== ' ') kept.push(' ');
      continue;
    }
    if (HARMFUL.test(character)) continue;
    marks = MARK.test(character) ? marks + 1 : 0;
    if (marks <= MAX_MARKS) kept.push(character);
  }
  if (kept.at(-1) === ' ') kept.pop();
  if (kept.length <= maxCharacters) return kept.join('') as SafeText;
  return `${kept.slice(0, Math.max(maxCharacters - 1, 0)).join('').trimEnd()}…` as SafeText;
}
