import { redact, redactText, type LogValue } from './redact.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

/** A message is a constant sentence of ours; whatever varies is a field, so that secrets are found by their names. */
export interface Logger {
  readonly error: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly debug: (message: string, fields?: LogFields) => void;
  /** The same log with these fields in every line. */
  readonly child: (fields: LogFields) => Logger;
}

/** One line, already free of secrets and harmless to print. */
export interface LogRecord {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, LogValue>>;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly nowMs: () => number;
  readonly write: (record: LogRecord) => void;
}

/** Never throws: what cannot be logged must not stop what it is about. */
export function createLogger({ level, nowMs, write }: LoggerOptions, fixed: LogFields = {}): Logger {
  const at =
    (lineLevel: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(lineLevel) > LOG_LEVELS.indexOf(level)) return;
      try {
        const line = { timeMs: nowMs(), level: lineLevel, message: redactText(message) };
        write({ ...line, fields: redact({ ...fixed, ...fields }) });
      } catch {
        // A field whose getter throws, or a writer that fails.
      }
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => createLogger({ level, nowMs, write }, { ...fixed, ...fields }),
  };
}

export const silentLogger: Logger = createLogger({ level: 'error', nowMs: () => 0, write: () => undefined });

const timeOf = (timeMs: number): string => {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? String(timeMs) : date.toISOString();
};

/** For programs: one JSON object, without the line's end. */
export const jsonLine = ({ timeMs, level, message, fields }: LogRecord): string =>
  JSON.stringify({ time: timeOf(timeMs), level, message, fields });

/** For people: `2026-01-01T00:00:00.000Z warn  the message name=value ...`. */
export function textLine({ timeMs, level, message, fields }: LogRecord): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${wordOf(value)}`);
  return `${timeOf(timeMs)} ${level.padEnd(5)} ${message}${pairs.join('')}`;
}

const wordOf = (value: LogValue): string =>
  typeof value === 'string' && /^[\w.:/@-]+$/u.test(value) ? value : JSON.stringify(value);
