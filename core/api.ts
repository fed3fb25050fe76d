/**
 * The contract: everything that a window, a script or another process may ask of the engine, and everything that it
 * tells. Schemas and types only. Amounts are strings of digits on the wire and bigint in code; unknown keys are refused.
 */
import { z } from 'zod';
import { amount, channelId, count, empty, feerate, hex, method, name, network, nodeId, outPoint, page, password, paymentHash, signedAmount, text, timeMs } from './contract/atoms.ts';
import { activityEntry, activityKind, alarm, backedUpChannel, backupFile, backupStatus, balance, chainStatus, channel, closePreview, closing, coin, commitmentOfState, decodedInvoice, historyEntry, invoice, payment, peer, sleep, threeFeerates, tower, towerGrade, transaction, vaultStatus } from './contract/records.ts';
import { CONFIRMED_METHODS, shellMethods, type ShellMethod } from './contract/shell.ts';

export * from './contract/errors.ts';
export * from './contract/playground.ts';
export { BACKUP_FILE_CHARACTERS } from './contract/records.ts';
export * from './contract/shell.ts';

/** Every request with its schemas. One entry, one handler, one client method. */
export const methods = {
  'node.info': method('What this node is and how it is doing.', empty, z.strictObject({
    version: text(40), nodeId: nodeId.optional(), network, chain: chainStatus.optional(), vault: vaultStatus, channels: count, peers: count,
    sendableMsat: amount, receivableMsat: amount, listen: text(100).optional(), curve: text(40),
    sleep: sleep.optional(),
  })),
  'node.stop': method('Stops the engine after what is in flight is stored.', empty, empty),
  'node.subscribe': method('From now on this connection is told events.', z.strictObject({ events: z.array(text(60)).max(50).optional() }), empty),

  'vault.status': method('Whether a wallet exists here and is open.', empty, vaultStatus),
  'vault.create': method('Makes a wallet from fresh words; they are shown by this answer and by vault.revealSeed only.', z.strictObject({
    password, words: z.union([z.literal(12), z.literal(24)]).default(12), passphrase: text(1000).default(''),
  }), z.strictObject({ mnemonic: text(400) })),
  'vault.restore': method('Makes a wallet from words that exist.', z.strictObject({ password, mnemonic: text(400), passphrase: text(1000).default(''), birthdayHeight: count.optional() }), empty),
  'vault.unlock': method('Opens the wallet and starts the node.', z.strictObject({ password: text(1024) }), empty),
  'vault.lock': method('Stops the node and forgets all keys.', empty, empty),
  'vault.changePassword': method('Wraps the same data key with a new password.', z.strictObject({ password: text(1024), newPassword: password }), empty),
  'vault.revealSeed': method('Shows the words; needs the password each time.', z.strictObject({ password: text(1024) }), z.strictObject({ mnemonic: text(400), hasPassphrase: z.boolean() })),
  'vault.checkPassword': method('Whether this is the password; nothing is opened or changed.', z.strictObject({ password: text(1024) }), empty),
  'vault.confirmSeed': method('Notes that the words were written down and checked.', empty, empty),

  'wallet.balance': method('Coins on chain.', empty, balance),
  'wallet.newAddress': method('A receiving address that was never handed out before.', z.strictObject({ kind: name(['p2wpkh', 'p2tr']).default('p2wpkh') }), z.strictObject({ address: text(100) })),
  'wallet.coins': method('Every unspent coin.', empty, z.array(coin)),
  'wallet.transactions': method('On-chain transactions of the wallet, newest first.', z.strictObject({ limit: page.limit }), z.array(transaction)),
  'wallet.prepareSend': method('What a payment would cost; nothing is signed.', z.strictObject({
    address: text(200), amountSat: amount.optional(), feerateSatPerVb: feerate.optional(), spendReserve: z.boolean().optional(),
  }), z.strictObject({ amountSat: amount, feeSat: amount, feerateSatPerVb: z.number(), virtualSize: count, changeSat: amount })),
  'wallet.send': method('Signs and publishes a payment; without an amount, everything. What has to stay for closing channels goes only with `spendReserve`.', z.strictObject({
    address: text(200), amountSat: amount.optional(), feerateSatPerVb: feerate.optional(), maxFeeSat: amount.optional(), label: text(500).optional(),
    spendReserve: z.boolean().optional(),
  }), z.strictObject({ txid: hex(32), feeSat: amount })),
  'wallet.prepareBump': method('What `wallet.bumpFee` would cost, and from which coins; nothing is signed.', z.strictObject({ txid: hex(32), feerateSatPerVb: feerate, spendReserve: z.boolean().optional() }), z.strictObject({
    feeSat: amount, extraFeeSat: amount, feerateSatPerVb: z.number(), virtualSize: count, oldFeeSat: amount, oldFeerateSatPerVb: z.number(), changeSat: amount,
    /** `isAdded`: the first transaction did not spend it. */
    coins: z.array(z.strictObject({ ...outPoint.shape, amountSat: amount, isAdded: z.boolean() })),
  })),
  'wallet.bumpFee': method('Replaces an unconfirmed payment of ours by one with a higher fee, never above `maxFeeSat`.', z.strictObject({
    txid: hex(32), feerateSatPerVb: feerate, maxFeeSat: amount.optional(), spendReserve: z.boolean().optional(),
  }), z.strictObject({ txid: hex(32), feeSat: amount })),
  'wallet.freezeCoin': method('Keeps a coin out of every selection, or lets it in again.', z.strictObject({ ...outPoint.shape, frozen: z.boolean() }), empty),
  'wallet.label': method('Names a transaction; an empty label removes the name.', z.strictObject({ txid: hex(32), label: text(500) }), empty),
  'wallet.feerates': method('Fee rates by target, already clamped.', empty, z.strictObject({ fastSatPerVb: z.number(), normalSatPerVb: z.number(), slowSatPerVb: z.number(), source: text(100) })),

  'peer.connect': method('Connects to nodeid@host:port and keeps the address.', z.strictObject({ address: text(400) }), z.strictObject({ nodeId })),
  'peer.disconnect': method('Ends the connection; with channels it will be tried again.', z.strictObject({ nodeId }), empty),
  'peer.list': method('Peers that we know.', empty, z.array(peer)),

  'channel.open': method('Opens a channel to a peer, given as nodeid@host:port or as the id of a connected one.', z.strictObject({
    peer: text(400), capacitySat: amount, pushMsat: amount.optional(), feerateSatPerVb: feerate.optional(), spendReserve: z.boolean().optional(),
  }), z.strictObject({ channelNumber: count, channelId, fundingTxid: hex(32) })),
  'channel.list': method('Every channel that is not forgotten.', z.strictObject({ includeClosed: z.boolean().default(false) }), z.array(channel)),
  'channel.get': method('One channel.', z.strictObject({ channelId }), channel),
  'channel.close': method('Closes together with the peer.', z.strictObject({ channelId, address: text(200).optional() }), empty),
  'channel.previewClose': method('What closing together would come to now, before anything is said to the peer.', z.strictObject({ channelId }), z.strictObject({
    /** Without what is in payments under way. */
    shareSat: amount,
    /** What we would offer to pay, by the fee rates of now; the peer may ask for another fee, or for a longer output. */
    feeSat: amount,
    /** Who pays it; `each`: both make a transaction and pay for their own, and one of the two confirms. */
    payer: name(['us', 'peer', 'each']),
    /** What is left of the share when we pay. */
    backSat: amount,
  })),
  'channel.forceClose': method('Publishes our commitment: without the peer, with a delay.', z.strictObject({ channelId }), z.strictObject({ txid: hex(32) })),
  'channel.previewForceClose': method('What a forced close would do, before it is done: every transaction with weight, fee and height, what is not worth taking, what comes back and when.', z.strictObject({
    channelId, commitment: name(['ours', 'theirs']).optional(), atHeight: count.max(499_999_999).optional(), feeratesSatPerVb: threeFeerates.optional(),
  }), z.strictObject({ atHeight: count, feeratesSatPerVb: threeFeerates, previews: z.array(closePreview) })),
  'channel.history': method('What the channel did; `afterSequence` is where the page before ended, in either order.', z.strictObject({
    channelId, afterSequence: count.optional(), limit: page.limit, order: name(['oldest', 'newest']).optional(),
  }), z.array(historyEntry)),
  'channel.states': method('States of a channel by number, from `from` on: both commitments, who signed and revoked them when.', z.strictObject({ channelId, from: count, limit: z.int().min(1).max(500).default(100) }), z.strictObject({
    /** The newest of each side; of the peer, one that it may still have to answer with a revocation. */
    newestOurs: count, newestTheirs: count,
    states: z.array(z.strictObject({ number: count, ours: commitmentOfState.optional(), theirs: commitmentOfState.optional() })),
  })),
  'channel.revocations': method('Which places of the tree of revocation secrets the peer has filled (BOLT 3); never a secret itself.', z.strictObject({ channelId }), z.strictObject({
    /** States 0 to this are revoked, this one not. */
    revokedStates: count, slots: z.array(z.strictObject({ slot: count.max(48), index: hex(6), firstState: count, lastState: count })),
  })),
  'channel.closing': method('How the end of a channel goes on.', z.strictObject({ channelId }), closing),
  'channel.evidence': method('What this wallet can show about a channel, as pieces of one JSON text: states, transactions, journal; no secret. Without the last piece `next` says how to go on.', z.strictObject({
    channelId, redact: z.boolean().default(true), after: text(20).optional(),
  }), z.strictObject({ text: z.string(), next: text(20).optional() })),

  'invoice.create': method('An invoice to be paid with.', z.strictObject({
    amountMsat: amount.optional(), description: text(639).default(''), expirySeconds: z.int().min(60).max(31_536_000).default(3600),
  }), invoice),
  'invoice.decode': method('What an invoice says; nothing is paid.', z.strictObject({ invoice: text(8000) }), decodedInvoice),
  'invoice.list': method('Invoices of ours, newest first.', z.strictObject({ limit: page.limit, before: page.before }), z.array(invoice)),
  'invoice.get': method('One invoice of ours.', z.strictObject({ paymentHash }), invoice),

  'payment.quote': method('Whether an invoice can be paid now, over what and for how much; why not.', z.strictObject({
    invoice: text(8000), amountMsat: amount.optional(),
    /** What it may cost, of the amount; 10 sat may always be spent. */
    maxFeePercent: z.number().min(0).max(100).default(1),
  }), z.strictObject({
    payable: z.boolean(), amountMsat: amount, feeMsat: amount, maxFeeMsat: amount, parts: count, possibleMsat: amount,
    reason: z.strictObject({ code: text(60), message: text(500), data: z.record(z.string().max(60), z.union([z.string().max(200), z.number()])).optional() }).optional(),
  })),
  'payment.send': method('Pays an invoice and answers when it is final, or after `timeoutMs` with the state so far.', z.strictObject({
    invoice: text(8000), amountMsat: amount.optional(), maxFeeMsat: amount.optional(), payAgain: z.boolean().default(false), timeoutMs: z.int().min(0).max(600_000).default(60_000),
  }), payment),
  'payment.get': method('One payment.', z.strictObject({ paymentHash, direction: name(['sent', 'received']).default('sent') }), payment),
  'payment.list': method('Payments, newest first; `before` is the paymentHash where the page before ended.', z.strictObject({ limit: page.limit, before: page.before }), z.array(payment)),
  'payment.export': method('All payments as CSV.', empty, z.strictObject({ csv: z.string() })),

  'payment.history': method('What happened to a payment, step by step.', z.strictObject({ paymentHash, direction: name(['sent', 'received']).default('sent') }), z.array(historyEntry)),
  'payment.label': method('Names a payment; an empty label removes the name.', z.strictObject({ paymentHash, direction: name(['sent', 'received']), label: text(500) }), empty),

  'activity.list': method('Payments and transactions together, newest first. It looks through so many at a time: a page may be short, even empty; while there is `next` there is more.', z.strictObject({
    limit: z.int().min(1).max(200).default(50), after: text(100).optional(), kinds: z.array(activityKind).max(4).optional(), state: name(['pending', 'succeeded', 'failed']).optional(),
    /** Only what cost a fee. */
    withFee: z.boolean().optional(), search: text(200).optional(),
  }), z.strictObject({ entries: z.array(activityEntry), next: text(100).optional(), lookedBackToMs: timeMs.optional() })),
  'activity.export': method('All of it as pieces of a text: a table, or labels as BIP 329 wants them.', z.strictObject({ format: name(['csv', 'bip329']), after: text(100).optional() }), z.strictObject({ text: z.string(), next: text(100).optional() })),

  'tower.add': method('Has a watchtower (nodeid@host:port, as `npm run tower` prints it) punish for this wallet while it is off: it is given sealed justice for every revoked state, past and future. `own` is for a tower of your own only: it gets keys that, together with what the channel partner knows, take coins of the channel.', z.strictObject({ address: text(400), grade: towerGrade.default('signed') }), z.strictObject({ nodeId })),
  'tower.remove': method('Gives a watchtower nothing more and asks it to delete what it has.', z.strictObject({ nodeId }), empty),
  'tower.list': method('The watchtowers, and how far each is. `covers`: with `signed` and anchors the second stage of an HTLC, which the cheater composes freely, is not covered.', empty, z.array(tower)),

  'backup.status': method('Whether a backup file that was seen to open holds every channel. It is never out of date for payments: what it holds of a channel never changes.', empty, backupStatus),
  'backup.run': method('Makes a backup file of the channels, sealed by the words: with both, what is ours in the channels comes back although the data folder is lost. It counts once `backup.drill` has read it where it lies.', empty, z.strictObject({ file: backupFile, channels: count, madeAtMs: timeMs })),
  'backup.drill': method('Proves that a backup file opens with the words of this wallet, and says what it would bring back. Changes no channel; from then on the file counts. Of a file that does not, `data.reason` of the error says why: no_backup, damaged, other_wallet, other_network or newer_version.', z.strictObject({ file: backupFile }), z.strictObject({
    madeAtMs: timeMs,
    /** `isKnown`: this wallet has the channel, and a restore would leave it alone. */
    channels: z.array(z.strictObject({ ...backedUpChannel.shape, isKnown: z.boolean() })),
    /** Open channels that are not in the file. */
    missing: z.array(backedUpChannel),
  })),
  'backup.restore': method('Brings back the channels of a backup file that this wallet does not know: their peers are asked to close them, and what is ours comes back on chain. For a wallet made from the same words whose data folder is lost.', z.strictObject({ file: backupFile }), z.strictObject({
    restored: count,
    /** Known already, so left alone. */
    skipped: count,
  })),

  'ledger.balances': method('Sums of the double-entry book by account, in msat.', empty, z.array(z.strictObject({ account: text(60), balanceMsat: signedAmount }))),
} as const;

