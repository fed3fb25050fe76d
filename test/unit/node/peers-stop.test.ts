import { expect, test } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { Peers } from '../../../core/node/peers.ts';
import type { PeerNetwork } from '../../../core/node/ports.ts';
import type { PeerLink } from '../../../core/transport/link.ts';
import { manualSystem } from '../../support/manual-system.ts';

type Dialled = Awaited<ReturnType<PeerNetwork['dial']>>;

test('a dial that succeeds after the node stopped says nothing, and whoever waited for it is told', async () => {
  let answer = (_: Dialled): void => undefined;
  const system = { ...manualSystem(), soon: (task: () => void) => queueMicrotask(task) };
  const quiet = (): void => undefined;
  const peers = new Peers({
    network: { dial: () => new Promise((resolve) => (answer = resolve)), listen: undefined }, system, log: { error: quiet, warn: quiet, info: quiet, debug: quiet },
    chainHash: networks.regtest.chainHash, isWanted: () => true, onReady: quiet, onMessage: quiet, onGone: quiet, onChanged: quiet,
  }); // prettier-ignore
  const nodeId = new Uint8Array(33).fill(2);
  const events: string[] = [];
  const link: PeerLink = {
    theirNodeId: nodeId, isIncoming: false, host: 'host', port: 1, bufferedBytes: 0,
    start: () => void events.push('start'), send: () => void events.push('send'), close: () => void events.push('close'),
  }; // prettier-ignore
  const connecting = peers.connect({ nodeId, host: 'host', port: 1 });
  peers.stop();
  answer({ ok: true, value: link });
  expect(await connecting).toMatchObject({ ok: false, error: { code: 'closed' } });
  expect(events).toEqual(['close']);
});
