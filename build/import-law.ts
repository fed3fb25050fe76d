import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import * as table from './import-law-table.ts';
import { purityViolations } from './purity.ts';
import {
  filesUnder,
  isNode,
  lineOf,
  readSource,
  stringOf,
  walk,
  type Node,
  type Source,
  type Violation,
} from './source.ts';

interface Import {
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly start: number;
}

type Verdict = Pick<Violation, 'rule' | 'advice'>;

const BUILTINS = new Set(builtinModules);
const FOLDERS = ['core', ...Object.keys(table.OUTSIDE)];

const isCallOf = (node: unknown, name: string): boolean =>
  isNode(node) && node.type === 'CallExpression' && isNode(node['callee']) && node['callee']['name'] === name;

/** Static, re-exported, dynamic, `import('x').T` and required modules of a file. */
function importsOf({ program }: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (node: Node, from: unknown, typesOnly: boolean) => {
    const specifier = stringOf(from);
    if (specifier !== undefined) found.push({ specifier, typesOnly, start: node.start });
  };
  walk(program, (node) => {
    if (
      ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression'].includes(node.type)
    ) {
      add(node, node['source'], node['importKind'] === 'type' || node['exportKind'] === 'type');
    }
    if (node.type === 'TSImportType') add(node, node['source'] ?? node['argument'], true);
    if (node.type !== 'CallExpression') return;
    const callee = node['callee'];
    const isRequire = isNode(callee) && (callee['name'] === 'require' || isCallOf(callee, 'createRequire'));
    if (isRequire) add(node, (node['arguments'] as readonly unknown[])[0], false);
  });
  return found;
}

/** `channel` for core/channel/states/normal.ts, `top` for core/index.ts and the playground. */
export function coreFolderOf(path: string): string {
  const [, folder = '', ...rest] = path.split('/');
  return rest.length === 0 || folder === table.TOP_FOLDER ? 'top' : folder;
}

const layerOf = (folder: string): number => table.LAYERS.findIndex((layer) => layer.includes(folder));

/** Whether one folder of core may import from another. */
export function mayImportFolder(from: string, to: string): boolean {
  if (from === to || layerOf(to) < layerOf(from)) return true;
  return table.SIDEWAYS.some((row) => row.from === from && row.to === to && layerOf(from) === layerOf(to));
}

function judgeWithinCore(path: string, target: string): Verdict | undefined {
  const from = coreFolderOf(path);
  const to = coreFolderOf(target);
  if (path === table.CONTRACT || path.startsWith(table.CONTRACT_FOLDER)) {
    if (target.startsWith(table.CONTRACT_FOLDER)) return undefined;
    if (table.CONTRACT_MAY_IMPORT.includes(to)) return undefined;
    return { rule: `the contract must not import core/${to}`, advice: 'It is schemas and types only' };
  }
  if (target === table.CONTRACT) {
    if (table.CONTRACT_READERS.includes(from)) return undefined;
    return { rule: `core/${from} must not know the contract`, advice: 'Translate in core/node' };
  }
  for (const folder of [from, to]) {
    if (layerOf(folder) < 0)
      return { rule: `core/${folder} has no layer`, advice: 'Give it a place in build/import-law-table.ts' };
  }
  if (mayImportFolder(from, to)) return undefined;
  const direction = layerOf(from) === layerOf(to) ? 'sideways' : 'upward';
  return {
    rule: `core/${from} must not import core/${to} (${direction})`,
    advice: 'Move what both need to a lower folder, or take it as an argument',
  };
}

function judgeProject(path: string, target: string): Verdict | undefined {
  const from = path.split('/')[0] ?? '';
  const to = target.split('/')[0] ?? '';
  if (from === 'core') {
    if (to === 'core') return judgeWithinCore(path, target);
    return { rule: `core must not import ${to}`, advice: 'Define a port in core and hand the adapter in from outside' };
  }
  const allowed = table.OUTSIDE[from] ?? [];
  if (
    from === to ||
    allowed.some((prefix) => (prefix === '' || prefix.endsWith('/') ? target.startsWith(prefix) : target === prefix))
  ) {
    return undefined;
  }
  return {
    rule: `${from} must not import ${target}`,
    advice: `Of the rest of the project it may import only ${allowed.join(', ')}`,
  };
}

function judgeNode(path: string, specifier: string): Verdict | undefined {
  if (!specifier.startsWith('node:'))
    return { rule: `Node's ${specifier} without its prefix`, advice: `Write node:${specifier}` };
  const allowed = path.startsWith('core/')
    ? table.NODE_ALLOWED.some((prefix) => path.startsWith(prefix))
    : !path.startsWith('renderer/');
  if (allowed) return undefined;
  return {
    rule: `${specifier} outside core/io`,
    advice: 'Define a port where it is needed and write the adapter in core/io',
  };
}

export const packageNameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function judgePackage(
  path: string,
  { specifier, typesOnly }: Import,
  declared: ReadonlySet<string>,
): Verdict | undefined {
  const name = packageNameOf(specifier);
  if (!declared.has(name)) {
    return {
      rule: `the package ${name} is not in package.json`,
      advice: 'Use one that is, or add it there and to docs/dependencies.md',
    };
  }
  if (path.startsWith('test/')) {
    if (!table.TYPES_ONLY_IN_TESTS.has(name) || typesOnly) return undefined;
    return { rule: `${name} at run time in a test`, advice: 'Use `import type`' };
  }
  const row = table.PACKAGES[name];
  if (!row)
    return {
      rule: `the package ${name} has no home`,
      advice: 'Give it one, with the reason, in build/import-law-table.ts',
    };
  if (row.homes.some((home) => path.startsWith(home))) return undefined;
  return { rule: `${name} belongs in ${row.homes.join(', ')}`, advice: `Import from there instead: ${row.reason}` };
}

function judgeImport(path: string, imported: Import, declared: ReadonlySet<string>): Verdict | undefined {
  const { specifier } = imported;
  if (specifier.startsWith('.')) return judgeProject(path, posix.normalize(posix.join(posix.dirname(path), specifier)));
  if (specifier.startsWith('node:') || BUILTINS.has(specifier)) return judgeNode(path, specifier);
  return judgePackage(path, imported, declared);
}

function declaredPackages(root: string): ReadonlySet<string> {
  const file = join(root, 'package.json');
  if (!existsSync(file)) return new Set();
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string> | undefined>;
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies'];
  return new Set(groups.flatMap((group) => Object.keys(manifest[group] ?? {})));
}

/** Every breach of the import law under a project root; throws a SyntaxError for a file that does not parse. */
export function checkImportLaw(root: string): {
  readonly fileCount: number;
  readonly violations: readonly Violation[];
} {
  const declared = declaredPackages(root);
  const paths = FOLDERS.flatMap((folder) => filesUnder(root, folder, ['.ts', '.tsx', '.mts']));
  const violations = paths.flatMap((path): readonly Violation[] => {
    const source = readSource(root, path);
    const ofImports = importsOf(source).flatMap((imported) => {
      const verdict = judgeImport(path, imported, declared);
      return verdict ? [{ path, line: lineOf(source.text, imported.start), ...verdict }] : [];
    });
    return [...ofImports, ...purityViolations(source, path.startsWith('core/') ? coreFolderOf(path) : '')];
  });
  return { fileCount: paths.length, violations };
}
