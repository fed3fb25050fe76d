import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { decodeChannel, encodeChannel, encodeHtlc, htlcRecordChanged } from '../../../core/channel/codec.ts';
import { type JournalEvent, journalEvent } from '../../../core/channel/journal.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { msat } from '../../../core/lib/units.ts';
import { failHtlc, fulfill, offer, reachNormal, restored } from '../../support/channel-pair.ts';
import { fuzz, mutate } from '../../support/mutate.ts';

/** A channel with everything in it that a record can hold. */
function fullChannel(): FundedChannel {
  const pair = reachNormal({ pushMsat: 300_000_000n });
  for (let n = 0; n < 4; n++) pair.do('alice', offer(n, 10_000_000n));
  pair.run();
  pair.do('bob', fulfill(0));
  pair.do('bob', failHtlc(1n));
  pair.do('bob', { kind: 'fail_malformed_htlc', id: 2n, sha256OfOnion: new Uint8Array(32), failureCode: 0xc005 });
  pair.do('bob', offer(5, 10_000_000n));
  pair.do('bob', { kind: 'shutdown', script: pair.bob.walletScript, reason: 'user' });
  pair.do('alice', { kind: 'update_fee', feeratePerKw: 3000 as never });
  pair.deliver('alice');
  pair.do('bob', { kind: 'funding_spent', tx: pair.fundingTx, height: 600, penaltyRecord: undefined });
  return pair.bob;
}
const full = fullChannel();
const record = encodeChannel(full);
const htlcs = [...full.commitments.htlcs.values()].map(encodeHtlc);

const cleanly = (decode: () => unknown): void => {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
};

describe('a stored channel', () => {
  it('comes back as it was, offline', () => {
    expect({ ...restored(full), link: full.link }).toEqual(full);
    expect(restored(full).link.status).toBe('offline');
    expect(encodeChannel(restored(full))).toEqual(record);
  });

  it('that is changed anywhere is a DecodeError or another channel, never a crash', () => {
    fuzz({ name: 'channel record', input: (random) => mutate(record, random), run: (input) => cleanly(() => decodeChannel(input, htlcs)) });
  });

  it('whose HTLCs are changed is a DecodeError or another channel, never a crash', () => {
    fuzz({
      name: 'HTLC record', input: (random) => htlcs.map((htlc) => (random.below(2) ? mutate(htlc, random) : htlc)),
      run: (input) => cleanly(() => decodeChannel(record, input)), show: () => 'HTLC records',
    }); // prettier-ignore
  });

  it('that is cut at any byte is a DecodeError', () => {
    for (let length = 0; length < record.length; length += 7) expect(() => decodeChannel(record.subarray(0, length), htlcs)).toThrow(DecodeError);
    expect(() => decodeChannel(Uint8Array.of(...record, 0), htlcs)).toThrow(DecodeError);
  });

  it('without the record of an HTLC or of a removal is a DecodeError', () => {
    for (const [i] of htlcs.entries()) expect(() => decodeChannel(record, htlcs.filter((_, j) => j !== i))).toThrow(DecodeError);
    const removed = [...full.commitments.htlcs.values()].find(({ removal }) => removal);
    const without = [...full.commitments.htlcs.values()].map((htlc) => encodeHtlc(htlc === removed ? { ...htlc, removal: undefined } : htlc));
    expect(() => decodeChannel(record, without)).toThrow(DecodeError);
  });

  it('of another version is a DecodeError', () => {
    expect(() => decodeChannel(Uint8Array.of(2, ...record.subarray(1)), htlcs)).toThrow('version 2');
    expect(() => decodeChannel(record, [Uint8Array.of(2, ...htlcs[0]!.subarray(1)), ...htlcs.slice(1)])).toThrow('version 2');
  });

  it('may come with records of HTLCs that ended', () => {
    const gone = encodeHtlc({ ...full.commitments.htlcs.get('r3')!, add: { ...full.commitments.htlcs.get('r3')!.add, id: 99n } });
    expect(decodeChannel(record, [...htlcs, gone])).toEqual(restored(full));
  });

  it('writes the record of an HTLC again only when it changed', () => {
    const pair = reachNormal();
    pair.do('alice', offer(0, 10_000_000n));
    const before = pair.alice.commitments.htlcs.get('o0');
    pair.do('alice', { kind: 'sign' });
    const after = pair.alice.commitments.htlcs.get('o0')!;
    expect(after).not.toBe(before);
    expect(htlcRecordChanged(before, after)).toBe(false);
    expect(htlcRecordChanged(undefined, after)).toBe(true);
    pair.run();
    const received = pair.bob.commitments.htlcs.get('r0')!;
    pair.do('bob', fulfill(0));
    expect(htlcRecordChanged(received, pair.bob.commitments.htlcs.get('r0')!)).toBe(true);
  });
});

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u8 = fc.integer({ min: 0, max: 255 });
const amount = u64.map((value) => msat(value));
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const commitment = {
  number: u64, ourMsat: amount, theirMsat: amount, feeratePerKw: u32, htlcCount: u16,
  changes: fc.array(fc.record({ direction: u8, id: u64, amountMsat: amount, paymentHash: hash, change: u8 }), { maxLength: 4 }),
}; // prettier-ignore
const kind = <K extends string>(name: K) => fc.constant(name);
const events = fc.oneof(
  fc.record({ kind: kind('opened'), isOpener: u8, fundingTxid: hash, fundingOutputIndex: u16, capacitySat: u64, pushMsat: amount, channelType: text }),
  fc.record({ kind: kind('funding_confirmed'), height: u32, shortChannelId: u64 }),
  fc.record({ kind: kind('local_commitment'), ...commitment }),
  fc.record({ kind: kind('remote_commitment_signed'), ...commitment }),
  fc.record({ kind: kind('remote_commitment_revoked'), number: u64 }),
  fc.record({ kind: fc.constantFrom('ready', 'connected', 'disconnected', 'funding_unspent', 'fallen_behind') }),
  fc.record({ kind: kind('shutdown'), byUs: u8 }),
  fc.record({ kind: kind('closing_signed'), txid: hash, feeSat: u64 }),
  fc.record({ kind: kind('failing'), reason: text, detail: text }),
  fc.record({ kind: kind('funding_spent'), txid: hash, spendClass: text, height: fc.option(u32, { nil: undefined }) }),
  fc.record({ kind: kind('claimed'), txid: hash, label: text, amountSat: u64 }),
  fc.record({ kind: kind('closed'), recoveredSat: u64 }),
  fc.record({ kind: kind('peer_error'), text }),
  fc.record({ kind: kind('restored'), fundingTxid: hash, fundingOutputIndex: u16, capacitySat: u64, madeAtMs: u64 }),
) as unknown as fc.Arbitrary<JournalEvent>;

