import type { Answer } from '../../core/api.ts';

/** A part of a bar: whose it is, and whether it can be used now (solid) or not yet (hatched). */
export interface Part {
  readonly msat: bigint;
  readonly fill: 'local' | 'remote' | 'inflight' | 'onchain' | 'reserve' | 'reserve-remote' | 'onchain-later';
}

type Balances = Pick<Answer<'channel.get'>, 'ourMsat' | 'theirMsat' | 'offeredMsat' | 'receivedMsat'>;

/** What is ours in a channel and in no payment that is under way. */
export const restingMsat = ({ ourMsat, offeredMsat }: Pick<Balances, 'ourMsat' | 'offeredMsat'>): bigint => ourMsat - offeredMsat;
export const theirRestingMsat = ({ theirMsat, receivedMsat }: Pick<Balances, 'theirMsat' | 'receivedMsat'>): bigint => theirMsat - receivedMsat;
