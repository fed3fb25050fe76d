import { groups } from '../../format/amounts.ts';
import { dateOfHeight } from '../../format/times.ts';

/** A height and about when it is reached, each of which stays in one line. */
export const whenOf = (height: number, tip: number, language: string): { readonly height: string; readonly date: string; readonly blocks: number } => ({
  height: groups(BigInt(height)),
  date: dateOfHeight(height, tip, language).replaceAll(' ', '\u00A0'),
  blocks: height - tip,
});
