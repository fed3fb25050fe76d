import type { Mutant } from '../mutant.ts';

const SECURITY = 'electron/security.ts';
const IPC = 'electron/ipc.ts';
const CONFIRM = 'electron/confirm.ts';
const table = ['unit/electron/security.test.ts'];
const channels = ['unit/electron/ipc.test.ts'];
const confirm = ['unit/electron/confirm.test.ts'];
const keeper = ['unit/electron/backup-keeper.test.ts'];
const exported = ['unit/electron/exports.test.ts'];
const telling = ['unit/electron/telling.test.ts'];
const reserve = ['simulation/reserve.test.ts'];
const wake = ['simulation/wake.test.ts'];
/** On the compiled program, in Chromium. */
const window = ['ui/security.test.ts'];
const whole = ['ui/shell.test.ts'];

/** The walls between the page and the money, each taken away. */
export const shellMutants: readonly Mutant[] = [
  { fault: 'the page shares a world with the preload', against: 'checklist 3', file: SECURITY, tests: table, find: 'contextIsolation: true,', replace: 'contextIsolation: false,' },
  { fault: 'the page runs outside the sandbox', against: 'checklist 4', file: SECURITY, tests: table, find: 'sandbox: true,', replace: 'sandbox: false,' },
  { fault: 'the policy lets inline scripts run', against: 'checklist 7', file: SECURITY, tests: table, find: "\"script-src 'self'\"", replace: "\"script-src 'self' 'unsafe-inline'\"" },
  {
    fault: 'the page may go elsewhere', against: 'checklist 13', file: SECURITY, tests: table,
    find: "contents.on('will-navigate', (event) => event.preventDefault());", replace: '',
  },
  { fault: 'the page may open windows', against: 'checklist 14', file: SECURITY, tests: table, find: "return { action: 'deny' };", replace: "return { action: 'allow' };" },
  {
    fault: 'permissions are granted', against: 'checklist 5', file: SECURITY, tests: table,
    find: "permission === 'media' && media.length", replace: "permission !== '' && media.length",
  },
  {
    fault: 'permission for the camera without a gesture', against: 'checklist 5', file: 'electron/camera.ts', tests: table,
    find: 'if (isLocked() || !takeGesture()) return false;', replace: 'if (isLocked() || takeGesture === undefined) return false;',
  },
  {
    fault: 'permission for the microphone beside the camera', against: 'checklist 5', file: SECURITY, tests: table,
    find: "media.length === 1 && media[0] === 'video'", replace: "media.length > 0 && media.includes('video')",
  },
  {
    fault: 'any address is handed to the system', against: 'checklist 15', file: SECURITY, tests: table,
    find: 'return isPlain && Object.hasOwn(LINK_HOSTS, hostname) ? href : undefined;', replace: 'return isPlain || hostname ? href : undefined;',
  },
  { fault: 'files beside the pages are served', against: 'checklist 18', file: SECURITY, tests: table, find: '!path.startsWith(folder + sep) || ', replace: '' },
  {
    fault: 'whoever asks is answered', against: 'checklist 17', file: IPC, tests: channels,
    find: 'return sender.id === pageId && isOurs(senderFrame.url);', replace: 'return true;',
  },
  {
    fault: 'a sub-frame of ours is answered', against: 'checklist 17', file: IPC, tests: channels,
    find: 'if (!senderFrame || senderFrame.parent !== null || sender.isDestroyed()) return false;', replace: 'if (!senderFrame || sender.isDestroyed()) return false;',
  },
  {
    fault: 'parameters that do not fit their schema go through', against: 'safety 5, IPC', file: 'core/node/dispatch.ts', tests: channels,
    find: 'return err(bad(message, parameter));\n}\n\nconst encodeAnswer', replace: 'return message === parameter ? err(bad(message)) : ok(wire as T);\n}\n\nconst encodeAnswer',
  },
  {
    fault: 'requests of any size go through', against: 'safety 5, IPC', file: 'core/node/dispatch.ts', tests: channels,
    find: 'if (++values > MAX_VALUES || characters > MAX_CHARACTERS) return', replace: 'if (++values > 1e9 && characters > MAX_CHARACTERS * MAX_VALUES) return',
  },
  {
    fault: 'a locked window is answered', against: 'issue 4, idle lock', file: IPC, tests: channels,
    find: 'if (port.isLocked() && !OPEN_WHILE_LOCKED.has(method)) return', replace: 'if (port.isLocked() && method === OPEN_WHILE_LOCKED.size.toString()) return',
  },
  {
    fault: 'what spends goes through without a yes', against: 'safety 5, one-time token', file: IPC, tests: channels,
    find: 'const params = isConfirmed(method) ? port.redeem(method, args[0], args[1]) : args[0];', replace: 'const params = args[0];',
  },
  { fault: 'one yes is good for another request', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: ' || granted.request !== request', replace: '' },
  { fault: 'a yes in the playground is good for the own wallet', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: 'granted.world !== this.#port.world()', replace: "granted.world === ''" },
  { fault: 'one yes is good twice', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: 'this.#granted.delete(token);\n', replace: '' },
  { fault: 'a yes is good for ever', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: 'this.#port.nowMs() > granted.untilMs', replace: 'granted.untilMs < 0' },
  { fault: 'a no counts as a yes', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: "if (!(await this.#port.ask(question))) throw", replace: "if ((await this.#port.ask(question)) === undefined) throw" },
  { fault: 'small payments add up without end', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: 'this.#unasked.push({ world, atMs: nowMs, costMsat });', replace: '' },
  { fault: 'a payment needs no hand at the window', against: 'safety 5, one-time token', file: CONFIRM, tests: confirm, find: ' || !hasHand', replace: '' },
  {
    fault: 'a fee limit that was shown is not carried out', against: 'safety 5, one-time token', file: 'electron/readings.ts', tests: confirm,
    find: 'params: toWire({ ...given, maxFeeMsat }),', replace: 'params: toWire(given),',
  },
  { fault: 'no page is confined', against: 'checklist 13', file: 'electron/main.ts', tests: window, find: "app.on('web-contents-created',", replace: "app.on('web-contents-created-never' as 'web-contents-created'," },
  { fault: 'nobody refuses permissions', against: 'checklist 5', file: 'electron/main.ts', tests: window, find: 'refusePermissions(session.defaultSession, (pageId) => pageId !== undefined && pageId === window?.webContents.id && camera.isGiven());', replace: '' },
  { fault: 'the page gets more than two functions', against: 'checklist 20', file: 'electron/preload.ts', tests: window, find: '  subscribe: (listener', replace: '  raw: (channel: string) => ipcRenderer.invoke(channel),\n  subscribe: (listener' },
  { fault: 'every window asks as the one of the wallet', against: 'checklist 17', file: 'electron/main.ts', tests: window, find: 'pageId: () => window?.webContents.id,', replace: 'pageId: () => undefined,' },
  { fault: 'nobody looks whether a hand touched the window', against: 'safety 5, one-time token', file: 'electron/main.ts', tests: whole, find: 'gestures.watch(window.webContents);', replace: '' },
  { fault: 'the engine does not hear of the end of a sleep', against: 'safety 4, OS sleep', file: 'electron/main.ts', tests: whole, find: 'onResume: () => engine.resumed(),', replace: 'onResume: () => undefined,' },
  { fault: 'peers stay connected over a sleep', against: 'safety 4, OS sleep', file: 'core/node/node.ts', tests: wake, find: "() => this.peers.rest('this computer sleeps')", replace: '() => undefined' },
  { fault: 'peers come back before the chain', against: 'safety 4, OS sleep', file: 'core/node/clock.ts', tests: wake, find: 'const isCaughtUp = await chain.catchUp();', replace: 'const isCaughtUp = chain !== undefined && this.#sleeps >= 0;' },
  { fault: 'news of before the sleep open connections', against: 'safety 4, OS sleep', file: 'core/node/node.ts', tests: wake, find: 'if (this.#clock.isAwake) this.peers.activate();', replace: 'this.peers.activate();' },
  {
    fault: 'a backup file closes channels without a question', against: 'safety 5, IPC', file: 'electron/readings.ts', tests: confirm,
    find: 'const count = channels.filter(({ isKnown }) => !isKnown).length;', replace: 'const count = channels.filter(() => false).length;',
  },
  {
    fault: 'the kept backup file is written over one that names lost channels', against: 'safety 4, seed-only restore', file: 'electron/backup-keeper.ts', tests: keeper,
    find: 'if (found?.channels.every(({ isKnown }) => isKnown)) return { path, found };', replace: 'return { path, found };',
  },
  {
    fault: 'a backup file counts as saved unread', against: 'safety 4, seed-only restore', file: 'electron/exports.ts', tests: exported,
    find: "  await valueOf(ask('backup.drill', { file: (await readFile(path, 'utf8')).trim() }));\n", replace: '',
  },
  {
    fault: 'an alarm of the own wallet is not heard in the playground', against: 'safety 5, playground', file: 'electron/telling.ts', tests: telling,
    find: "return whose === 'own' || isShown ?", replace: 'return isShown ?',
  },
  {
    fault: 'a raised fee goes over the limit that was confirmed', against: 'safety 5, IPC', file: 'core/node/handlers/wallet.ts', tests: reserve,
    find: 'if (maxFeeSat !== undefined && feeSat > maxFeeSat) throw', replace: 'if (maxFeeSat !== undefined && feeSat < 0n) throw',
  },
]; // prettier-ignore
