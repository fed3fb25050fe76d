import type { Answer } from '../../core/api.ts';

/** A part of a bar: whose it is, and whether it can be used now (solid) or not yet (hatched). */
export interface Part {
  readonly msat: bigint;
  readonly fill: 'local' | 'remote' | 'inflight' | 'onchain' | 'reserve' | 'reserve-remote' | 'onchain-later';
}

type Channel = Answer<'channel.get'>;
type Output = Answer<'channel.closing'>['outputs'][number];

/** Newer than what this copy of the data knows: the split that we remember is not the one that was published. */
const BEYOND_US: ReadonlySet<string> = new Set(['future', 'lost_local']);

/** Whether what this copy of the data knows of a channel is not the newest: no figure of it is a fact. */
export const isBeyondUs = ({ isRestored, spendClass, state }: Pick<Channel, 'isRestored' | 'spendClass' | 'state'>): boolean => isRestored === true || state === 'fallen_behind' || BEYOND_US.has(spendClass ?? '');

/** Whether an output of a commitment on chain is ours for sure, and no HTLC that may still go to the peer. */
export const isOurs = ({ kind }: Pick<Output, 'kind'>): boolean => kind === 'balance' || kind === 'penalty';

type Balances = Pick<Answer<'channel.get'>, 'ourMsat' | 'theirMsat' | 'offeredMsat' | 'receivedMsat'>;

/** What is ours in a channel and in no payment that is under way. */
export const restingMsat = ({ ourMsat, offeredMsat }: Pick<Balances, 'ourMsat' | 'offeredMsat'>): bigint => ourMsat - offeredMsat;
export const theirRestingMsat = ({ theirMsat, receivedMsat }: Pick<Balances, 'theirMsat' | 'receivedMsat'>): bigint => theirMsat - receivedMsat;
