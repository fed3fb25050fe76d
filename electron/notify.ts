import type { EventData, EventName } from '../core/api.ts';
import { blocksText, type Language, type Say, type TextKey } from './texts/index.ts';

export interface NotifyPort {
  readonly say: Say;
  readonly language: () => Language;
  /** Somebody looks at the window: it says all of this itself. */
  readonly isWatched: () => boolean;
  readonly show: (body: string) => void;
  readonly nowMs: () => number;
}

const ALARMS: Readonly<Record<string, TextKey>> = {
  revoked_commitment: 'alarm.breach', short_of_coins: 'alarm.coins', we_lost_data: 'alarm.stale', future_commitment: 'alarm.stale',
  disk_full: 'alarm.disk', write_failed: 'alarm.disk',
}; // prettier-ignore

/** A day: whoever hears it in the evening can still act in the morning. */
const SOON_BLOCKS = 144;
const MAX_REMEMBERED = 1000;
/** Payments may come a hundred a second; a person is told of the first, and of the next after a while. */
const REST_MS = 30_000;

type Listener = { readonly [N in EventName]?: (data: EventData<N>) => void };

/**
 * Tells the desktop, when nobody looks at the window, of money that moved, deadlines and alarms. Never an amount, and never
 * what a peer or an invoice wrote: a notification is seen by whoever passes.
 */
export function createNotifier({ say, language, isWatched, show, nowMs }: NotifyPort): (name: EventName, data: unknown) => void {
  const told = new Set<string>();
  const channels = new Map<string, string>();
  const lastMs = new Map<TextKey, number>();
  const once = (what: string, key: TextKey, values?: Readonly<Record<string, string>>): void => {
    if (told.has(what)) return;
    if (told.size >= MAX_REMEMBERED) told.clear();
    told.add(what);
    const isMoney = key === 'notify.received' || key === 'notify.sent' || key === 'notify.failed';
    if (isWatched() || (isMoney && nowMs() - (lastMs.get(key) ?? Number.NEGATIVE_INFINITY) < REST_MS)) return;
    lastMs.set(key, nowMs());
    show(say(key, values));
  };
  const listener: Listener = {
    'invoice.updated': ({ paymentHash, state }) => state === 'paid' && once(`in ${paymentHash}`, 'notify.received'),
    'payment.updated': ({ paymentHash, direction, state, createdAtMs }) => {
      if (direction === 'sent' && state !== 'pending') once(`out ${paymentHash} ${createdAtMs} ${state}`, state === 'succeeded' ? 'notify.sent' : 'notify.failed');
    },
    'channel.updated': ({ channelId, state }) => {
      const before = channels.get(channelId);
      channels.set(channelId, state);
      if (before === 'normal' && state !== 'normal') once(`closing ${channelId}`, 'notify.closing');
    },
    'sleep.updated': ({ blocks, untilHeight, channelId }) => {
      if (blocks === undefined || blocks > SOON_BLOCKS) return;
      once(`deadline ${channelId} ${untilHeight}`, 'notify.deadline', { time: blocksText(blocks, language()) });
    },
    alarm: ({ code, channelId }) => once(`alarm ${code} ${channelId}`, ALARMS[code] ?? 'alarm.other'),
  };
  return (name, data) => (listener[name] as ((data: unknown) => void) | undefined)?.(data);
}
