import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { staticChannel, staticPartOf } from '../../../core/channel/static-backup.ts';
import { toBase64, tryFromBase64 } from '../../../core/codec/base64.ts';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import { concat, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { msat, sat } from '../../../core/lib/units.ts';
import { type BackupFault, openBackup, sealBackup } from '../../../core/store/backup-file.ts';
import { CONTEXT, OTHER_WORDS, backupOf, fixedRandom } from '../../support/backup-kit.ts';
import { fulfill, keysOf, offer, reachNormal } from '../../support/channel-pair.ts';
import { fuzz, mutate } from '../../support/mutate.ts';

const backup = backupOf();
const file = sealBackup(backup, CONTEXT, fixedRandom());
const faultOf = (bytes: Uint8Array, context = CONTEXT): BackupFault | 'opens' => {
  const opened = openBackup(bytes, context);
  return opened.ok ? 'opens' : opened.error;
};
const flipped = (at: number, bit = 1): Uint8Array => file.map((byte, i) => (i === at ? byte ^ bit : byte));
const MAGIC = 7;
const HEAD = MAGIC + 1 + 32 + 8;

describe('a backup file', () => {
  it('comes back as it was', () => {
    expect(openBackup(file, CONTEXT)).toEqual({ ok: true, value: backup });
    const empty = { ...backup, peers: [], channels: [], birthdayHeight: undefined };
    expect(openBackup(sealBackup(empty, CONTEXT, fixedRandom()), CONTEXT)).toEqual({ ok: true, value: empty });
  });

  it('of any channels comes back as it was', () => {
    const [channel] = backup.channels;
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const script = fc.uint8Array({ maxLength: 80 });
    const amount = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    const channels = fc.array(fc.record({
      isOpener: fc.boolean(), number: u32, fundingSatoshis: amount.map(sat), pushMsat: amount.map(msat), txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex), vout: fc.integer({ min: 0, max: 0xffff }),
      createdAtHeight: u32, fundingHeight: fc.option(u32, { nil: undefined }), shortChannelId: fc.option(amount, { nil: undefined }), walletScript: script, shutdownScript: fc.option(script, { nil: undefined }),
    }), { maxLength: 5 }); // prettier-ignore
    fc.assert(fc.property(channels, fc.nat(), (drawn, madeAtMs) => {
      const value = { ...backup, madeAtMs, channels: drawn.map(({ isOpener, number, fundingSatoshis, pushMsat, txid, vout, ...rest }) => ({
        ...rest, fundingOutPoint: { txid, vout }, config: { ...channel!.config, isOpener, channelNumber: number, fundingSatoshis, pushMsat },
      })) }; // prettier-ignore
      expect(openBackup(sealBackup(value, CONTEXT, fixedRandom(madeAtMs)), CONTEXT)).toEqual({ ok: true, value });
    }), { numRuns: 40 }); // prettier-ignore
  });

  it('is refused with any bit of any byte changed, and says of what kind it is', () => {
    for (let at = 0; at < file.length; at++) {
      for (const bit of [1, 128]) {
        const expected = at < MAGIC ? ['no_backup'] : at === MAGIC ? ['no_backup', 'newer_version'] : at < MAGIC + 33 ? ['other_network'] : at < HEAD ? ['other_wallet'] : ['damaged'];
        expect(expected, `byte ${at}`).toContain(faultOf(flipped(at, bit)));
      }
    }
  });

  it('is refused when it is cut at any byte, or goes on', () => {
    for (let length = 0; length < file.length; length++) expect(['no_backup', 'damaged'], `${length} bytes`).toContain(faultOf(file.subarray(0, length)));
    expect(faultOf(concat(file, Uint8Array.of(0)))).toBe('damaged');
  });

  it('of other words, another network or a newer version says so', () => {
    expect(faultOf(file, OTHER_WORDS)).toBe('other_wallet');
    // Test networks share their keys.
    expect(faultOf(file, { ...CONTEXT, chainHash: networks.signet.chainHash })).toBe('other_network');
    expect(faultOf(flipped(MAGIC, 3))).toBe('newer_version');
    expect(faultOf(utf8('a picture of a cat, which is long enough to be a file'))).toBe('no_backup');
    expect(faultOf(new Uint8Array(0))).toBe('no_backup');
  });

  it('that was moved to another network or wallet does not open by its head alone', () => {
    const moved = concat(file.subarray(0, MAGIC + 1), networks.signet.chainHash, file.subarray(MAGIC + 33));
    expect(faultOf(moved, { ...CONTEXT, chainHash: networks.signet.chainHash })).toBe('damaged');
    const theirs = sealBackup(backup, OTHER_WORDS, fixedRandom());
    expect(faultOf(concat(theirs.subarray(0, HEAD), file.subarray(HEAD)), OTHER_WORDS)).toBe('damaged');
  });

  it('never throws, whatever the bytes', () => {
    fuzz({ name: 'backup file', input: (random) => mutate(file, random), run: (input) => void openBackup(input, CONTEXT) });
  });

  it('is another text each time, and shows nothing of what it holds', () => {
    expect(sealBackup(backup, CONTEXT, fixedRandom(2))).not.toEqual(file);
    const hex = toHex(file);
    for (const { config, fundingOutPoint } of backup.channels) {
      for (const secret of [toHex(config.peerNodeId), fundingOutPoint.txid, toHex(config.local.basepoints.paymentBasepoint)]) expect(hex).not.toContain(secret);
    }
  });

  it('holds of a channel only what never changes: the same after any payments, and no secret', () => {
    const pair = reachNormal({ pushMsat: 300_000_000n });
    const before = encodeWith(staticChannel, staticPartOf(pair.alice));
    pair.do('alice', offer(1, 20_000_000n));
    pair.run().do('bob', fulfill(1, 0n));
    pair.run();
    expect(encodeWith(staticChannel, staticPartOf(pair.alice))).toEqual(before);
    for (const secret of Object.values(keysOf('alice')) as Uint8Array[]) expect(toHex(before)).not.toContain(toHex(secret));
    expect(toHex(before)).not.toContain(toHex(pair.alice.commitments.localSignature));
  });

  it('with a key that is no point is refused', () => {
    const channel = backup.channels[0]!;
    const { remote } = channel.config;
    for (const bad of [{ ...channel.config, peerNodeId: new Uint8Array(33) }, { ...channel.config, remote: { ...remote, basepoints: { ...remote.basepoints, paymentBasepoint: new Uint8Array(33).fill(5) } } }]) {
      expect(() => decodeWith(staticChannel, encodeWith(staticChannel, { ...channel, config: bad }))).toThrow(DecodeError);
      expect(faultOf(sealBackup({ ...backup, channels: [{ ...channel, config: bad }] }, CONTEXT, fixedRandom()))).toBe('damaged');
    }
  });

  it('of a channel takes under a thousand characters of text', () => {
    const text = (channels: number): number => toBase64(sealBackup({ ...backup, channels: backup.channels.slice(0, channels) }, CONTEXT, fixedRandom())).length;
    expect(text(2) - text(1)).toBeLessThan(1000);
  });
});

describe('text of bytes', () => {
  it('comes back, with breaks and spaces that others put in', () => {
    const text = toBase64(file);
    expect(tryFromBase64(text)).toEqual(file);
    expect(tryFromBase64(`\n${text.replaceAll(/.{64}/gu, '$&\r\n ')}\n`)).toEqual(file);
  });
  it.each(['*', 'AAA', 'AA=A', 'AB==', 'Zm9v-_==', 'ä'])('is refused as %s', (text) => expect(tryFromBase64(text)).toBeUndefined());
});
