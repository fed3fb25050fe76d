import { expect } from 'vitest';
import type { ChannelAction } from '../../core/channel/commands.ts';
import type { ChannelFaultCode } from '../../core/channel/errors.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import type { Message } from '../../core/wire/messages.ts';
import { type ChannelPair, type SideName, publishedLabels, sentOf } from './channel-pair.ts';

const words = (code: ChannelFaultCode): string => code.replaceAll('_', ' ');
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** The channel ended by our commitment, and the peer was told why. */
export function expectFailed(channel: FundedChannel, actions: readonly ChannelAction[], code: ChannelFaultCode): void {
  expect(textOf(sentOf(actions, 'error')[0]?.data)).toContain(words(code));
  expect(channel.phase).toBe('failing');
  expect(channel.closeReason).toBe('protocol_violation');
  expect(publishedLabels(actions)).toContain('commitment');
}

/** A warning and the end of the connection, and nothing else: the state is what it was. */
export function expectWarned(before: FundedChannel, after: FundedChannel, actions: readonly ChannelAction[], code: ChannelFaultCode): void {
  expect(textOf(sentOf(actions, 'warning')[0]?.data)).toContain(words(code));
  expect(actions.map(({ kind }) => kind)).toEqual(['send', 'disconnect']);
  expect(after).toEqual(before);
}

/** `message` comes to `side` and ends the channel. */
export function expectFails(pair: ChannelPair, side: SideName, message: Message, code: ChannelFaultCode): void {
  const actions = pair.receive(side, message);
  expectFailed(pair[side], actions, code);
}

/** `message` comes to `side` and ends the connection. */
export function expectWarns(pair: ChannelPair, side: SideName, message: Message, code: ChannelFaultCode): void {
  const before = pair[side];
  const actions = pair.receive(side, message);
  expectWarned(before, pair[side], actions, code);
}

/** `message` comes to `side` and changes nothing. */
export function expectIgnored(pair: ChannelPair, side: SideName, message: Message): void {
  const before = pair[side];
  expect(pair.receive(side, message)).toEqual([]);
  expect(pair[side]).toEqual(before);
}
