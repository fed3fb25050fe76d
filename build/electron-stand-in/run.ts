/** `node run.ts <main module>`: starts a compiled main process for which `electron` is the stand-in. */
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mainModule } from './app.ts';

const url = new URL('electron.ts', import.meta.url).href;
registerHooks({ resolve: (specifier, context, next) => (specifier === 'electron' ? { url, shortCircuit: true } : next(specifier, context)) });

const LOAD_MS = 20_000;
// Electron emits `ready` only when the main module has been evaluated: a top-level await of whenReady() hangs there, so here too.
const timer = setTimeout(() => {
  console.error('stand-in: the main module never finished loading (top-level await of app.whenReady()?)');
  process.exit(13);
}, LOAD_MS);
await import(pathToFileURL(resolve(process.argv[2] ?? '')).href);
clearTimeout(timer);
mainModule.resolve();
