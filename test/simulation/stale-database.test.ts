import { expect, test } from 'vitest';
import { toHex } from '../../core/lib/bytes.ts';
import { CrashRig, type RigImage, type Watcher } from '../support/crash-rig.ts';
import { isQuiet, startOf } from '../support/crash-scenarios.ts';

const nothing = (): void => undefined;
const silent: Watcher = { onSend: nothing, onDelivered: nothing, onPublish: nothing, onDurable: nothing, onStarted: nothing, onLog: nothing };

/** Both sides after payments, but with the database of A from before them; its marks of what it revoked lie elsewhere. */
async function withOldDatabase(): Promise<{ readonly image: RigImage; readonly without: CrashRig['options']['without'] }> {
  const start = await startOf('anchors');
  const rig = new CrashRig(start.image, { without: start.without ?? [] }, {}, silent);
  await rig.settle(() => isQuiet(rig));
  const old = rig.durable('A');
  for (const invoice of start.invoices.B.slice(0, 2)) {
    rig.call('A', 'payment.send', { invoice, payAgain: false, timeoutMs: 60_000 });
    await rig.settle(() => isQuiet(rig));
  }
  const now = rig.image();
  return { image: { ...now, sides: { ...now.sides, A: { ...now.sides.A, image: old } } }, without: start.without };
}

test('a database that is older than what was revoked publishes nothing, says so, and gets its balance from an honest peer (I-1, I-23)', async () => {
  const { image, without } = await withOldDatabase();
  const published: string[] = [];
  const alarms: string[] = [];
  const rig = new CrashRig(image, { without: without ?? [] }, {}, {
    ...silent,
    onPublish: (side) => void published.push(side),
    onLog: (side, level, text) => void (side === 'A' && level === 'alarm' && alarms.push(text)),
  }); // prettier-ignore
  rig.start('A');
  await rig.drain();
  const [stale] = rig.node('A').channels.all();
  const force = rig.call('A', 'channel.forceClose', { channelId: toHex(stale!.channelId) });
  await rig.drain();
  expect(force.state).toBe('refused');
  expect(force.answer).toMatchObject({ code: 'recovery_mode' });
  rig.node('A').turns.enqueue((turn) => rig.node('A').channels.command(turn, stale!.config.channelNumber, { kind: 'force_close', reason: 'user' }));
  await rig.drain();
  expect(published).toEqual([]);
  expect(alarms.join()).toContain('we_lost_data');

  // B answers our numbers with its newest commitment, of which this database knows nothing, and that pays us all the same.
  expect(await rig.settle(() => published.length > 0)).toBe(true);
  expect(new Set(published)).toEqual(new Set(['B']));
  rig.chain.mine();
  expect(await rig.settle(() => rig.node('A').channels.all()[0]?.spend?.height !== undefined)).toBe(true);
  expect(rig.node('A').channels.all()[0]?.spend?.spendClass).toBe('future');
  rig.chain.mine();
  expect(await rig.settle(() => published.includes('A'))).toBe(true);
});
