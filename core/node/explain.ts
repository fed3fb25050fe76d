import type { z } from 'zod';
import { foreign } from '../lib/sanitize.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with names and values',
  record: 'an object with names and values',
};

const FORMATS: Readonly<Record<string, string>> = { digits: 'a whole number, written as text of digits' };

const nameOf = (path: Path): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${String(step)}`)).join('');

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return found;
}

const quoted = (values: readonly unknown[]): string => values.map(String).join(', ');

const bound = (words: string, limit: number | bigint, origin: string): string => {
  if (origin === 'string') return `have ${words} ${limit} characters`;
  if (origin === 'array') return `have ${words} ${limit} entries`;
  return `be ${words} ${limit}`;
};

/** What the value must do, to stand after "must". */
function demandOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_format':
      return `be ${FORMATS[issue.message] ?? issue.message}`;
    case 'invalid_value':
      return issue.values.length === 1 ? `be ${quoted(issue.values)}` : `be one of ${quoted(issue.values)}`;
    case 'too_small':
      return bound('at least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('at most', issue.maximum, issue.origin);
    case 'invalid_union':
      return `be one of ${quoted(issue.errors.flat().flatMap((inner) => (inner.code === 'invalid_value' ? inner.values : [inner.code])))}`;
    default:
      return 'be something else';
  }
}

/** The first thing that is wrong with a request, as a sentence, and the parameter that it is about. */
export function explainIssue(error: z.core.$ZodError, wire: unknown): { readonly message: string; readonly parameter?: string } {
  const issue = error.issues[0];
  if (!issue) return { message: 'The request is not understood.' };
  const name = nameOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const key = foreign(issue.keys[0] ?? '', 40);
    return { message: `There is no parameter "${key}" here.` };
  }
  if (name === '') return { message: `The parameters must ${demandOf(issue)}.` };
  if (valueAt(wire, issue.path) === undefined) return { message: `The parameter "${name}" is missing.`, parameter: name };
  return { message: `The parameter "${name}" must ${demandOf(issue)}.`, parameter: name };
}
