import { unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { decodeChannel, encodeChannel, encodeHtlc } from '../../../core/channel/codec.ts';
import { journalEvent } from '../../../core/channel/journal.ts';
import { staticChannel } from '../../../core/channel/static-backup.ts';
import { toBase64, tryFromBase64 } from '../../../core/codec/base64.ts';
import { type Codec, decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { ScriptLedger } from '../../../core/io/bitcoind/ledger.ts';
import { decodeProgress, encodeProgress } from '../../../core/io/bitcoind/progress.ts';
import { fromUtf8, utf8 } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { msat, sat } from '../../../core/lib/units.ts';
import { decodeIncoming, decodeOrder, decodeOutgoing, encodeIncoming, encodeOrder, encodeOutgoing } from '../../../core/payment/codec.ts';
import { paymentJournalEvent } from '../../../core/payment/journal.ts';
import { openBackup, sealBackup } from '../../../core/store/backup-file.ts';
import { openJournal, openLedger, sealJournal, sealLedger } from '../../../core/store/entries.ts';
import { decodeNote, encodeNote, fenceKeys } from '../../../core/store/fence.ts';
import { tables } from '../../../core/store/port.ts';
import { createSealer } from '../../../core/store/sealing.ts';
import { KDF_FLOOR, decodeVault, encodeVault, newKdfHeader, openVault, sealVault } from '../../../core/store/vault.ts';
import { initialState, labelKey, recordOwnTransaction, setLabel } from '../../../core/wallet/state.ts';
import { walletStateCodec } from '../../../core/wallet/state-codec.ts';
import { CONTEXT as BACKUP_CONTEXT, backupOf } from '../../support/backup-kit.ts';
import { type ChannelPair, fulfill, offer, reachNormal } from '../../support/channel-pair.ts';
import { mutate, seededRandom, type Random } from '../../support/mutate.ts';
import { channel, contextOf, createdInvoice, invoiceOf, reachOffered, receivedFrom, stepIn, incomingContext } from '../../states/payment/kit.ts';
import { type AnyTarget, bytesTarget, nonsense, takes, textTarget } from '../target.ts';

const KEY = new Uint8Array(32).fill(0x51);
const fixed = (): ((length: number) => Uint8Array) => {
  const random = seededRandom(1);
  return (length) => random.bytes(length);
};

/** What the cipher lets through was written by us; all the same a decoder must not fall over it. */
const codecTarget = <T>(name: string, codec: Codec<T>, valid: readonly Uint8Array[]): AnyTarget =>
  bytesTarget(name, (random) => mutate(random.pick(valid), random), (input) => takes(() => encodeWith(codec, decodeWith(codec, input)))); // prettier-ignore

function channelTargets(): AnyTarget[] {
  const pair: ChannelPair = reachNormal();
  for (const n of [0, 1, 2]) pair.do('alice', offer(n, 20_000_000n));
  pair.run().do('bob', fulfill(1));
  const records = [pair.alice, pair.bob].map((one) => ({ channel: encodeChannel(one), htlcs: [...one.commitments.htlcs.values()].map(encodeHtlc) }));
  interface Stored {
    readonly channel: Uint8Array;
    readonly htlcs: readonly Uint8Array[];
  }
  const feed = ({ channel: record, htlcs }: Stored): boolean => takes(() => encodeChannel(decodeChannel(record, htlcs)));
  const sizeOf = ({ channel: record, htlcs }: Stored): number => record.length + htlcs.reduce((sum, htlc) => sum + htlc.length, 0);
  const untouched = must(records[0], 'the record');
  if (!feed(untouched)) nonsense('the record itself is refused');
  return [
    { name: 'stored channel', input: (random: Random): Stored => { const one = random.pick(records); return { ...one, channel: mutate(one.channel, random) }; }, feed, sizeOf },
    { name: 'stored HTLC', input: (random: Random): Stored => { const one = random.pick(records); const which = random.below(one.htlcs.length); return { ...one, htlcs: one.htlcs.map((htlc, i) => (i === which ? mutate(htlc, random) : htlc)) }; }, feed, sizeOf },
  ]; // prettier-ignore
}

function paymentTargets(): AnyTarget[] {
  const created = createdInvoice(msat(50_000n));
  const context = contextOf([channel(1, 'payee', 1_000_000_000n)]);
  const { state: outgoing, offers } = reachOffered(created.invoice, context);
  const [incoming] = stepIn(created.state, receivedFrom(must(offers[0], 'an offer')), incomingContext());
  const waiting = reachOffered(invoiceOf(), context).state;
  return [
    bytesTarget('stored outgoing payment', (random) => mutate(encodeOutgoing(random.pick([outgoing, waiting])), random), (input) => takes(() => encodeOutgoing(decodeOutgoing(input)))),
    bytesTarget('stored invoice', (random) => mutate(encodeIncoming(random.pick([created.state, incoming])), random), (input) => takes(() => encodeIncoming(decodeIncoming(input)))),
    bytesTarget('stored payment order', (random) => mutate(encodeOrder('o', KEY), random), (input) => takes(() => decodeOrder(input))),
    codecTarget('payment journal', paymentJournalEvent, [
      encodeWith(paymentJournalEvent, { kind: 'part_failed', partId: 1, what: 'x', failureCode: 7, hop: undefined }),
      encodeWith(paymentJournalEvent, { kind: 'payment_succeeded', amountMsat: msat(1n), feeMsat: msat(2n) }),
    ]),
  ]; // prettier-ignore
}

const tx = { version: 2, locktime: 0, inputs: [unsignedInput({ txid: '11'.repeat(32), vout: 0 }, 0)], outputs: [{ amountSat: sat(5n), script: new Uint8Array(22) }] };

function walletTarget(): AnyTarget {
  const recorded = recordOwnTransaction(initialState, { tx, feeSat: sat(3n), createdAtSeconds: 7, replaces: [] });
  return codecTarget('stored wallet', walletStateCodec, [encodeWith(walletStateCodec, setLabel(recorded, labelKey('tx', '11'.repeat(32)), 'rent'))]);
}

function vaultTarget(): AnyTarget {
  const random = fixed();
  const kdf = newKdfHeader(KDF_FLOOR, random);
  const secrets = { dataKey: KEY, entropy: sha256(KEY).subarray(0, 16), passphrase: utf8('x') };
  const file = encodeVault(sealVault({ network: 'regtest', birthdayHeight: 5, secrets, kdf, passwordKey: KEY, random }));
  return bytesTarget('vault file', (numbers) => mutate(file, numbers), (input) => takes(() => openVault(decodeVault(input), KEY)));
}

function sealedTargets(): AnyTarget[] {
  const sealer = createSealer(KEY, fixed());
  const table = { id: tables.channel, name: 'channel' };
  const sealed = sealer.seal(table, '00000001', utf8('a channel'));
  const entry = { subject: 'channel:00000001', timeMs: 5, event: encodeWith(journalEvent, { kind: 'ready' }) };
  const movement = { timeMs: 5, debit: 'wallet', credit: 'outside', amountMsat: 5n, reason: 'open', reference: 'x' };
  const [journal, ledger] = [sealJournal(sealer, 1, entry), sealLedger(sealer, 1, movement)];
  return [
    bytesTarget('sealed record', (random) => mutate(sealed, random), (input) => takes(() => sealer.open(table, '00000001', input))),
    bytesTarget('sealed journal entry', (random) => mutate(journal, random), (value) => takes(() => openJournal(sealer, { sequence: 1, subject: entry.subject, time: 5, value }))),
    bytesTarget('sealed ledger entry', (random) => mutate(ledger, random), (value) => takes(() => openLedger(sealer, { sequence: 1, debit: 'wallet', credit: 'outside', value }))),
    codecTarget('channel journal', journalEvent, [
      encodeWith(journalEvent, { kind: 'funding_spent', txid: KEY, spendClass: 'mutual', height: 7 }),
      encodeWith(journalEvent, { kind: 'failing', reason: 'user', detail: 'é' }),
      encodeWith(journalEvent, { kind: 'remote_commitment_signed', number: 1n, ourMsat: msat(1n), theirMsat: msat(2n), feeratePerKw: 253 as never, htlcCount: 1, changes: [{ direction: 0, id: 1n, amountMsat: msat(1n), paymentHash: KEY, change: 0 }] }),
    ]),
  ]; // prettier-ignore
}

function backupTargets(): AnyTarget[] {
  const file = sealBackup(backupOf(), BACKUP_CONTEXT, fixed());
  const channels = backupOf().channels.map((one) => encodeWith(staticChannel, one));
  return [
    bytesTarget('backup file', (random) => mutate(file, random), (input) => openBackup(input, BACKUP_CONTEXT).ok),
    textTarget('text of a backup file', (random) => fromUtf8(mutate(utf8(toBase64(file)), random)), (text) => { const raw = tryFromBase64(text); return raw !== undefined && openBackup(raw, BACKUP_CONTEXT).ok; }),
    codecTarget('channel of a backup', staticChannel, channels),
  ]; // prettier-ignore
}

function fileTargets(): AnyTarget[] {
  const keys = fenceKeys(KEY);
  const ledger = new ScriptLedger();
  ledger.add(new Uint8Array(22).fill(1), 0).scannedFrom = 0;
  const record = must([...ledger.records][0], 'the record');
  ledger.enter(record, { txid: '11'.repeat(32), tx, height: 5, txIndex: 1 });
  const progress = encodeProgress([{ height: 5, hash: '5a'.repeat(32) }], ledger);
  return [
    textTarget('epoch note', (random) => fromUtf8(mutate(utf8(encodeNote(keys, 77)), random)), (text) => decodeNote(keys, text) !== undefined),
    bytesTarget('progress of a scan', (random) => mutate(progress, random), (input) => decodeProgress(input, new ScriptLedger()).length > 0),
  ];
}

export const storedTargets = (): readonly AnyTarget[] => [
  ...channelTargets(),
  ...paymentTargets(),
  walletTarget(),
  vaultTarget(),
  ...sealedTargets(),
  ...backupTargets(),
  ...fileTargets(),
];
