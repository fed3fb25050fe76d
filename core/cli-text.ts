import { methods, type ApiError, type Method } from './api.ts';
import { describeType, fieldsOf, type Field, type JsonSchema } from './lib/describe-schema.ts';
import { err, ok, type Result } from './lib/result.ts';

export interface CliArguments {
  readonly method: string;
  /** As typed. */
  readonly values: Readonly<Record<string, string>>;
  /** `help payment.send`: what help is wanted for. */
  readonly topic: string | undefined;
}

/** Parameters that must not stand in a command line, where other programs can read them. */
export const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['password', 'newPassword', 'mnemonic']);

const schemaOf = (schema: { readonly toJSONSchema: (options: { readonly io: 'input' }) => object }): JsonSchema =>
  schema.toJSONSchema({ io: 'input' });

export const parametersOf = (method: Method): readonly Field[] => fieldsOf(schemaOf(methods[method].params));

/** `payment.send invoice=lnbc... payAgain=true`. */
export function parseWords(words: readonly string[]): Result<CliArguments, string> {
  const [method = 'help', ...rest] = words;
  if (method === 'help') return ok({ method, values: {}, topic: rest[0] });
  const values = new Map<string, string>();
  for (const word of rest) {
    const at = word.indexOf('=');
    if (at <= 0) return err(`Parameters are written name=value; this is not one: ${word.slice(0, 40)}`);
    const name = word.slice(0, at);
    if (values.has(name)) return err(`The parameter "${name}" is given twice.`);
    values.set(name, word.slice(at + 1));
  }
  // Not Object.fromEntries into a plain object: a name may be __proto__, and the contract is to refuse it.
  return ok({ method, values: Object.assign(Object.create(null) as object, Object.fromEntries(values)), topic: undefined });
}

/** A typed word as the kind of value that the schema asks for; what does not fit stays text, and the schema refuses it. */
function valueOf(typed: string, schema: JsonSchema): unknown {
  const kinds = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type);
  if (kinds.includes('boolean') && (typed === 'true' || typed === 'false')) return typed === 'true';
  const isNumber = kinds.includes('integer') || kinds.includes('number');
  if (isNumber && /^-?\d+(\.\d+)?$/u.test(typed)) return Number(typed);
  if (kinds.includes('array')) return typed === '' ? [] : typed.split(',').map((item) => valueOf(item, schema.items ?? {}));
  return typed;
}

/** The parameters as plain JSON data. Unknown ones are kept: refusing them is the contract's task. */
export function wireParamsOf(method: Method, values: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const fields = new Map(parametersOf(method).map((field) => [field.name, field.schema]));
  return Object.fromEntries(Object.entries(values).map(([name, typed]) => [name, valueOf(typed, fields.get(name) ?? {})]));
}

/** Secrets that the method cannot do without and that were not given. */
export const missingSecrets = (method: Method, values: Readonly<Record<string, unknown>>): readonly string[] =>
  parametersOf(method)
    .filter(({ name, isRequired }) => isRequired && SECRET_PARAMETERS.has(name) && values[name] === undefined)
    .map(({ name }) => name);

const columns = (rows: readonly (readonly [string, string])[], indent: string): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${indent}${left.padEnd(width)}  ${right}`.trimEnd()).join('\n');
};

const USAGE = `npm run cli -- <method> name=value ... [options]
npm run cli -- help <method>

Options
  --data-dir <folder>      the running wallet's data folder
  --network <name>         mainnet (default), testnet, signet or regtest: whose default data folder
  --rpc <path>             the running wallet's local socket, when it is not in the data folder
  --password-file <file>   the password, when nobody is there to type it
  --mnemonic-file <file>   the words for vault.restore, when nobody is there to type them
  --file <file>            a backup file: backup.run writes it, backup.drill and backup.restore read it
  --json                   the answer as JSON

Passwords and words are asked for without being shown. Amounts are digits; msat and sat are in the names.

Methods
`;

export const helpText = (): string =>
  USAGE + columns(Object.entries(methods).map(([name, { summary }]) => [name, summary] as const), '  ');

/** Backquotes are for the generated document. */
const plain = (text: string): string => text.replaceAll('`', '');

const fieldRow = ({ name, type, isRequired, defaultValue }: Field): readonly [string, string] => {
  const note = isRequired ? '' : defaultValue === undefined ? ' (optional)' : ` (default ${defaultValue})`;
  const secret = SECRET_PARAMETERS.has(name) ? ' (asked for)' : '';
  return [name, plain(type) + note + secret];
};

export function methodHelp(method: Method): string {
  const { summary, result } = methods[method];
  const fields = parametersOf(method);
  const example = fields
    .filter(({ name, isRequired }) => isRequired && !SECRET_PARAMETERS.has(name))
    .map(({ name }) => ` ${name}=...`);
  const answer = schemaOf(result);
  const answerFields = fieldsOf(answer.type === 'array' ? (answer.items ?? {}) : answer);
  return [
    `${method}: ${summary}`,
    `\nnpm run cli -- ${method}${example.join('')}`,
    `\nParameters\n${fields.length > 0 ? columns(fields.map(fieldRow), '  ') : '  none'}`,
    `\nAnswer${answer.type === 'array' ? ' (a list)' : ''}\n${
      answerFields.length > 0
        ? columns(answerFields.map((field) => [field.name, plain(field.type) + (field.isRequired ? '' : ' (optional)')] as const), '  ')
        : answer.properties
          ? '  nothing'
          : `  ${plain(describeType(answer))}`
    }`,
  ].join('\n');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What would move the cursor, colour the rest or turn its direction; line ends and tabs belong to exported tables. */
// oxlint-disable-next-line no-control-regex -- these are the ones to find
const COMMANDS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const scalar = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).replace(COMMANDS, '\ufffd');

/** An answer for people: a line a field, a blank line between entries of a list. */
export function formatAnswer(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return `${indent}(none)`;
    const isFlat = value.every((item) => !isRecord(item));
    return value.map((item) => formatAnswer(item, indent)).join(isFlat ? '\n' : '\n\n');
  }
  if (!isRecord(value)) return indent + scalar(value);
  const names = Object.keys(value);
  if (names.length === 0) return `${indent}(done)`;
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const field = value[name];
    const isNested = isRecord(field) || (Array.isArray(field) && field.some(isRecord));
    if (isNested) return `${indent}${name}\n${formatAnswer(field, `${indent}  `)}`;
    return `${indent}${name.padEnd(width)}  ${Array.isArray(field) ? field.map(scalar).join(', ') : scalar(field)}`;
  });
  return lines.join('\n');
}

export const formatError = ({ code, message, data }: ApiError): string =>
  `${message} (${code}${Object.entries(data ?? {}).map(([name, value]) => `, ${name} ${value}`).join('')})`; // prettier-ignore
