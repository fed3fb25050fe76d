import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSource, stringOf, walk, type Violation } from './source.ts';

export const CONFORMANCE_FILE = 'docs/conformance.md';
export const CONFORMANCE_FOLDER = 'docs/conformance';
/** Failures of others and the tests that would show them here; its rows may wait for a part that is not there yet. */
export const SAFETY_FILE = 'docs/safety.md';

const COLUMNS = ['BOLT section', 'requirement', 'file', 'test'] as const;
const ROW_ADVICE = `A row is | ${COLUMNS.join(' | ')} |`;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Cells of a table row; `\|` is a bar inside a cell. */
const cellsOf = (line: string): readonly string[] =>
  line
    .trim()
    .replace(/^\||\|$/gu, '')
    .split(/(?<!\\)\|/u)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

const isRule = (cells: readonly string[]): boolean => cells.every((cell) => /^:?-+:?$/u.test(cell));

/** The rows of every table, without headers; text in code fences is no table. */
function rowsOf(text: string): readonly Row[] {
  const lines = text.replaceAll(/```[\s\S]*?```/gu, (fence) => fence.replaceAll(/[^\n]/gu, '')).split('\n');
  const tableLines = lines.flatMap((line, index): Row[] =>
    line.trimStart().startsWith('|') ? [{ line: index + 1, cells: cellsOf(line) }] : [],
  );
  const rules = new Set(tableLines.filter(({ cells }) => isRule(cells)).map(({ line }) => line));
  return tableLines.filter(({ line }) => !rules.has(line) && !rules.has(line + 1));
}

/** Several entries of a cell are separated by `<br>`; backticks around an entry are optional. */
const entriesOf = (cell: string): readonly string[] =>
  cell.split(/<br\s*\/?>/u).map((entry) => entry.trim().replaceAll(/^`|`$/gu, ''));

/** The strings of a test file, where titles stand; comments are not among them. */
function stringsOf(root: string, path: string): readonly string[] {
  const strings: string[] = [];
  walk(readSource(root, path).program, (node) => {
    const text = stringOf(node);
    if (text !== undefined) strings.push(text);
    else if (node.type === 'TemplateElement') strings.push((node['value'] as { readonly cooked: string }).cooked);
  });
  return strings;
}

function faultOfTest(root: string, entry: string): string | undefined {
  const [path = '', ...titles] = entry.split(' › ').map((part) => part.trim());
  if (titles.length === 0 || titles.some((title) => title === ''))
    return `"${entry}" is not of the form: test file › test title`;
  if (!path.startsWith('test/')) return `"${path}" is not a path under test/`;
  if (!existsSync(join(root, path))) return `the test file ${path} does not exist`;
  const strings = stringsOf(root, path);
  const missing = titles.find((title) => !strings.some((text) => text.includes(title)));
  return missing === undefined ? undefined : `${path} has no test titled "${missing}"`;
}

const isLater = (entry: string): boolean => /^later: \S/u.test(entry);

function faultsOf(root: string, page: string, cells: readonly string[]): readonly string[] {
  if (cells.length !== COLUMNS.length) return [`${cells.length} cells instead of ${COLUMNS.length}`];
  const empty = COLUMNS.filter((_, index) => cells[index] === '');
  if (empty.length > 0) return empty.map((column) => `the column "${column}" is empty`);
  const [, , files = '', tests = ''] = cells;
  if (page === SAFETY_FILE && isLater(files) && files === tests) return [];
  return [
    ...entriesOf(files).flatMap((file) => (existsSync(join(root, file)) ? [] : [`the file ${file} does not exist`])),
    ...entriesOf(tests).flatMap((entry) => faultOfTest(root, entry) ?? []),
  ];
}

/** Every page of rows: the index and one page a BOLT. */
function pagesOf(root: string): readonly string[] {
  const folder = join(root, CONFORMANCE_FOLDER);
  const pages = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')).toSorted() : [];
  return [CONFORMANCE_FILE, ...pages.map((name) => `${CONFORMANCE_FOLDER}/${name}`), ...(existsSync(join(root, SAFETY_FILE)) ? [SAFETY_FILE] : [])];
}

/** Checks that the files and tests which docs/conformance.md and the pages beside it name are there. */
export function checkConformance(root: string): {
  readonly rowCount: number;
  readonly violations: readonly Violation[];
} {
  if (!existsSync(join(root, CONFORMANCE_FILE))) {
    return { rowCount: 0, violations: [{ path: CONFORMANCE_FILE, line: 1, rule: 'the file does not exist', advice: ROW_ADVICE }] };
  }
  const found = pagesOf(root).flatMap((path) => rowsOf(readFileSync(join(root, path), 'utf8')).map((row) => ({ path, ...row })));
  const violations = found.flatMap(({ path, line, cells }) =>
    faultsOf(root, path, cells).map((rule): Violation => ({ path, line, rule, advice: ROW_ADVICE })),
  );
  return { rowCount: found.length, violations };
}
