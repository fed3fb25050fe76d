import type { Answer } from '../../../core/api.ts';
import type { Part } from '../../format/parts.ts';

/** A channel's capacity: solid is usable now, hatched is not. What is neither side's is in flight. */
export function partsOf(channel: Answer<'channel.get'>): readonly Part[] {
  const { ourMsat, theirMsat, capacitySat } = channel;
  const inFlight = capacitySat * 1000n - ourMsat - theirMsat;
  if (channel.state === 'closed') return [];
  if (channel.state === 'opening') return [{ msat: ourMsat, fill: 'onchain-later' }, { msat: theirMsat, fill: 'reserve-remote' }]; // prettier-ignore
  if (channel.state !== 'normal') return [{ msat: ourMsat, fill: 'onchain' }, { msat: capacitySat * 1000n - ourMsat, fill: 'reserve-remote' }]; // prettier-ignore
  return [
    { msat: ourMsat - channel.sendableMsat, fill: 'reserve' },
    { msat: channel.sendableMsat, fill: 'local' },
    { msat: inFlight, fill: 'inflight' },
    { msat: channel.receivableMsat, fill: 'remote' },
    { msat: theirMsat - channel.receivableMsat, fill: 'reserve-remote' },
  ];
}
