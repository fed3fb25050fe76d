import { expect, test } from 'vitest';
import { CrashRig, type Watcher } from '../support/crash-rig.ts';
import { cutOff } from '../support/crash-enforcement.ts';
import { isIdle } from '../support/crash-scenarios.ts';
import { viewOf } from '../support/invariant-views.ts';

const nothing = (): void => undefined;

test('a payment whose HTLC no channel holds any more ends after a start with an alarm, as one of which nobody knows the outcome (I-14)', async () => {
  const start = await cutOff('anchors');
  const alarms: string[] = [];
  const watcher: Watcher = { onSend: nothing, onDelivered: nothing, onPublish: nothing, onDurable: nothing, onStarted: nothing, onLog: (side, level, text) => void (side === 'A' && level === 'alarm' && alarms.push(text)) };
  const { A } = start.image.sides;
  expect(viewOf(A.image).outgoing.size).toBeGreaterThan(0);
  const records = new Map([...A.image.records].filter(([key]) => !key.startsWith('channel\n') && !key.startsWith('channelHtlc\n')));
  const image = { ...start.image, sides: { ...start.image.sides, A: { ...A, image: { ...A.image, records } } } };
  const rig = new CrashRig(image, { without: start.without ?? [] }, {}, watcher);
  rig.network.isDown = true;
  rig.start('A');
  await rig.settle(() => isIdle(rig));
  expect(rig.node('A').payments.pendingOutgoing).toBe(0);
  const pending = [...viewOf(rig.durable('A')).outgoing.values()].filter(({ status }) => status !== 'succeeded');
  expect(pending.length).toBeGreaterThan(0);
  for (const payment of pending) expect(payment).toMatchObject({ status: 'failed', failure: { reason: 'outcome_unknown' } });
  expect(alarms.join()).toContain('part_vanished');
});
