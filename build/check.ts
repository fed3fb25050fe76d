import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkApiDocument } from './api-docs.ts';
import { checkConformance } from './conformance.ts';
import { checkDependencies } from './dependencies.ts';
import { checkImportLaw } from './import-law.ts';
import { describe, filesUnder, type Violation } from './source.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Outcome {
  readonly summary: string;
  readonly problems: readonly string[];
}

interface Check {
  readonly name: string;
  readonly run: () => Outcome;
}

/** Runs a tool of node_modules with this Node; its words are the problems when it fails. */
function runTool(script: string, args: readonly string[], summary: string): Outcome {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [join('node_modules', script), ...args], {
    cwd: ROOT,
    maxBuffer: 64 << 20,
    encoding: 'utf8',
  });
  if (status === 0) return { summary, problems: [] };
  return {
    summary,
    problems: [`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim() || `exit code ${status}`],
  };
}

interface Project {
  readonly config: string;
  /** Where its sources are; a project without sources has nothing to check. */
  readonly folders: readonly string[];
  /** Declarations that must not be in the program: one package that refers to them brings them to every file. */
  readonly without?: readonly string[];
}

const NODE_TYPES = 'node_modules/@types/node/';
const DOM_TYPES = '/lib.dom.d.ts';

const PROJECTS: readonly Project[] = [
  { config: 'core', folders: ['core'], without: [NODE_TYPES, DOM_TYPES] },
  {
    config: 'core/tsconfig.node.json',
    folders: ['core/chain', 'core/store', 'core/node', 'core/io', 'core/playground'],
  },
  { config: 'electron', folders: ['electron'] },
  { config: 'renderer', folders: ['renderer'], without: [NODE_TYPES] },
  { config: 'test', folders: ['test'] },
  { config: 'build', folders: ['build'] },
];

/** The files of a TypeScript program, declarations of packages included. */
function programFiles(config: string): readonly string[] {
  const args = ['node_modules/typescript/bin/tsc', '-p', config, '--listFilesOnly'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 });
  return stdout.replaceAll('\\', '/').split('\n');
}

function runTypeCheck({ config, folders, without = [] }: Project): Outcome {
  const sources = folders.flatMap((folder) => filesUnder(ROOT, folder, ['.ts', '.tsx', '.mts']));
  if (sources.length === 0) return { summary: 'no sources yet', problems: [] };
  const types = runTool('typescript/bin/tsc', ['-p', config], 'no errors');
  const strays = without.filter((path) => programFiles(config).some((file) => file.includes(path)));
  const problems = strays.map(
    (path) => `${path} is in the program; find out why with: npx tsc -p ${config} --explainFiles`,
  );
  return { ...types, problems: [...types.problems, ...problems] };
}

const ofViolations = (summary: string, violations: readonly Violation[]): Outcome => ({
  summary,
  problems: violations.map(describe),
});

const CHECKS: readonly Check[] = [
  ...PROJECTS.map((project) => ({ name: `types of ${project.config}`, run: () => runTypeCheck(project) })),
  {
    name: 'import law',
    run: () => {
      const { fileCount, violations } = checkImportLaw(ROOT);
      return ofViolations(`${fileCount} files`, violations);
    },
  },
  {
    name: 'conformance',
    run: () => {
      const { rowCount, violations } = checkConformance(ROOT);
      return ofViolations(`${rowCount} rows`, violations);
    },
  },
  {
    name: 'dependencies',
    run: () => {
      const { packageCount, violations } = checkDependencies(ROOT);
      return ofViolations(`${packageCount} packages`, violations);
    },
  },
  {
    name: 'API document',
    run: () => {
      const { methodCount, violations } = checkApiDocument(ROOT);
      return ofViolations(`${methodCount} methods`, violations);
    },
  },
  { name: 'lint', run: () => runTool('oxlint/bin/oxlint', ['--deny-warnings'], 'no findings') },
];

function runCheck({ name, run }: Check): boolean {
  const { summary, problems } = attempt(run);
  const isGood = problems.length === 0;
  console.log(`${isGood ? '✓' : '✗'} ${name}${isGood ? ` (${summary})` : ''}`);
  for (const problem of problems) console.log(problem.replaceAll(/^/gmu, '    '));
  return isGood;
}

function attempt(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    return { summary: '', problems: [error instanceof SyntaxError ? error.message : String((error as Error).stack)] };
  }
}

/** Runs every check, printing a line each and the problems of those that fail. */
export function runChecks(): { readonly passed: number; readonly failed: number } {
  const passed = CHECKS.map(runCheck).filter(Boolean).length;
  return { passed, failed: CHECKS.length - passed };
}

if (import.meta.main) {
  const { passed, failed } = runChecks();
  console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}