export type Method = keyof typeof methods;
/** What a handler gets and a client gives, in code. */
export type Params<M extends Method> = z.output<(typeof methods)[M]['params']>;
export type ParamsIn<M extends Method> = Partial<Params<M>> & Pick<Params<M>, RequiredKeys<M>>;
type WireIn<M extends Method> = z.input<(typeof methods)[M]['params']>;
type RequiredKeys<M extends Method> = { [K in keyof WireIn<M> & keyof Params<M>]-?: undefined extends WireIn<M>[K] ? never : K }[keyof WireIn<M> & keyof Params<M>];
export type Answer<M extends Method> = z.output<(typeof methods)[M]['result']>;

/** Everything that the engine tells without being asked. */
export const events = {
  'payment.updated': payment,
  'invoice.updated': invoice,
  'channel.updated': channel,
  'wallet.updated': balance,
  'peer.updated': peer,
  'chain.updated': chainStatus,
  'vault.updated': vaultStatus,
  'tower.updated': z.array(tower),
  'sleep.updated': sleep,
  'backup.updated': backupStatus,
  /** Something that a person must hear of: a breach, lost data, an unknown spend, a full disk. */
  alarm,
} as const;
export type EventName = keyof typeof events;
export type EventData<N extends EventName> = z.output<(typeof events)[N]>;

/** Every one of them is a method. */
CONFIRMED_METHODS satisfies readonly (Method | 'shell.connect')[];

/** What a page may ask: everything but the engine's end and the subscription, which are the shell's business. */
export const WINDOW_METHODS: readonly (Method | ShellMethod)[] = [
  ...(Object.keys(methods) as Method[]).filter((key) => key !== 'node.stop' && key !== 'node.subscribe'),
  ...(Object.keys(shellMethods) as ShellMethod[]),
];
