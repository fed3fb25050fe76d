import { Fragment } from 'react';

/** First and last groups, enough to tell two apart at a glance. */
export const shortId = (hex: string): string => `${hex.slice(0, 8)}…${hex.slice(-4)}`;

/** In groups of four to be compared by eye; the first, a middle and the last group strong. */
export function Identifier({ text }: { readonly text: string }) {
  // What is left over stays with the group before it: two signs alone on a line tell nobody anything.
  const groups = text.match(/.{4}(?:.{0,3}$)?|.{1,3}$/gu) ?? [];
  const strong = new Set([0, Math.floor(groups.length / 2), groups.length - 1]);
  return (
    <span className="groups" translate="no">
      {groups.map((group, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the place is what a group is
        <Fragment key={index}>{strong.has(index) ? <b>{group}</b> : <span>{group}</span>}</Fragment>
      ))}
    </span>
  );
}
