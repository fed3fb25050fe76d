/** What the window's shell answers and tells by itself; only a window has these. */
import { z } from 'zod';
import { channelId, empty, hex, method, name, network, text, timeMs } from './atoms.ts';
import { playgroundEvents, playgroundMethods } from './playground.ts';
import { alarm } from './records.ts';

/** Screens that the menu, the tray or a notification may lead to. */
export const SCREENS = ['home', 'pay', 'receive', 'channels', 'history', 'backup', 'playground', 'settings'] as const;
export type Screen = (typeof SCREENS)[number];

const preferences = {
  theme: name(['system', 'light', 'dark']), language: name(['system', 'en', 'zh-Hans', 'zh-Hant']), unit: name(['sat', 'btc']),
  /** 0: never. */
  idleLockMinutes: z.int().min(0).max(1440), trayBalance: z.boolean(),
  /** What a payment over Lightning may cost, of its amount, unless something else is said for it. */
  paymentFeePercent: z.number().min(0).max(10),
  /** How soon a transaction should be in a block, unless something else is chosen for it. */
  chainSpeed: name(['fast', 'normal', 'slow']),
}; // prettier-ignore

const shellState = z.strictObject({
  ...preferences, network, chainSources: z.array(text(400)).max(8), platform: text(20), version: text(40), systemLanguage: text(40),
  /** A network of its own on this computer: its coins are worth nothing. */
  isPractice: z.boolean(),
  /** Whether the window shows the wallet of the playground, whose network is a process of its own. */
  playground: name(['off', 'starting', 'on', 'failed']),
  engine: name(['stopped', 'running', 'failed']), engineFault: text(500).optional(),
  /** The page shows nothing of the wallet until the password is given again; the node goes on watching its channels. */
  windowLocked: z.boolean(),
  /** The folder in which the backup file of the channels is kept by itself, and whether one with every channel is there. */
  keptBackup: z.strictObject({ folder: text(1000), isWritten: z.boolean() }).optional(),
  /** `unavailable`: this computer has no keychain, or one that keeps secrets in plain text. */
  quickUnlock: name(['unavailable', 'off', 'on']),
}); // prettier-ignore

/** What a window may do only after its main process has shown it to the person and got a yes: see `shell.confirm`. */
export const CONFIRMED_METHODS = [
  'wallet.send', 'wallet.bumpFee', 'payment.send', 'channel.open', 'channel.close', 'channel.forceClose', 'tower.add', 'backup.restore', 'vault.revealSeed', 'shell.connect',
] as const; // prettier-ignore
export type ConfirmedMethod = (typeof CONFIRMED_METHODS)[number];

/** What the window's shell answers by itself; only a window has these. */
export const shellMethods = {
  'shell.state': method('Settings of this computer and how the engine is doing.', empty, shellState),
  'shell.set': method('Changes settings of this computer.', z.strictObject(preferences).partial(), shellState),
  'shell.connect': method('Starts the engine on a network, with the servers that show it the chain.', z.strictObject({ network, chainSources: z.array(text(400)).min(1).max(8) }), shellState),
  'shell.confirm': method('Has the main process show a request that spends, closes or reveals; with a yes it gives a token, good once, soon, and for exactly this request.', z.strictObject({
    method: name(CONFIRMED_METHODS), params: z.record(z.string().max(60), z.unknown()),
  }), z.strictObject({ token: hex(32) })),
  'shell.lock': method('Locks the window; the node goes on watching its channels.', empty, empty),
  'shell.unlock': method('Opens wallet and window; may keep the password in the keychain of the system.', z.strictObject({ password: text(1024), remember: z.boolean().optional() }), empty),
  'shell.quickUnlock': method('Opens wallet and window with what the keychain keeps.', empty, empty),
  'shell.forgetUnlock': method('Takes the password out of the keychain.', empty, shellState),
  'shell.copy': method('Puts text into the clipboard.', z.strictObject({ text: text(10_000) }), empty),
  'shell.save': method('Asks where to, and writes text to a file.', z.strictObject({ fileName: text(100), content: text(200_000) }), z.strictObject({ isSaved: z.boolean() })),
  'shell.saveExport': method('Asks where to, and writes what the engine exports to a file; the page never has it.', z.strictObject({
    fileName: text(100), what: name(['activity', 'labels', 'evidence', 'backup']), channelId: channelId.optional(), redact: z.boolean().optional(),
  }), z.strictObject({
    isSaved: z.boolean(),
    /** Nobody chose a place, or nothing could be written there. */
    why: name(['cancelled', 'not_written']).optional(),
  })),
  'shell.chooseBackupFolder': method('Asks for a folder in which the backup file of the channels is kept by itself from now on; the page never names one.', empty, shellState),
  'shell.forgetBackupFolder': method('Keeps the backup file in no folder any more; what is there stays.', empty, shellState),
  'shell.openLink': method('Opens a page of the documentation or a block explorer in the browser.', z.strictObject({ url: text(2000) }), empty),
  'shell.takeLink': method('A lightning: or bitcoin: link that the system handed over, once; it is shown for review and nothing else.', empty, z.strictObject({ link: text(4096).optional() })),
  'shell.checkUpdate': method('Looks once whether there is a newer version; tells, and fetches nothing. `unavailable`: this is a build of your own.', empty, z.strictObject({
    state: name(['current', 'newer', 'urgent', 'refused', 'unreachable', 'unavailable']), version: text(20).optional(), dateMs: timeMs.optional(),
    why: name(['malformed', 'wrong_signature', 'wrong_channel', 'replayed', 'expired', 'downgrade']).optional(),
  })),
  'shell.protect': method('Keeps the window out of screenshots while secrets are shown, where the system can.', z.strictObject({ isOn: z.boolean() }), empty),
  'shell.camera': method('Lets the page open the camera of this computer, without sound, soon after somebody touched the window; or takes that back.', z.strictObject({ isOn: z.boolean() }), empty),
  'shell.showLogs': method('Opens the folder of the logs in the file manager of the system.', empty, empty),
  ...playgroundMethods,
} as const;
export type ShellMethod = keyof typeof shellMethods;
export type ShellParams<M extends ShellMethod> = z.output<(typeof shellMethods)[M]['params']>;
export type ShellAnswer<M extends ShellMethod> = z.output<(typeof shellMethods)[M]['result']>;

/** What the shell tells the page. */
export const shellEvents = {
  'shell.updated': shellState,
  /** A link of the system is there; `shell.takeLink` gives it. */
  'shell.linkWaiting': empty,
  'shell.go': z.strictObject({ screen: name(SCREENS) }),
  /** An alarm of an engine, and whose it is: while the window shows the playground, the own wallet may still have to be heard. */
  'shell.alarm': z.strictObject({ ...alarm.shape, whose: name(['own', 'playground']) }),
  ...playgroundEvents,
} as const;
export type ShellEventName = keyof typeof shellEvents;
export type ShellEventData<N extends ShellEventName> = z.output<(typeof shellEvents)[N]>;
