/**
 * The contract: everything that a window, a script or another process may ask of the engine, and everything that it
 * tells. Schemas and types only. Amounts are strings of digits on the wire and bigint in code; unknown keys are refused.
 */
import { z } from 'zod';
import { playgroundEvents, playgroundMethods } from './playground-api.ts';

export * from './playground-api.ts';

const digits = z.string().regex(/^(0|[1-9]\d{0,19})$/, 'digits');
const signedDigits = z.string().regex(/^-?(0|[1-9]\d{0,19})$/, 'digits');
const amount = z.codec(digits, z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() });
const signedAmount = z.codec(signedDigits, z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() });
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);
const text = (max: number) => z.string().max(max);
const name = z.enum;
const count = z.int().min(0);
const timeMs = z.int();
const page = { limit: z.int().min(1).max(1000).default(100), before: text(100).optional() };

/** The longest text of a backup file: one with over 200 channels. */
export const BACKUP_FILE_CHARACTERS = 250_000;

const password = z.string().min(8, 'at least 8 characters').max(1024);
const feerate = z.number().min(1).max(1000);
const channelId = hex(32);
const nodeId = hex(33);
const paymentHash = hex(32);

/** Every code that an error may have. The message beside it is plain enough to be shown. */
export const ERROR_CODES = [
  'bad_request', 'unknown_method', 'internal', 'not_found', 'not_supported', 'stopping', 'not_confirmed',
  'vault_exists', 'vault_missing', 'locked', 'unlocked', 'wrong_password', 'invalid_mnemonic', 'recovery_mode',
  'data_in_use', 'data_not_writable', 'data_newer_version', 'data_corrupt', 'disk_full', 'write_failed',
  'chain_unavailable', 'chain_behind', 'chain_other_network', 'chain_dishonest', 'publish_refused',
  'invoice_malformed', 'invoice_bad_checksum', 'invoice_other_network', 'invoice_unknown_feature', 'invoice_missing_secret',
  'invoice_sub_msat_amount', 'invoice_bad_signature', 'invoice_expired', 'invoice_expiry_too_far', 'invoice_own', 'invoice_limit',
  'amount_missing', 'amount_out_of_bounds', 'already_paid', 'payment_in_progress', 'insufficient_balance', 'fee_limit_too_low',
  'no_route', 'payment_failed',
  'address_malformed', 'address_other_network', 'dust_amount', 'insufficient_funds', 'below_reserve', 'fee_absurd', 'coin_unknown',
  'peer_address_malformed', 'peer_unreachable', 'peer_handshake_failed', 'peer_incompatible', 'peer_not_connected',
  'funding_too_small', 'funding_too_large', 'channel_refused', 'channel_not_ready', 'channel_closing', 'too_many_channels',
] as const; // prettier-ignore
export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ApiError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data?: Readonly<Record<string, string | number>> | undefined;
}

const network = name(['mainnet', 'testnet', 'signet', 'regtest']);
const outPoint = z.strictObject({ txid: hex(32), vout: count });
const empty = z.strictObject({});

const vaultStatus = z.strictObject({
  state: name(['missing', 'locked', 'unlocked']),
  network,
  /** Fresh words that nobody has confirmed to have written down. */
  seedConfirmedAtMs: timeMs.optional(),
  /** Why the engine publishes nothing and lets peers speak first, when it does. */
  recoveryReason: text(500).optional(),
});

const chainStatus = z.strictObject({
  source: text(200), state: name(['connecting', 'syncing', 'synced', 'away']), height: count, tipTimeMs: timeMs.optional(),
  tipIsOld: z.boolean(), fault: text(500).optional(),
}); // prettier-ignore

const balance = z.strictObject({
  confirmedSat: amount, unconfirmedSat: amount, immatureSat: amount, frozenSat: amount, reservedSat: amount, spendableSat: amount,
  /** What has to stay so that every channel can be closed by force and its payments taken, whatever blocks cost; 0 without channels. */
  closeReserveSat: amount,
  /** Of what is spendable, what is over that. */
  availableSat: amount,
}); // prettier-ignore

const coin = z.strictObject({ ...outPoint.shape, amountSat: amount, address: text(100), height: count.optional(), frozen: z.boolean(), label: text(500).optional() });

const transaction = z.strictObject({
  txid: hex(32), netSat: signedAmount, feeSat: amount.optional(), height: count.optional(), timeMs: timeMs.optional(),
  kind: name(['received', 'sent', 'moved', 'channel_open', 'channel_close']), label: text(500).optional(),
}); // prettier-ignore

const peer = z.strictObject({
  nodeId, address: text(300).optional(), connected: z.boolean(), inbound: z.boolean(), channels: count, lastError: text(500).optional(),
});

/** How long this computer may be off without a loss. Without `blocks` nothing can be lost, however long it takes. */
const sleep = z.strictObject({
  blocks: count.optional(),
  /** The height of the chain by which the node has to be back. */
  untilHeight: count.optional(),
  /** The channel that binds first, and why: an old state could be published and not be punished in time, or a payment that was accepted not be claimed. */
  channelId: channelId.optional(), reason: name(['breach_delay', 'htlc_expiry']).optional(), htlcId: amount.optional(),
}); // prettier-ignore