describe('a journal event', () => {
  it('of every kind comes back as it was', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(decodeWith(journalEvent, encodeWith(journalEvent, event))).toEqual(event);
      }),
    );
  });

  it('that a channel makes comes back as it was', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    pair.do('alice', offer(0, 10_000_000n));
    pair.run();
    pair.do('bob', fulfill(0));
    pair.run();
    pair.do('bob', { kind: 'shutdown', script: pair.bob.walletScript, reason: 'user' });
    pair.run();
    pair.disconnect();
    const made = [...pair.take('alice', 'journal'), ...pair.take('bob', 'journal')].map(({ event }) => event);
    expect(new Set(made.map((event) => event.kind)).size).toBeGreaterThanOrEqual(8);
    for (const event of made) expect(decodeWith(journalEvent, encodeWith(journalEvent, event))).toEqual(event);
  });

  it('that is changed is a DecodeError or another event, never a crash', () => {
    const valid = fc.sample(events, { numRuns: 50, seed: 1 }).map((event) => encodeWith(journalEvent, event));
    fuzz({ name: 'journal event', input: (random) => mutate(random.pick(valid), random), run: (input) => cleanly(() => decodeWith(journalEvent, input)) });
  });

  it('holds no secret and no signature', () => {
    const pair = reachNormal();
    pair.do('alice', offer(0, 10_000_000n));
    pair.run();
    const stored = pair.take('alice', 'journal').map(({ event }) => Buffer.from(encodeWith(journalEvent, event)).toString('hex')).join();
    for (const secret of [pair.alice.commitments.localSignature, ...Object.values(pair.ctx.alice.keys)]) expect(stored).not.toContain(Buffer.from(secret as Uint8Array).toString('hex'));
  });
});
