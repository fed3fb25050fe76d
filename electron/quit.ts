import type { Answer, Method } from '../core/api.ts';
import type { Logger } from '../core/index.ts';
import { blocksText, type Language, type Say } from './texts/index.ts';

export interface QuitPort {
  /** Asks the engine; rejects where it is locked or not running. */
  readonly call: (method: Method, params: unknown) => Promise<unknown>;
  readonly stop: () => Promise<void>;
  readonly say: Say;
  readonly language: () => Language;
  /** Whether to quit, after the question and its lines were shown. */
  readonly ask: (title: string, lines: readonly string[]) => Promise<boolean>;
  readonly log: Logger;
}

export interface Quit {
  /** All that counts is stored: the program may end. */
  readonly isDone: () => boolean;
  /** False when the person keeps it running. */
  readonly begin: () => Promise<boolean>;
  /** The system goes down: nobody can be asked. */
  readonly hurry: () => void;
}

const DRAIN_MS = 5000;
const LOOK_MS = 100;
const CHANNELS_UNDER_WAY: ReadonlySet<string> = new Set(['opening', 'shutting_down', 'negotiating', 'failing', 'closing', 'fallen_behind']);

interface Pending {
  readonly payments: number;
  readonly channels: number;
  readonly sleep: Answer<'node.info'>['sleep'];
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function pendingOf({ call }: Pick<QuitPort, 'call'>): Promise<Pending> {
  type Lists = readonly [Answer<'payment.list'>, readonly (Pick<Answer<'channel.get'>, 'state' | 'pendingHtlcs'>)[], Answer<'node.info'>];
  const [payments, channels, { sleep }] = (await Promise.all([call('payment.list', { limit: 100 }), call('channel.list', {}), call('node.info', {})])) as unknown as Lists;
  return {
    payments: Math.max(payments.filter(({ state }) => state === 'pending').length, channels.some(({ pendingHtlcs }) => pendingHtlcs > 0) ? 1 : 0),
    channels: channels.filter(({ state }) => CHANNELS_UNDER_WAY.has(state)).length,
    sleep,
  };
}

/** What a person hears before the program ends; nothing, when nothing is pending. */
export function quitLines({ payments, channels, sleep }: Pending, say: Say, language: Language): readonly string[] {
  if (payments === 0 && channels === 0) return [];
  const budget = sleep?.blocks === undefined ? (sleep ? [say('quit.noBudget')] : []) : [say('quit.budget', { time: blocksText(sleep.blocks, language), height: sleep.untilHeight ?? 0 })];
  return [...(payments > 0 ? [say('quit.payments', { count: payments })] : []), ...(channels > 0 ? [say('quit.channels', { count: channels })] : []), ...budget];
}

/**
 * Asks where something is pending, gives what is in flight a moment, and stops the node; five seconds in all. Everything that
 * counts is on disk already, so a node that hangs may be left behind.
 */
export function createQuit(port: QuitPort): Quit {
  let isDone = false;
  let isHurried = false;
  let running: Promise<boolean> | undefined;

  const settle = async (untilMs: number): Promise<void> => {
    while (performance.now() < untilMs) {
      const pending = await pendingOf(port).catch(() => undefined);
      if (!pending || pending.payments === 0) return;
      await pause(LOOK_MS);
    }
  };
  const drain = async (): Promise<void> => {
    const untilMs = performance.now() + DRAIN_MS;
    // Stopping itself takes its part of the time.
    await settle(untilMs - DRAIN_MS / 2);
    const late = pause(Math.max(0, untilMs - performance.now()));
    await Promise.race([port.stop().catch((error: unknown) => port.log.error('the node did not stop cleanly', { error })), late]);
    isDone = true;
  };
  const run = async (): Promise<boolean> => {
    const pending = isHurried ? undefined : await pendingOf(port).catch(() => undefined);
    const lines = pending ? quitLines(pending, port.say, port.language()) : [];
    if (lines.length > 0 && !(await port.ask(port.say('quit.title'), lines))) return false;
    await drain();
    return true;
  };
  return {
    isDone: () => isDone,
    begin: () => (running ??= run().finally(() => (running = undefined))),
    hurry: () => (isHurried = true),
  };
}