const channelState = name(['opening', 'normal', 'shutting_down', 'negotiating', 'failing', 'fallen_behind', 'closing', 'closed']);
const channel = z.strictObject({
  channelNumber: count, channelId, peerNodeId: nodeId, state: channelState, live: z.boolean(), isOpener: z.boolean(),
  channelType: name(['static_remotekey', 'anchors']), fundingTxid: hex(32), fundingVout: count, shortChannelId: text(40).optional(),
  capacitySat: amount, ourMsat: amount, theirMsat: amount, sendableMsat: amount, receivableMsat: amount, sendLimit: name(['none', 'reserve_and_fee', 'in_flight', 'htlc_count', 'offline']),
  ourReserveSat: amount, theirReserveSat: amount, feeratePerKw: count, confirmations: count, confirmationsNeeded: count,
  pendingHtlcs: count, localCommitmentNumber: count, remoteCommitmentNumber: count, closeReason: text(50).optional(),
  closingTxid: hex(32).optional(), spendClass: text(30).optional(),
  /** Blocks that each side has to wait for its own balance after its own commitment. */
  ourDelayBlocks: count, theirDelayBlocks: count,
  /** Of the commitment that spent it. */
  closingCommitmentNumber: count.optional(),
  /** It came from a backup file: its balances are unknown (0 here) until the peer closes it, which the node asks for on every connection. */
  isRestored: z.boolean().optional(),
}); // prettier-ignore

/** At each of three fee rates, in their order. */
const threeAmounts = z.tuple([amount, amount, amount]);
const threeSigned = z.tuple([signedAmount, signedAmount, signedAmount]);
const threeAnswers = z.tuple([z.boolean(), z.boolean(), z.boolean()]);
const threeFeerates = z.tuple([feerate, feerate, feerate]);
const htlcDirection = name(['offered', 'received']);

const previewedTransaction = z.strictObject({
  label: name(['commitment', 'anchor_child', 'htlc_timeout', 'htlc_success', 'sweep', 'claim']), by: name(['us', 'peer']),
  /** Absent when it depends on the fee rate or on coins. */
  txid: hex(32).optional(),
  /** With signatures of the greatest length. */
  weight: count, feeSat: threeAmounts, paysRateAt: threeAnswers,
  /** The first block that may hold it, and the first at which somebody else may take what it takes. */
  confirmableAtHeight: count, deadlineHeight: count.optional(),
  valueSat: amount, walletDeltaSat: threeSigned, uneconomicAt: threeAnswers, neededAt: threeAnswers,
  /** Places in the list of what must come before. */
  dependsOn: z.array(count),
  /** It is made in this outcome only: whoever received the HTLC knows the preimage, or does not. */
  htlc: z.strictObject({ direction: htlcDirection, id: amount, preimageKnown: z.boolean() }).optional(),
}); // prettier-ignore

const closePreview = z.strictObject({
  commitment: name(['ours', 'theirs', 'theirs_next']), commitmentNumber: count, transactions: z.array(previewedTransaction),
  htlcs: z.array(z.strictObject({ direction: htlcDirection, id: amount, amountMsat: amount, cltvExpiry: count, trimmed: z.boolean(), preimageKnown: z.boolean() })),
  /** If every HTLC ends as it looks now. */
  summary: z.strictObject({
    backSat: threeSigned, backAtHeight: z.tuple([count.nullable(), count.nullable(), count.nullable()]), lostToDustSat: amount, leftSat: threeAmounts, feesSat: threeAmounts,
  }),
}); // prettier-ignore

const journalDetail = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.record(z.string(), z.string()))]));
const historyEntry = z.strictObject({ sequence: count, timeMs, kind: text(40), detail: journalDetail });

/** One side's commitment transaction of a state: ours is signed by the peer and revoked by us, the peer's the other way round. */
const commitmentOfState = z.strictObject({
  ourMsat: amount, theirMsat: amount, htlcs: count, feeratePerKw: count.optional(), signedAtMs: timeMs, revokedAtMs: timeMs.optional(),
  /** HTLCs that came into this commitment or left it. */
  changes: z.array(z.strictObject({ direction: htlcDirection, id: amount, amountMsat: amount, paymentHash, change: name(['added', 'fulfilled', 'failed']) })),
}); // prettier-ignore

/** How a close goes on: what was published, and of what it pays us what is taken and what has still to wait. */
const closing = z.strictObject({
  state: channelState, reason: text(50).optional(),
  transaction: z.strictObject({ txid: hex(32), spendClass: text(30), commitmentNumber: count.optional(), height: count.optional() }).optional(),
  outputs: z.array(z.strictObject({
    ...outPoint.shape, amountSat: amount.optional(), kind: name(['balance', 'peer_balance', 'htlc', 'penalty', 'other']), earliestHeight: count.optional(), deadlineHeight: count.optional(),
    takenBy: name(['us', 'peer']).optional(), takenTxid: hex(32).optional(), takenHeight: count.optional(),
  })),
  /** What has come to the wallet's own addresses. */
  backSat: amount,
  /** From here on it is held for irrevocable. */
  finalAtHeight: count.optional(),
}); // prettier-ignore

