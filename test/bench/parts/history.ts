import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../core/crypto/hash.ts';
import { publicKey, signRecoverable } from '../../../core/crypto/secp256k1.ts';
import { encodeWith } from '../../../core/codec/codec.ts';
import { encodeInvoice } from '../../../core/invoice/bolt11.ts';
import { VAULT_NAME, unlockVault } from '../../../core/io/vault-file.ts';
import { openStore } from '../../../core/io/sqlite/open.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import { ACCOUNT, orderKey } from '../../../core/node/records.ts';
import { encodeIncoming, encodeOrder, encodeOutgoing } from '../../../core/payment/codec.ts';
import { invoiceFeatures } from '../../../core/payment/create-invoice.ts';
import type { IncomingPayment } from '../../../core/payment/incoming-types.ts';
import { paymentJournalEvent, paymentSubject } from '../../../core/payment/journal.ts';
import type { OutgoingPayment } from '../../../core/payment/outgoing-types.ts';
import { startChainProcess } from '../../../core/playground/chain-client.ts';
import type { JournalWrite, RecordWrite, Store } from '../../../core/store/port.ts';
import { passwordBytes } from '../../../core/store/vault.ts';
import { valueOf } from '../../support/channel-pair.ts';
import { PASSWORD, startHeadlessProcess } from '../../support/headless-process.ts';
import { type Figure, below, figure } from '../figures.ts';
import { usageOf } from '../process-usage.ts';

const PAYMENTS = 100_000;
const BATCH = 500;
const FIRST_MS = 1_780_000_000_000;
const EVERY_MS = 60_000;

const nodeSecret = sha256(utf8('history'));
const payeeNodeId = publicKey(nodeSecret);

/** One text for all: a reader of the list shows it and does not look into it. */
const invoiceText = valueOf(
  encodeInvoice(
    {
      network: 'regtest', amountMsat: msat(1_000_000n), timestampSeconds: FIRST_MS / 1000, paymentHash: sha256(utf8('hash')), paymentSecret: sha256(utf8('secret')),
      description: 'Two coffees and a croissant', expirySeconds: 3600, minFinalCltvExpiryDelta: 144, features: invoiceFeatures(false),
    },
    (hash) => signRecoverable(hash, nodeSecret),
  ),
); // prettier-ignore

const hashOf = (index: number): Uint8Array => sha256(utf8(`payment ${index}`));

function sent(index: number, createdAtMs: number): OutgoingPayment {
  const secret = sha256(utf8(`secret ${index}`));
  return {
    paymentHash: hashOf(index), payeeNodeId, paymentSecret: secret, paymentMetadata: undefined, minFinalCltvExpiryDelta: 144, invoiceExpiresAtMs: createdAtMs + 3_600_000,
    supportsMultiPart: true, description: 'Two coffees and a croissant', invoiceText, amountMsat: msat(1_000_000n), maxFeeMsat: msat(50_000n), attemptsLimit: 20, attempts: 1,
    deadlineHeight: 900_000, deadlineMs: createdAtMs + 60_000, createdAtMs, entropy: secret, shadowBlocks: 0, nextPartId: 1,
    parts: [{
      partId: 0, channelNumber: 0, htlcId: BigInt(index), amountMsat: msat(1_000_000n), feeMsat: msat(1_000n), finalCltvExpiry: 900_000, hops: [], sessionKey: secret, status: 'fulfilled', failure: undefined,
    }],
    routes: [{ hops: [], excluded: false, limitMsat: undefined }], channelLimits: [], waitForParts: false, giveUp: undefined, status: 'succeeded', paymentPreimage: secret,
    failure: undefined, completedAtMs: createdAtMs + 400, earlier: [],
  }; // prettier-ignore
}

