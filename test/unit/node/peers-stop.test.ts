import { expect, test } from 'vitest';
import { networks } from '../../../core/bitcoin/network.ts';
import { Peers } from '../../../core/node/peers.ts';
import type { PeerNetwork } from '../../../core/node/ports.ts';
import type { PeerLink } from '../../../core/transport/link.ts';
import { manualSystem } from '../../support/manual-system.ts';

type Dialled = Awaited<ReturnType<PeerNetwork['dial']>>;

function scene() {
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
  return { peers, link, nodeId, events, answer: (dialled: Dialled) => answer(dialled) };
}

test('a dial that succeeds after the node stopped says nothing, and whoever waited for it is told', async () => {
  const { peers, link, nodeId, events, answer } = scene();
  const connecting = peers.connect({ nodeId, host: 'host', port: 1 });
  peers.stop();
  answer({ ok: true, value: link });
  expect(await connecting).toMatchObject({ ok: false, error: { code: 'closed' } });
  expect(events).toEqual(['close']);
});

test('who connects after the node stopped hears nothing, also when the chain is synced afterwards', () => {
  const { peers, link, events } = scene();
  peers.stop();
  peers.activate();
  peers.accept(link);
  expect(events).toEqual(['start', 'close']);
});
