import { sample as sampleOf } from 'fast-check';
import { expect, test } from 'vitest';
import { toHex } from '../../core/lib/bytes.ts';
import { type Message, rows } from '../../core/wire/messages.ts';
import { CrashRig, type Watcher } from '../support/crash-rig.ts';
import { isQuiet, startOf } from '../support/crash-scenarios.ts';
import { viewOf } from '../support/invariant-views.ts';
import { messagesOf } from '../support/messages.ts';
import { NODE_IDS } from '../support/rig-keys.ts';

const STRANGE = new Uint8Array(32).fill(0xab);

test('a message for a channel that there is not changes nothing, and only a reestablish is answered', async () => {
  const start = await startOf('anchors');
  let sent: Message[] = [];
  const nothing = (): void => undefined;
  const watcher: Watcher = {
    onSend: (side, message) => void (side === 'A' && sent.push(message)),
    onDelivered: nothing, onPublish: nothing, onDurable: nothing, onStarted: nothing, onLog: nothing,
  }; // prettier-ignore
  const rig = new CrashRig(start.image, { without: start.without }, {}, watcher);
  await rig.settle(() => isQuiet(rig));
  const words = (): unknown => viewOf(rig.durable('A')).channelWords;
  const before = words();
  expect(rig.node('A').channels.all().map(({ link }) => link.status)).toEqual(['live']);

  let cases = 0;
  for (const row of rows) {
    for (const sample of sampleOf(messagesOf(row), { numRuns: 3, seed: row.type })) {
      if (!('channelId' in sample)) continue;
      const message: Message = { ...sample, channelId: STRANGE };
      sent = [];
      rig.node('B').peers.send(toHex(NODE_IDS.A), message);
      rig.node('B').peers.send(toHex(NODE_IDS.A), message);
      await rig.settle(() => isQuiet(rig));
      const answers = sent.filter(({ name }) => name === 'error');
      expect(sent, row.name).toEqual(answers);
      expect(answers, row.name).toHaveLength(message.name === 'channel_reestablish' ? 2 : 0);
      expect(words(), row.name).toEqual(before);
      cases++;
    }
  }
  expect(rig.node('A').channels.all().map(({ phase, link }) => [phase, link.status])).toEqual([['normal', 'live']]);
  expect(cases).toBeGreaterThan(30);
});
