import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig } from 'vite';
import { licencesOf } from './licences.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DIST = join(ROOT, 'dist');

/** Native code, and Electron itself: found in node_modules when the program runs. */
const EXTERNAL = ['electron', 'sqlite3', 'bcoin', /^secp256k1/u];

const shared: InlineConfig = { root: ROOT, configFile: false, logLevel: 'warn', publicDir: false, clearScreen: false };

/** The main process, with the worker that hashes passwords beside it (`core/io/kdf.ts` looks for it there) and the playground's process. */
const mainProcess: InlineConfig = {
  ...shared,
  ssr: { noExternal: true, external: ['electron', 'sqlite3', 'secp256k1', 'bcoin'] },
  // Only who publishes has a release key: without one the wallet never looks for a newer version.
  define: {
    ...(process.env['SFERIC_RELEASE_KEY'] ? { SFERIC_RELEASE_KEY: JSON.stringify(process.env['SFERIC_RELEASE_KEY']) } : {}),
    ...(process.env['SFERIC_RELEASE_URL'] ? { SFERIC_RELEASE_URL: JSON.stringify(process.env['SFERIC_RELEASE_URL']) } : {}),
  },
  build: {
    ssr: true,
    outDir: join(DIST, 'main'),
    target: 'node24',
    minify: false,
    rolldownOptions: {
      input: { main: join(ROOT, 'electron/main.ts'), 'kdf-worker': join(ROOT, 'core/io/kdf-worker.ts'), playground: join(ROOT, 'core/playground/world/playground-process.ts') },
      external: EXTERNAL,
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
};

/** One CommonJS file that requires nothing but `electron`: all that a sandboxed preload may do. */
const preload: InlineConfig = {
  ...shared,
  ssr: { noExternal: true },
  build: {
    ssr: join(ROOT, 'electron/preload.ts'),
    outDir: join(DIST, 'preload'),
    target: 'node24',
    minify: false,
    rolldownOptions: { external: EXTERNAL, output: { format: 'cjs', entryFileNames: 'preload.cjs' } },
  },
};

const renderer: InlineConfig = {
  ...shared,
  root: join(ROOT, 'renderer'),
  base: './',
  publicDir: join(ROOT, 'assets/window'),
  plugins: [react()],
  define: { SFERIC_LICENCES: JSON.stringify(licencesOf(ROOT)) },
  build: {
    outDir: join(DIST, 'renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    // The page's policy lets nothing in but files of its own, data: addresses for pictures excepted.
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 2000,
  },
};

/** Compiles main process, preload and page into dist/. */
export async function bundle(): Promise<void> {
  await rm(DIST, { recursive: true, force: true });
  for (const config of [mainProcess, preload, renderer]) await build(config);
}


if (import.meta.main) await bundle();
