import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';

/** An ESTree node, as far as the checkers look into it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

export interface Source {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Node;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly advice: string;
}

export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

export const describe = ({ path, line, rule, advice }: Violation): string => `${path}:${line}: ${rule}. ${advice}.`;

/** All files under a folder of the root with one of these endings, as sorted paths relative to the root. */
export function filesUnder(root: string, folder: string, endings: readonly string[]): readonly string[] {
  const top = join(root, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .filter((path) => !path.includes('node_modules/') && !path.includes('/dist/'))
    .toSorted();
}

/** Throws a SyntaxError that names the file where it cannot be parsed. */
export function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const lang = path.endsWith('.d.ts') ? 'dts' : path.endsWith('x') ? 'tsx' : 'ts';
  try {
    return { path, text, program: parseAst(text, { lang, sourceType: 'module' }) as unknown as Node };
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`);
  }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Calls `visit` for a node and everything below it, outermost first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, node);
  }
}

/** The text of a string literal or of a template without placeholders. */
export function stringOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined;
}
