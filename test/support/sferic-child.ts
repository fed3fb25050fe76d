/**
 * Our node as its own process, for tests: `core/headless.ts` with a cheap password hash and a tap on the wire that can cut
 * a connection, hold it, or end the process as by kill -9 at one message. Orders come, and what passes by goes, over Node's IPC.
 */
import type { FundedChannel } from '../../core/channel/types.ts';
import { runHeadless } from '../../core/headless.ts';
import { createApp } from '../../core/index.ts';
import { SocketPeerLink } from '../../core/io/peer-link.ts';
import type { HtlcAction } from '../../core/node/channels.ts';
import { Payments } from '../../core/node/payments.ts';
import type { PeerLinkHandler } from '../../core/transport/link.ts';
import { decodeMessage } from '../../core/wire/messages.ts';
import type { ChildOrder, TapOrder, TapReport } from './sferic-tap.ts';

const report = (told: TapReport): void => void process.send?.(told);

function nameOf(bytes: Uint8Array): string {
  try {
    const decoded = decodeMessage(bytes);
    return decoded.known ? decoded.message.name : `type ${decoded.type}`;
  } catch {
    return 'malformed';
  }
}

let order: TapOrder | undefined;
let seen = 0;
/** While it is set nothing passes, either way. */
let isHolding = false;

/** Whether the order is due at this message. */
function isDue(direction: TapOrder['direction'], when: TapOrder['when'], name: string): boolean {
  if (order?.direction !== direction || order.when !== when || order.message !== name) return false;
  return ++seen === order.occurrence;
}

function act(link: SocketPeerLink): void {
  const { action } = order!;
  order = undefined;
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  report({ kind: 'reached' });
  if (action === 'hold') isHolding = true;
  else if (action === 'cut') cutLink(link);
}

const links = new Map<SocketPeerLink, PeerLinkHandler>();
const { start, send } = SocketPeerLink.prototype;

/** The connection is gone for both at once, and nothing that was on its way arrives. */
function cutLink(link: SocketPeerLink): void {
  link.close('cut by the test');
}

SocketPeerLink.prototype.start = function (this: SocketPeerLink, handler: PeerLinkHandler): void {
  links.set(this, handler);
  start.call(this, {
    ...handler,
    onMessage: (bytes) => {
      if (isHolding) return undefined;
      const name = nameOf(bytes);
      report({ kind: 'message', direction: 'in', name });
      if (isDue('in', 'before', name)) {
        act(this);
        return undefined;
      }
      const working = handler.onMessage(bytes);
      if (isDue('in', 'after', name)) setImmediate(() => act(this));
      return working;
    },
    onClose: (error) => {
      links.delete(this);
      handler.onClose(error);
    },
  });
};

SocketPeerLink.prototype.send = function (this: SocketPeerLink, bytes: Uint8Array): void {
  if (isHolding) return;
  const name = nameOf(bytes);
  report({ kind: 'message', direction: 'out', name });
  if (isDue('out', 'before', name)) {
    act(this);
    return;
  }
  send.call(this, bytes);
  // The link writes on the next turn of the loop; then it is with the kernel.
  if (isDue('out', 'after', name)) setImmediate(() => setImmediate(() => act(this)));
};

let isWithholding = false;
const withheld: [FundedChannel, HtlcAction][] = [];
const { onHtlc, tick } = Payments.prototype;

Payments.prototype.onHtlc = function (this: Payments, turn, channel, action): void {
  if (isWithholding && action.kind === 'htlc_received') withheld.push([channel, action]);
  else onHtlc.call(this, turn, channel, action);
};
// The payments' own clock is the next turn that comes by itself.
Payments.prototype.tick = function (this: Payments, turn): void {
  if (!isWithholding) for (const [channel, action] of withheld.splice(0)) onHtlc.call(this, turn, channel, action);
  tick.call(this, turn);
};

const { now } = Date;

process.on('message', (given: ChildOrder) => {
  if ('release' in given) {
    isHolding = false;
    for (const link of links.keys()) cutLink(link);
  } else if ('clockShiftMs' in given) {
    Date.now = () => now() + given.clockShiftMs;
  } else if ('withhold' in given) {
    isWithholding = given.withhold;
  } else {
    order = given;
    seen = 0;
  }
  report({ kind: 'understood' });
});
// The test run is gone, however that died.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

await runHeadless(process.argv.slice(2), {
  createApp: (config) => createApp({ ...config, kdf: { memoryKiB: 65_536, iterations: 3 } }),
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
});
