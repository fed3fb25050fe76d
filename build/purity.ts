import { IMPURE_GLOBALS, IMPURE_MEMBERS, NODE_ALLOWED, PURE_FOLDERS, RANDOM_NAMES } from './import-law-table.ts';
import { isNode, lineOf, walk, type Node, type Source, type Violation } from './source.ts';

type Report = (node: Node, rule: string, advice: string) => void;

const ASYNC_ADVICE = 'Keep it synchronous: return an action and let core/node wait';

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : undefined;

/** Whether an identifier is a mere name of a member (`a.process`, `{ process: 1 }`), not a use of what it names. */
function isMemberName(node: Node, parent: Node | undefined): boolean {
  if (!parent || parent['computed'] === true) return false;
  if (parent.type === 'MemberExpression') return parent['property'] === node;
  if (parent.type === 'TSQualifiedName') return parent['right'] === node;
  if (parent['key'] === node) return parent['shorthand'] !== true;
  return parent['imported'] === node || parent['exported'] === node || parent['label'] === node;
}

/** Names that the file itself binds: parameters, variables, functions, types, imports. */
function boundNames(program: Node): ReadonlySet<string> {
  const names = new Set<string>();
  const bind = (pattern: unknown): void => {
    if (!isNode(pattern)) return;
    const name = nameOf(pattern);
    if (name) names.add(name);
    if (pattern.type === 'ObjectPattern')
      for (const property of pattern['properties'] as Node[]) bind(property['value'] ?? property['argument']);
    if (pattern.type === 'ArrayPattern') for (const element of pattern['elements'] as unknown[]) bind(element);
    if (pattern.type === 'AssignmentPattern') bind(pattern['left']);
    if (pattern.type === 'RestElement') bind(pattern['argument']);
  };
  walk(program, (node) => {
    if (['VariableDeclarator', 'FunctionDeclaration', 'ClassDeclaration'].includes(node.type)) bind(node['id']);
    if (['TSTypeAliasDeclaration', 'TSInterfaceDeclaration'].includes(node.type)) bind(node['id']);
    if (isNode(node['local']) && node.type.startsWith('Import')) bind(node['local']);
    if (node.type === 'CatchClause') bind(node['param']);
    for (const parameter of Array.isArray(node['params']) ? node['params'] : []) bind(parameter);
  });
  return names;
}

function reportAsync(node: Node, report: Report): void {
  if (node['async'] === true) report(node, 'async in a pure folder', ASYNC_ADVICE);
  if (node.type === 'AwaitExpression') report(node, 'await in a pure folder', ASYNC_ADVICE);
  if (node.type === 'ForOfStatement' && node['await'] === true)
    report(node, 'for await in a pure folder', ASYNC_ADVICE);
  if (node.type === 'ImportExpression') report(node, 'import() in a pure folder', 'Import statically');
}

function reportMember(node: Node, report: Report): void {
  if (node.type !== 'MemberExpression') return;
  const property = nameOf(node['property']) ?? '';
  const path = `${nameOf(node['object'])}.${property}`;
  const advice = IMPURE_MEMBERS[path];
  if (advice) report(node, `${path} in a pure folder`, advice);
  else if (RANDOM_NAMES.has(property)) report(node, `${property} in a pure folder`, 'Take random bytes as an argument');
}

function reportRandomImport(node: Node, report: Report): void {
  const imported = node.type === 'ImportSpecifier' ? nameOf(node['imported']) : undefined;
  if (imported && RANDOM_NAMES.has(imported))
    report(node, `${imported} in a pure folder`, 'Take random bytes as an argument');
}

/** Clock, randomness, logger, I/O and async in the pure folders; Node's Buffer anywhere in core but where Node is allowed. */
export function purityViolations(source: Source, coreFolder: string): readonly Violation[] {
  const { path, text, program } = source;
  if (coreFolder === '' || path.endsWith('.d.ts')) return [];
  const isPure = PURE_FOLDERS.has(coreFolder);
  const mayUseBuffer = NODE_ALLOWED.some((prefix) => path.startsWith(prefix));
  const bound = boundNames(program);
  const violations: Violation[] = [];
  const report: Report = (node, rule, advice) => {
    const line = lineOf(text, node.start);
    // The parser gives `{ process }` as a key and a value at the same place.
    if (violations.some((known) => known.line === line && known.rule === rule)) return;
    violations.push({ path, line, rule, advice });
  };
  walk(program, (node, parent) => {
    if (isPure) {
      reportAsync(node, report);
      reportMember(node, report);
      reportRandomImport(node, report);
    }
    const name = nameOf(node);
    if (!name || bound.has(name) || isMemberName(node, parent)) return;
    if (name === 'Buffer' && !mayUseBuffer)
      report(node, 'Buffer outside core/io', 'Use Uint8Array and core/lib/bytes.ts');
    const advice = isPure && Object.hasOwn(IMPURE_GLOBALS, name) ? IMPURE_GLOBALS[name] : undefined;
    if (advice) report(node, `${name} in a pure folder`, advice);
  });
  return violations;
}
