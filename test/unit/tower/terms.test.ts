import { describe, expect, it } from 'vitest';
import type { Appointment } from '../../../core/tower/messages.ts';
import { DEFAULT_TERMS, type TowerTerms, acceptUpload, drawn, freshSession } from '../../../core/tower/terms.ts';

const at = (sequence: number, over: Partial<Appointment> = {}): Appointment => ({ sequence: BigInt(sequence), part: 0, isLast: true, hint: new Uint8Array(16), blob: new Uint8Array(100), ...over });
const accept = (appointments: readonly Appointment[], terms: Partial<TowerTerms> = {}, session = freshSession(0), totalBytes = 0n) =>
  acceptUpload({ ...DEFAULT_TERMS, ...terms }, session, appointments, { totalBytes, nowSeconds: 9 });

describe('an upload', () => {
  it('counts what is new and moves on', () => {
    const result = accept([at(0), at(1), at(5)]);
    expect(result.ok && result.value.session).toEqual({ nextSequence: 6n, blobs: 3, bytes: 300n, touchedSeconds: 9 });
  });

  it('passes over what is here already', () => {
    const result = accept([at(3), at(4), at(5)], {}, { ...freshSession(0), nextSequence: 5n });
    expect(result.ok && result.value.appointments.map(({ sequence }) => sequence)).toEqual([5n]);
  });

  it('is complete only with the last part', () => {
    const first = accept([at(7, { isLast: false })]);
    expect(first.ok && first.value.session.nextSequence).toBe(0n);
    const second = first.ok ? accept([at(7, { part: 1 })], {}, first.value.session) : first;
    expect(second.ok && second.value.session.nextSequence).toBe(8n);
  });

  it.each([
    ['the same number twice', [at(4, { isLast: false }), at(4)]],
    ['a part that is left out', [at(4, { isLast: false }), at(4, { part: 2 })]],
    ['an unfinished one before the next', [at(4, { isLast: false }), at(5)]],
    ['a number of more than 48 bits', [at(2 ** 48)]],
  ])('refuses %s', (_, appointments) => {
    expect(accept(appointments)).toEqual({ ok: false, error: 'out_of_order' });
  });

  it.each([
    ['blob_too_large', { maxBlobBytes: 99 }, 0n],
    ['too_many_blobs', { maxBlobsPerChannel: 2 }, 0n],
    ['too_many_bytes', { maxBytesPerChannel: 299n }, 0n],
    ['tower_full', { maxTotalBytes: 1_299n }, 1_000n],
  ] as const)('is refused whole: %s', (error, terms, totalBytes) => {
    expect(accept([at(0), at(1), at(2)], terms, freshSession(0), totalBytes)).toEqual({ ok: false, error });
  });
});

describe('a bucket', () => {
  const limits = { perSecond: 10, burst: 20 };
  it('empties and fills with time, never above its size', () => {
    let bucket = drawn({ left: 20, atMs: 0 }, 20, 0, limits);
    expect(bucket).toEqual({ left: 0, atMs: 0 });
    expect(drawn(bucket!, 1, 50, limits)).toBeUndefined();
    bucket = drawn(bucket!, 1, 100, limits);
    expect(bucket?.left).toBe(0);
    expect(drawn(bucket!, 20, 1_000_000, limits)?.left).toBe(0);
  });
  it('is filled by no clock that goes back', () => {
    expect(drawn({ left: 0, atMs: 5_000 }, 1, 0, limits)).toBeUndefined();
  });
});
