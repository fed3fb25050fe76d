import { expect, test } from 'vitest';
import { channelTypeVector } from '../../core/channel/channel-type.ts';
import { proposeChannel } from '../../core/channel/handshake.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { feeratePerKw, msat, sat } from '../../core/lib/units.ts';
import type { Message } from '../../core/wire/messages.ts';
import { contextOf } from '../support/channel-pair.ts';
import { CrashRig, type Watcher } from '../support/crash-rig.ts';
import { isQuiet, startOf } from '../support/crash-scenarios.ts';
import { viewOf } from '../support/invariant-views.ts';
import { NODE_IDS } from '../support/rig-keys.ts';

const PENDING_PER_PEER = 4;
const nothing = (): void => undefined;

function openNumber(n: number): Message {
  const [, message] = proposeChannel(
    {
      channelNumber: n, peerNodeId: NODE_IDS.A, temporaryChannelId: sha256(utf8(`opening ${n}`)), localAlias: BigInt(n), fundingSatoshis: sat(100_000n), pushMsat: msat(0n),
      feeratePerKw: feeratePerKw(2500), channelTypeVector: channelTypeVector({ channelType: 'anchors', scidAlias: false }), negotiated: () => true,
    },
    contextOf('alice'),
  ); // prettier-ignore
  return message;
}

test('a peer that opens thousands of channels gets four under way, and nothing of them is remembered (catalogue 4)', async () => {
  const start = await startOf('anchors');
  let answers: Message[] = [];
  const watcher: Watcher = {
    onSend: (side, message) => void (side === 'A' && answers.push(message)),
    onDelivered: nothing, onPublish: nothing, onDurable: nothing, onStarted: nothing, onLog: nothing,
  }; // prettier-ignore
  const rig = new CrashRig(start.image, { without: start.without }, {}, watcher);
  await rig.settle(() => isQuiet(rig));
  const before = viewOf(rig.durable('A'));
  answers = [];
  const COUNT = 2_000;
  for (let n = 0; n < COUNT; n++) {
    rig.node('B').peers.send(toHex(NODE_IDS.A), openNumber(n));
    if (n % 100 === 99) await rig.drain();
  }
  await rig.drain();
  expect(answers.filter(({ name }) => name === 'accept_channel')).toHaveLength(PENDING_PER_PEER);
  expect(answers.filter(({ name }) => name === 'error')).toHaveLength(COUNT - PENDING_PER_PEER);
  expect(rig.node('A').openings.count).toBe(PENDING_PER_PEER);
  expect(viewOf(rig.durable('A'))).toMatchObject({ channelWords: before.channelWords, nextChannelNumber: before.nextChannelNumber });
  expect(rig.node('A').channels.all().map(({ phase, link }) => [phase, link.status])).toEqual([['normal', 'live']]);
});
