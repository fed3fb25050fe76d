/** The sentences are British, so are their dates: no month that could be a day. */
export const localeOf = (language: string): string => (language === 'en' ? 'en-GB' : language);
/** One clock on every screen. */
const CLOCK = { timeStyle: 'short', hourCycle: 'h23' } as const;
/** Where the word for the present moment does not stand for one just past. */
const JUST_NOW: Readonly<Record<string, string>> = { 'zh-Hans': '刚刚', 'zh-Hant': '剛剛' };
/** Figures stand apart from Chinese characters, as in the sentences of the screens. */
const spaced = (text: string): string => text.replace(/(\d)(\p{Script=Han})/u, '$1 $2');
const isSameDay = (aMs: number, bMs: number): boolean => new Date(aMs).toDateString() === new Date(bMs).toDateString();

/** Times in the words of the language; relative under an hour only, as the date is what a person can hold on to. */
export function timeText(timeMs: number, language: string, { nowMs = Date.now(), isPast = false }: { readonly nowMs?: number; readonly isPast?: boolean } = {}): string {
  // A block's time may lie a little ahead of ours.
  const ahead = timeMs > nowMs && timeMs - nowMs < 2 * 3_600_000 && isPast;
  const minutes = ahead ? 0 : Math.round((timeMs - nowMs) / 60_000);
  if (minutes === 0 && JUST_NOW[language] !== undefined) return JUST_NOW[language];
  if (Math.abs(minutes) < 60) return spaced(new Intl.RelativeTimeFormat(localeOf(language), { numeric: 'auto' }).format(minutes, minutes === 0 ? 'second' : 'minute'));
  return new Intl.DateTimeFormat(localeOf(language), isSameDay(timeMs, nowMs) ? CLOCK : { dateStyle: 'medium', ...CLOCK }).format(timeMs);
}

/** A number of blocks as a usual time: ten minutes each. */
export function blocksText(blocks: number, language: string): string {
  const hours = blocks / 6;
  const [count, unit] = hours < 1 ? [blocks * 10, 'minute'] : hours < 48 ? [Math.round(hours), 'hour'] : [Math.round(hours / 24), 'day'];
  return spaced(new Intl.NumberFormat(language, { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(Number(count)));
}

/** Counts down to `timeMs` as minutes and seconds. */
export function untilText(timeMs: number, nowMs: number): string {
  const left = Math.max(0, Math.round((timeMs - nowMs) / 1000));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60), left % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const MS_PER_BLOCK = 600_000;

/** About when the chain will be this high: an estimate, the height is the promise. */
export function dateOfHeight(height: number, tipHeight: number, language: string, nowMs = Date.now()): string {
  const aheadMs = Math.max(0, height - tipHeight) * MS_PER_BLOCK;
  const isSoon = aheadMs < 86_400_000;
  return new Intl.DateTimeFormat(localeOf(language), !isSoon ? { dateStyle: 'medium' } : isSameDay(nowMs, nowMs + aheadMs) ? CLOCK : { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(nowMs + aheadMs);
}

/** A moment to the second, short enough for a column. */
export const momentFormat = (language: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(localeOf(language), { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
