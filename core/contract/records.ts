/** What the answers and events of the engine are made of. */
import { z } from 'zod';
import { amount, channelId, count, feerate, hex, name, network, nodeId, outPoint, paymentHash, signedAmount, text, timeMs } from './atoms.ts';

/** The longest text of a backup file: one with over 200 channels. */
export const BACKUP_FILE_CHARACTERS = 250_000;

export const vaultStatus = z.strictObject({
  state: name(['missing', 'locked', 'unlocked']),
  network,
  /** Fresh words that nobody has confirmed to have written down. */
  seedConfirmedAtMs: timeMs.optional(),
  /** Why the engine publishes nothing and lets peers speak first, when it does. */
  recoveryReason: text(500).optional(),
});

export const chainStatus = z.strictObject({
  source: text(200), state: name(['connecting', 'syncing', 'synced', 'away']), height: count, tipTimeMs: timeMs.optional(),
  tipIsOld: z.boolean(), fault: text(500).optional(),
}); // prettier-ignore

export const balance = z.strictObject({
  confirmedSat: amount, unconfirmedSat: amount, immatureSat: amount, frozenSat: amount, reservedSat: amount, spendableSat: amount,
  /** What has to stay so that every channel can be closed by force and its payments taken, whatever blocks cost; 0 without channels. */
  closeReserveSat: amount,
  /** Of what is spendable, what is over that. */
  availableSat: amount,
}); // prettier-ignore

export const coin = z.strictObject({ ...outPoint.shape, amountSat: amount, address: text(100), height: count.optional(), frozen: z.boolean(), label: text(500).optional() });

export const transaction = z.strictObject({
  txid: hex(32), netSat: signedAmount, feeSat: amount.optional(), height: count.optional(), timeMs: timeMs.optional(),
  kind: name(['received', 'sent', 'moved', 'channel_open', 'channel_close']), label: text(500).optional(),
  /** What it pays to others, where all of it came from this wallet: the first 20 outputs that are not ours. */
  paid: z.array(z.strictObject({ address: text(100).optional(), amountSat: amount })).optional(),
}); // prettier-ignore

export const peer = z.strictObject({
  nodeId, address: text(300).optional(), connected: z.boolean(), inbound: z.boolean(), channels: count, lastError: text(500).optional(),
});

/** How long this computer may be off without a loss. Without `blocks` nothing can be lost, however long it takes. */
export const sleep = z.strictObject({
  blocks: count.optional(),
  /** The height of the chain by which the node has to be back. */
  untilHeight: count.optional(),
  /** The channel that binds first, and why: an old state could be published and not be punished in time, or a payment that was accepted not be claimed. */
  channelId: channelId.optional(), reason: name(['breach_delay', 'htlc_expiry']).optional(), htlcId: amount.optional(),
}); // prettier-ignore

export const channelState = name(['opening', 'normal', 'shutting_down', 'negotiating', 'failing', 'fallen_behind', 'closing', 'closed']);
export const channel = z.strictObject({
  channelNumber: count, channelId, peerNodeId: nodeId, state: channelState, live: z.boolean(), isOpener: z.boolean(),
  channelType: name(['static_remotekey', 'anchors']), fundingTxid: hex(32), fundingVout: count, shortChannelId: text(40).optional(),
  capacitySat: amount, ourMsat: amount, theirMsat: amount, sendableMsat: amount, receivableMsat: amount, sendLimit: name(['none', 'reserve_and_fee', 'in_flight', 'htlc_count', 'offline']),
  ourReserveSat: amount, theirReserveSat: amount, feeratePerKw: count, confirmations: count, confirmationsNeeded: count,
  /** In flight: what we offered is still in `ourMsat`, what the peer offered in `theirMsat`, until it arrives or comes back. */
  offeredMsat: amount, receivedMsat: amount,
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
export const threeAmounts = z.tuple([amount, amount, amount]);
export const threeSigned = z.tuple([signedAmount, signedAmount, signedAmount]);
export const threeAnswers = z.tuple([z.boolean(), z.boolean(), z.boolean()]);
export const threeFeerates = z.tuple([feerate, feerate, feerate]);
export const htlcDirection = name(['offered', 'received']);

export const previewedTransaction = z.strictObject({
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

export const closePreview = z.strictObject({
  commitment: name(['ours', 'theirs', 'theirs_next']), commitmentNumber: count, transactions: z.array(previewedTransaction),
  htlcs: z.array(z.strictObject({ direction: htlcDirection, id: amount, amountMsat: amount, cltvExpiry: count, trimmed: z.boolean(), preimageKnown: z.boolean() })),
  /** If every HTLC ends as it looks now. */
  summary: z.strictObject({
    backSat: threeSigned, backAtHeight: z.tuple([count.nullable(), count.nullable(), count.nullable()]), lostToDustSat: amount, leftSat: threeAmounts, feesSat: threeAmounts,
  }),
}); // prettier-ignore

export const journalDetail = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.record(z.string(), z.string()))]));
export const historyEntry = z.strictObject({ sequence: count, timeMs, kind: text(40), detail: journalDetail });

