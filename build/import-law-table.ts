// The import law as data: who may import whom, and which npm package is at home where. build/import-law.ts applies it.

/** Folders of core from the bottom up; a folder may import what stands below its own line. */
export const LAYERS: readonly (readonly string[])[] = [
  ['lib'],
  ['crypto', 'codec'],
  ['bitcoin'],
  ['tx', 'wire', 'onion', 'transport', 'invoice'],
  ['channel', 'payment', 'graph', 'wallet', 'tower'],
  ['chain', 'store'],
  ['node', 'io'],
  ['top'],
];

/** Files directly in core, and the playground: the top layer, whose members may import each other. */
export const TOP_FOLDER = 'playground';

/** Exceptions among folders of one layer. Each needs a reason and must not close a circle. */
export const SIDEWAYS: readonly { readonly from: string; readonly to: string; readonly reason: string }[] = [
  { from: 'tower', to: 'channel', reason: "a tower's client makes its data of the channel's revoked states; channels know nothing of towers" },
];

/** The contract: schemas and types only, so it stands beside the layers. */
export const CONTRACT = 'core/api.ts';
/** What it is made of, reached through it only. */
export const CONTRACT_FOLDER = 'core/contract/';
export const CONTRACT_MAY_IMPORT = ['lib'];
export const CONTRACT_READERS = ['node', 'io', 'top'];

/** No async, clock, randomness, logger or I/O: replayed and compared by the tests. */
export const PURE_FOLDERS: ReadonlySet<string> = new Set(LAYERS.slice(0, 5).flat());

/** Where Node's own modules may be imported. `electron`, `build` and `test` may as well. */
export const NODE_ALLOWED = ['core/io/', 'core/playground/', 'core/headless.ts', 'core/headless-options.ts', 'core/tower-main.ts', 'core/cli.ts'];

/** What the folders around core may import of the project, besides themselves. Paths end with / for a folder. */
export const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  // The sanitizer: there is one for foreign text, and the last to touch it is the screen.
  renderer: ['core/api.ts', 'core/lib/units.ts', 'core/lib/sanitize.ts', 'assets/'],
  electron: ['core/index.ts', 'core/api.ts'],
  // `npm start` and the pictures need a practice network.
  build: ['core/api.ts', 'core/lib/', 'core/playground/'],
  test: [''],
};

/** A package's homes: path prefixes; `test/` may import every package, to compare with. */
export const PACKAGES: Readonly<Record<string, { readonly homes: readonly string[]; readonly reason: string }>> = {
  '@noble/ciphers': { homes: ['core/crypto/'], reason: 'ciphers are picked in one place' },
  '@noble/hashes': { homes: ['core/crypto/'], reason: 'hashes are picked in one place' },
  '@noble/secp256k1': { homes: ['core/crypto/secp256k1'], reason: 'one file knows the curve' },
  secp256k1: {
    homes: ['core/crypto/secp256k1', 'core/io/native-curve.ts'],
    reason: 'a native provider of the curve, loaded where Node is allowed and handed to core/crypto/secp256k1.ts',
  },
  '@noble/curves': { homes: ['core/crypto/secp256k1'], reason: 'one file knows the curve' },
  'tiny-secp256k1': { homes: ['core/crypto/secp256k1'], reason: 'one file knows the curve' },
  '@scure/base': {
    homes: ['core/codec/', 'core/crypto/', 'core/bitcoin/', 'core/invoice/', 'core/playground/'],
    reason: 'text encodings belong to the format that uses them',
  },
  '@scure/btc-signer': { homes: ['core/bitcoin/'], reason: 'one folder knows a transaction library' },
  bip32: { homes: ['core/crypto/'], reason: 'keys are derived in one place' },
  bip39: { homes: ['core/crypto/'], reason: 'the mnemonic is read in one place' },
  'hash-wasm': { homes: ['core/io/'], reason: 'Argon2id is asynchronous, so an adapter offers it' },
  sqlite3: { homes: ['core/io/'], reason: 'the database is an adapter' },
  zod: {
    homes: ['core/api.ts', 'core/contract/', 'core/node/', 'core/io/', 'core/headless.ts', 'core/headless-options.ts', 'core/cli.ts', 'electron/', 'renderer/'],
    reason: 'schemas stand where data comes in from outside',
  },
  bcoin: { homes: ['core/playground/'], reason: 'the practice chain, in a process of its own' },
  electron: { homes: ['electron/'], reason: 'core runs without a window' },
  react: { homes: ['renderer/'], reason: 'core and main draw nothing' },
  'react-dom': { homes: ['renderer/'], reason: 'core and main draw nothing' },
  'react-aria-components': { homes: ['renderer/components/', 'renderer/screens/', 'renderer/app.tsx', 'renderer/frame.tsx'], reason: 'core and main draw nothing' },
  '@tanstack/react-virtual': { homes: ['renderer/'], reason: 'core and main draw nothing' },
  'intl-messageformat': { homes: ['renderer/i18n/'], reason: 'sentences are made in one place' },
  qr: { homes: ['renderer/components/'], reason: 'codes are drawn and read by two components' },
  '@vitejs/plugin-react': { homes: ['build/'], reason: 'a build tool' },
  'electron-builder': { homes: ['build/package/'], reason: 'packs what is compiled' },
  '@electron/fuses': { homes: ['build/package/'], reason: 'packs what is compiled' },
  'playwright-core': { homes: ['build/'], reason: 'drives the window in tests, pictures and the stand-in' },
  'axe-core': { homes: ['test/'], reason: 'a test tool' },
  vite: { homes: ['build/'], reason: 'a build tool' },
  vitest: { homes: ['build/'], reason: 'a build tool' },
};

/** Tests run without the electron binary, so they may know its types only. */
export const TYPES_ONLY_IN_TESTS: ReadonlySet<string> = new Set(['electron']);

/** Globals that no pure folder may touch, and what to do instead. */
export const IMPURE_GLOBALS: Readonly<Record<string, string>> = {
  Promise: 'Return an action and let core/node do it',
  Date: 'Take the time as an argument',
  performance: 'Take the time as an argument',
  console: 'Return what happened; the caller logs',
  process: 'Take it as an argument',
  globalThis: 'Take it as an argument',
  setTimeout: 'Return an action with a deadline; core/node owns timers',
  setInterval: 'Return an action with a deadline; core/node owns timers',
  setImmediate: 'Return an action; core/node runs it',
  queueMicrotask: 'Return an action; core/node runs it',
  fetch: 'Return an action; core/io does the I/O',
};

export const IMPURE_MEMBERS: Readonly<Record<string, string>> = {
  'Math.random': 'Take random bytes as an argument',
  'crypto.getRandomValues': 'Take random bytes as an argument',
  'crypto.randomUUID': 'Take random bytes as an argument',
  'crypto.subtle': 'Use core/crypto',
};

/** Names by which the crypto packages offer randomness. */
export const RANDOM_NAMES: ReadonlySet<string> = new Set([
  'randomBytes',
  'generateMnemonic',
  'randomSecretKey',
  'randomPrivateKey',
  'getRandomValues',
]);