const invoice = z.strictObject({
  paymentHash, invoice: text(8000), amountMsat: amount.optional(), description: text(2000), createdAtMs: timeMs, expiresAtMs: timeMs,
  state: name(['open', 'receiving', 'paid', 'expired', 'cancelled']), receivedMsat: amount.optional(), paidAtMs: timeMs.optional(),
}); // prettier-ignore

const decodedInvoice = z.strictObject({
  paymentHash, network, amountMsat: amount.optional(), payeeNodeId: nodeId, description: text(2000).optional(), createdAtMs: timeMs, expiresAtMs: timeMs,
  expired: z.boolean(), minFinalCltvExpiryDelta: count, routeHints: count, multiPart: z.boolean(),
}); // prettier-ignore

const paymentFailure = z.strictObject({
  code: text(60), message: text(500),
  /** What a node on the way answered (BOLT 4), by number and name, and which: 0 is our peer. */
  failureCode: count.optional(), failureName: text(60).optional(), hop: count.optional(), atPayee: z.boolean().optional(),
}); // prettier-ignore

const payment = z.strictObject({
  paymentHash, direction: name(['sent', 'received']), state: name(['pending', 'succeeded', 'failed']), amountMsat: amount, feeMsat: amount,
  createdAtMs: timeMs, endedAtMs: timeMs.optional(), description: text(2000).optional(), payeeNodeId: nodeId.optional(), paymentPreimage: hex(32).optional(),
  parts: count, attempts: count, failure: paymentFailure.optional(),
}); // prettier-ignore

const activityKind = name(['sent', 'received', 'chain', 'channel']);
/** A payment over channels or a transaction; one of the two. */
const activityEntry = z.strictObject({ key: text(80), timeMs: timeMs.optional(), label: text(500).optional(), payment: payment.optional(), transaction: transaction.optional() });

const towerGrade = name(['signed', 'own']);
const tower = z.strictObject({
  nodeId, address: text(300), grade: towerGrade, state: name(['connecting', 'connected', 'away', 'refused']),
  /** Revoked states that it does not have on its disk yet. */
  behind: count,
  lastSeenMs: timeMs.optional(), lastError: text(500).optional(),
  /** What it has seen of the chain, and whether it sees more now. */
  blockHeight: count.optional(), isWatching: z.boolean().optional(),
  channels: z.array(z.strictObject({ channelId, acked: count, behind: count, covers: name(['everything', 'first_stage']) })),
}); // prettier-ignore

/** Base64. A channel takes about a thousand characters of it. */
const backupFile = z.string().min(1).max(BACKUP_FILE_CHARACTERS);
const backedUpChannel = z.strictObject({ channelId, peerNodeId: nodeId, capacitySat: amount, fundingTxid: hex(32), fundingVout: count });
const backupStatus = z.strictObject({
  /** Channels that a file made now would hold. */
  channels: count,
  /** One that was seen to open here, by `backup.drill` or `backup.restore`: a file that was made and never read again may lie nowhere. */
  file: z.strictObject({ madeAtMs: timeMs, channels: count }).optional(),
  /** Every channel that a file made now would hold is in that one. */
  isCurrent: z.boolean(),
}); // prettier-ignore

const method = <P extends z.ZodType, R extends z.ZodType>(summary: string, params: P, result: R) => ({ summary, params, result }) as const;

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

  'payment.quote': method('Whether an invoice can be paid now, over what and for how much; why not.', z.strictObject({ invoice: text(8000), amountMsat: amount.optional() }), z.strictObject({
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

const alarm = z.strictObject({ code: text(60), message: text(1000), channelId: channelId.optional() });

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

/** Screens that the menu, the tray or a notification may lead to. */
export const SCREENS = ['home', 'pay', 'receive', 'channels', 'history', 'backup', 'playground', 'settings'] as const;
export type Screen = (typeof SCREENS)[number];

const preferences = {
  theme: name(['system', 'light', 'dark']), language: name(['system', 'en', 'zh-Hans', 'zh-Hant']), unit: name(['sat', 'btc']),
  /** 0: never. */
  idleLockMinutes: z.int().min(0).max(1440), trayBalance: z.boolean(),
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
] as const satisfies readonly (Method | 'shell.connect')[]; // prettier-ignore
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

/** What a page may ask: everything but the engine's end and the subscription, which are the shell's business. */
export const WINDOW_METHODS: readonly (Method | ShellMethod)[] = [
  ...(Object.keys(methods) as Method[]).filter((key) => key !== 'node.stop' && key !== 'node.subscribe'),
  ...(Object.keys(shellMethods) as ShellMethod[]),
];