/** One side's commitment transaction of a state: ours is signed by the peer and revoked by us, the peer's the other way round. */
export const commitmentOfState = z.strictObject({
  ourMsat: amount, theirMsat: amount, htlcs: count, feeratePerKw: count.optional(), signedAtMs: timeMs, revokedAtMs: timeMs.optional(),
  /** HTLCs that came into this commitment or left it. */
  changes: z.array(z.strictObject({ direction: htlcDirection, id: amount, amountMsat: amount, paymentHash, change: name(['added', 'fulfilled', 'failed']) })),
}); // prettier-ignore

/** How a close goes on: what was published, and of what it pays us what is taken and what has still to wait. */
export const closing = z.strictObject({
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

export const invoice = z.strictObject({
  paymentHash, invoice: text(8000), amountMsat: amount.optional(), description: text(2000), createdAtMs: timeMs, expiresAtMs: timeMs,
  state: name(['open', 'receiving', 'paid', 'expired', 'cancelled']), receivedMsat: amount.optional(), paidAtMs: timeMs.optional(),
}); // prettier-ignore

export const decodedInvoice = z.strictObject({
  paymentHash, network, amountMsat: amount.optional(), payeeNodeId: nodeId, description: text(2000).optional(), createdAtMs: timeMs, expiresAtMs: timeMs,
  expired: z.boolean(), minFinalCltvExpiryDelta: count, routeHints: count, multiPart: z.boolean(),
}); // prettier-ignore

export const paymentFailure = z.strictObject({
  code: text(60), message: text(500),
  /** What a node on the way answered (BOLT 4), by number and name, and which: 0 is our peer. */
  failureCode: count.optional(), failureName: text(60).optional(), hop: count.optional(), atPayee: z.boolean().optional(),
}); // prettier-ignore

export const payment = z.strictObject({
  paymentHash, direction: name(['sent', 'received']), state: name(['pending', 'succeeded', 'failed']), amountMsat: amount, feeMsat: amount,
  createdAtMs: timeMs, endedAtMs: timeMs.optional(), description: text(2000).optional(), payeeNodeId: nodeId.optional(), paymentPreimage: hex(32).optional(),
  parts: count, attempts: count, failure: paymentFailure.optional(),
}); // prettier-ignore

export const activityKind = name(['sent', 'received', 'chain', 'channel']);
/** A payment over channels or a transaction; one of the two. */
export const activityEntry = z.strictObject({ key: text(80), timeMs: timeMs.optional(), label: text(500).optional(), payment: payment.optional(), transaction: transaction.optional() });

export const towerGrade = name(['signed', 'own']);
export const tower = z.strictObject({
  nodeId, address: text(300), grade: towerGrade, state: name(['connecting', 'connected', 'away', 'refused']),
  /** Revoked states that it does not have on its disk yet. */
  behind: count,
  lastSeenMs: timeMs.optional(), lastError: text(500).optional(),
  /** What it has seen of the chain, and whether it sees more now. */
  blockHeight: count.optional(), isWatching: z.boolean().optional(),
  channels: z.array(z.strictObject({ channelId, acked: count, behind: count, covers: name(['everything', 'first_stage']) })),
}); // prettier-ignore

/** Base64. A channel takes about a thousand characters of it. */
export const backupFile = z.string().min(1).max(BACKUP_FILE_CHARACTERS);
export const backedUpChannel = z.strictObject({ channelId, peerNodeId: nodeId, capacitySat: amount, fundingTxid: hex(32), fundingVout: count });
export const backupStatus = z.strictObject({
  /** Channels that a file made now would hold. */
  channels: count,
  /** One that was seen to open here, by `backup.drill` or `backup.restore`: a file that was made and never read again may lie nowhere. */
  file: z.strictObject({ madeAtMs: timeMs, channels: count }).optional(),
  /** Every channel that a file made now would hold is in that one. */
  isCurrent: z.boolean(),
}); // prettier-ignore

export const alarm = z.strictObject({ code: text(60), message: text(1000), channelId: channelId.optional() });