function received(index: number, createdAtMs: number): IncomingPayment {
  const secret = sha256(utf8(`secret ${index}`));
  const part = {
    channelNumber: 0,
    htlcId: BigInt(index),
    amountMsat: msat(1_000_000n),
    amtToForwardMsat: msat(1_000_000n),
    cltvExpiry: 900_000,
    sharedSecret: secret,
    receivedAtMs: createdAtMs + 300,
    attribution: true,
  };
  return {
    paymentHash: hashOf(index), paymentPreimage: secret, paymentSecret: secret, paymentMetadata: undefined, amountMsat: msat(1_000_000n), description: 'Two coffees and a croissant',
    createdAtMs, expirySeconds: 3600, minFinalCltvExpiryDelta: 144, invoiceText, status: 'paid', sets: [],
    settlement: { totalMsat: msat(1_000_000n), settledAtMs: createdAtMs + 400, parts: [{ ...part, status: 'fulfilled' }] },
  }; // prettier-ignore
}

/** Every second payment came in. All are final, as the history of years is. */
export async function writeHistory(store: Store): Promise<void> {
  for (let from = 0; from < PAYMENTS; from += BATCH) {
    const records: RecordWrite[] = [];
    const journal: JournalWrite[] = [];
    for (let index = from; index < from + BATCH; index++) {
      const timeMs = FIRST_MS + index * EVERY_MS;
      const hash = hashOf(index);
      const direction = index % 2 === 0 ? 'o' : 'i';
      const key = toHex(hash);
      records.push(
        direction === 'o'
          ? { table: 'outgoingPayment', key, value: encodeOutgoing(sent(index, timeMs)) }
          : { table: 'incomingPayment', key, value: encodeIncoming(received(index, timeMs)) },
        { table: 'paymentOrder', key: orderKey(index), value: encodeOrder(direction, hash) },
      );
      const event = encodeWith(
        paymentJournalEvent,
        direction === 'o'
          ? { kind: 'payment_succeeded', amountMsat: msat(1_000_000n), feeMsat: msat(1_000n) }
          : { kind: 'received', receivedMsat: msat(1_000_000n), parts: 1 },
      );
      journal.push({ subject: paymentSubject(direction === 'o' ? 'out' : 'in', key), timeMs, event });
    }
    const ledger = records
      .filter(({ table }) => table === 'outgoingPayment')
      .map(({ key }) => ({
        timeMs: FIRST_MS,
        debit: ACCOUNT.sent,
        credit: ACCOUNT.outside,
        amountMsat: 1_000_000n,
        reason: 'payment_sent',
        reference: key,
      }));
    await store.commit({ records, journal, ledger });
  }
}

/** From the start of the process to the newest page of payments, password hash of the default cost included. */
export async function measureHistory(): Promise<readonly Figure[]> {
  const chain = await startChainProcess();
  const node = await startHeadlessProcess({ chain: [`electrum:tcp://127.0.0.1:${chain.electrumPort}`] });
  try {
    await node.stop();
    const unlockedAt = performance.now();
    const vault = await unlockVault(join(node.dataDir, VAULT_NAME), passwordBytes(PASSWORD));
    const kdfSeconds = (performance.now() - unlockedAt) / 1000;
    const { store } = await openStore({ folder: node.dataDir, dataKey: vault.dataKey, random: randomBytes });
    await writeHistory(store);
    await store.close();
    const seconds: number[] = [];
    let rssMb = 0;
    for (let round = 0; round < 3; round++) {
      const startedAt = performance.now();
      await node.start();
      const page = await node.rpc.call('payment.list', { limit: 100 });
      seconds.push((performance.now() - startedAt) / 1000);
      if (page.length !== 100) throw new Error(`${page.length} payments on the first page`);
      rssMb = usageOf(node.pid).rssMb;
      await node.stop();
    }
    return [
      below(2, 'start_100k_payments_s', seconds.toSorted((a, b) => a - b)[1]!, 's'),
      figure('start_of_which_password_hash_s', kdfSeconds, 's'),
      figure('rss_after_start_100k_payments_mb', rssMb, 'MB'),
    ];
  } finally {
    if (node.isRunning) await node.stop();
    await chain.stop();
    await rm(node.dataDir, { recursive: true, force: true });
  }
}
