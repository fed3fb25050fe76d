import { expect, test } from 'vitest';
import type { FundedChannel } from '../../core/channel/types.ts';
import { feeratePerKw, msat } from '../../core/lib/units.ts';
import type { MessageOf } from '../../core/wire/messages.ts';
import { encodeMessage } from '../../core/wire/messages.ts';
import { runScenario } from '../support/crash-run.ts';
import { SCENARIOS, startOf } from '../support/crash-scenarios.ts';
import { type DiskView, viewOf } from '../support/invariant-views.ts';
import { i10To12, i11Offer, i13Books } from '../support/invariants-of-states.ts';
import { Evidence, i19, i25, i3, i8, i9 } from '../support/invariants.ts';

/** Both disks after a payment, and in the middle of one. */
async function disks() {
  const scenario = SCENARIOS.find(({ name }) => name === 'paying and being paid, one payment')!;
  const start = await startOf(scenario.setting);
  const { rig } = await runScenario(scenario, start, {});
  const { found } = await runScenario(scenario, start, { kills: [{ at: 27, victims: ['A'] }] });
  const { image } = found.findLast(({ side }) => side === 'A')!;
  return { rig, a: viewOf(rig.durable('A')), b: viewOf(rig.durable('B')), middle: viewOf(image), image };
}

const changed = (disk: DiskView, change: (channel: FundedChannel) => FundedChannel): DiskView => ({
  ...disk, channels: disk.channels.map(change), channelWords: new Map(disk.channels.map(({ config }) => [config.channelNumber, `${Math.random()}`])),
}); // prettier-ignore

const brokenBy = (check: (evidence: Evidence) => void): string[] => {
  const evidence = new Evidence(() => {
    throw new Error('no rig');
  });
  check(evidence);
  return [...new Set(evidence.broken.map((line) => line.split(':')[0]!))];
};

test('each invariant is red where the state is wrong, and green where it is right', async () => {
  const { a, b, middle, image } = await disks();
  const commitments = (change: Partial<FundedChannel['commitments']>) => (channel: FundedChannel) => ({ ...channel, commitments: { ...channel.commitments, ...change } });
  expect(brokenBy((evidence) => i3(evidence, 'A', a, 'B', b))).toEqual([]);
  expect(brokenBy((evidence) => i3(evidence, 'A', changed(a, commitments({ revealedSecrets: [] })), 'B', b))).toEqual(['I-3']);

  const { ourMsat } = a.channels[0]!.commitments;
  expect(brokenBy((evidence) => i10To12(evidence, 'A', a))).toEqual([]);
  expect(brokenBy((evidence) => i10To12(evidence, 'A', changed(a, commitments({ ourMsat: msat(ourMsat + 1n) }))))).toEqual(['I-10']);
  expect(brokenBy((evidence) => i10To12(evidence, 'A', changed(a, commitments({ feeratePerKw: feeratePerKw(600_000) }))))).toContain('I-11');
  const few = (channel: FundedChannel): FundedChannel => ({ ...channel, config: { ...channel.config, remote: { ...channel.config.remote, maxAcceptedHtlcs: 0 } } });
  expect(middle.channels[0]!.commitments.htlcs.size).toBe(1);
  expect(brokenBy((evidence) => i10To12(evidence, 'A', changed(middle, few)))).toEqual(['I-12']);
  expect(brokenBy((evidence) => i13Books(evidence, 'A', changed(a, commitments({ ourMsat: msat(ourMsat + 1n) }))))).toEqual(['I-13']);

  expect(brokenBy((evidence) => i8(evidence, 'A', middle))).toEqual([]);
  expect(brokenBy((evidence) => i8(evidence, 'A', { ...middle, outgoing: new Map() }))).toEqual(['I-8']);

  const { channelId } = a.channels[0]!;
  const add: MessageOf<'update_add_htlc'> = {
    name: 'update_add_htlc', channelId, id: 0n, amountMsat: msat(1_000n), paymentHash: new Uint8Array(32), cltvExpiry: 500, onionRoutingPacket: new Uint8Array(1366),
  }; // prettier-ignore
  const sentBy = (message: Parameters<typeof encodeMessage>[0], disk = middle) => ({ side: 'A' as const, message, bytes: encodeMessage(message), disk });
  const poor = changed(middle, commitments({ ourMsat: msat(40_000_000n) }));
  expect(brokenBy((evidence) => i11Offer(evidence, sentBy(add)))).toEqual([]);
  expect(brokenBy((evidence) => i11Offer(evidence, sentBy(add, poor)))).toEqual(['I-11']);
  expect(brokenBy((evidence) => i19(evidence, sentBy({ name: 'update_fulfill_htlc', channelId, id: 0n, paymentPreimage: new Uint8Array(32) })))).toEqual(['I-19']);
  expect(brokenBy((evidence) => {
    i19(evidence, sentBy(add));
    i19(evidence, sentBy({ name: 'commitment_signed', channelId, signature: new Uint8Array(64), htlcSignatures: [] }));
    i19(evidence, sentBy({ ...add, cltvExpiry: 501 }));
  })).toEqual(['I-19']); // prettier-ignore
  expect(brokenBy((evidence) => {
    i25(evidence, sentBy({ name: 'shutdown', channelId, scriptpubkey: new Uint8Array(22) }));
    i25(evidence, sentBy(add));
  })).toEqual(['I-25']); // prettier-ignore

  expect(brokenBy((evidence) => i9(evidence, 'A', image))).toEqual([]);
  const other = { ...image, records: new Map([...image.records].filter(([name]) => name !== 'wallet\nstate')) };
  viewOf(other);
  other.records.set('wallet\nstate', new Uint8Array([1]));
  expect(brokenBy((evidence) => i9(evidence, 'A', other))).toEqual(['I-9']);
});
