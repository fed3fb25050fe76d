/**
 * The playground's part of the contract, answered by the window's shell: a network of its own on this computer with a few nodes, on
 * which everything can be tried, a cheat too. Amounts are digits on the wire and bigint in code, as everywhere.
 */
import { z } from 'zod';
import { amount, count, empty, hex, method, text } from './atoms.ts';

/** Everybody but the person: the names of the stories that the tours tell. */
export const PLAY_NODES = ['bob', 'carol', 'dave', 'cafe'] as const;
export const PLAY_TOURS = ['cheat', 'tab', 'timeout', 'loss'] as const;
/** Why a step of a tour could not be done. */
export const PLAY_FAULTS = ['channel_gone', 'node_off', 'nothing_paid', 'not_paid', 'no_better_state', 'took_too_long', 'other'] as const;
export const PLAY_STEPS = ['chain', 'nodes', 'coins', 'channels'] as const;
const playNode = z.enum(PLAY_NODES);
const playPerson = z.enum(['you', ...PLAY_NODES]);
const playTour = z.enum(PLAY_TOURS);

const node = z.strictObject({
  id: playNode, nodeId: hex(33), address: text(200), isOnline: z.boolean(),
  /** It answers no payment that it is sent. */
  isSilent: z.boolean(),
  onChainSat: amount,
}); // prettier-ignore

const channel = z.strictObject({
  node: playNode, channelId: hex(32), state: z.enum(['opening', 'open', 'closing', 'failing', 'punished']), isLive: z.boolean(),
  /** From the person's side. Once a commitment is in a block: what of it is still on its way to each, and no longer here when all of it was taken. */
  capacitySat: amount, ourMsat: amount, theirMsat: amount,
  htlcs: z.array(z.strictObject({ from: playPerson, amountMsat: amount, cltvExpiryHeight: count })).max(483),
  /** Commitments so far; all but the last are revoked. */
  states: count,
  /** What the node would have by its best revoked state, where that is more than now. */
  cheatMsat: amount.optional(),
}); // prettier-ignore

const transaction = z.strictObject({ txid: hex(32), kind: z.enum(['coins', 'funding', 'close', 'commitment', 'cheat', 'penalty', 'claim', 'other']), node: playNode.optional() });

const logEntry = z.strictObject({
  id: count, timeMs: z.int(), height: count,
  code: z.enum([
    'ready', 'blocks', 'paid', 'received', 'failed', 'funding', 'opened', 'close', 'commitment', 'cheat', 'penalty', 'claim', 'offline', 'online', 'silent', 'locked',
    'restored', 'lost', 'tab', 'tabLimit', 'tabStopped',
  ]),
  node: playNode.optional(), amountSat: amount.optional(), blocks: count.optional(),
}); // prettier-ignore

const tour = z.strictObject({
  id: playTour,
  /** From 0; equal to `steps` when it is over. */
  step: count, steps: count, isBusy: z.boolean(),
  /** Figures of what really happened: amounts in sat where the name says so, else counts and heights. */
  facts: z.record(text(40), amount),
  /** Why the step was not done; it can be tried again. */
  fault: z.strictObject({ code: z.enum(PLAY_FAULTS), message: text(500) }).optional(),
}); // prettier-ignore

const tab = z.strictObject({
  node: playNode, priceSat: amount, limitSat: amount, paidSat: amount, payments: count, isRunning: z.boolean(), end: z.enum(['limit', 'stopped', 'failed']).optional(), fault: text(500).optional(),
});

const state = z.strictObject({
  height: count, youSat: amount,
  /** What the next block would hold. */
  waiting: z.array(transaction).max(500),
  /** Newest first. */
  blocks: z.array(z.strictObject({ height: count, transactions: z.array(transaction).max(500) })).max(12),
  nodes: z.array(node).max(8), channels: z.array(channel).max(100),
  /** Newest first. */
  log: z.array(logEntry).max(80),
  tour: tour.optional(), tab: tab.optional(),
}); // prettier-ignore

const someSat = amount.refine((sat) => sat > 0n && sat <= 16_777_215n, 'at least 1 sat and no more than a channel holds');

export const playgroundMethods = {
  'playground.start': method('Starts the network and a wallet on it, in a process of its own, and shows that wallet instead of the own one.', empty, state),
  'playground.stop': method('Ends the network and throws its wallet away.', empty, empty),
  'playground.reset': method('Throws all of it away and starts anew.', empty, state),
  'playground.state': method('Chain, nodes, channels and what happened.', empty, state),
  'playground.mine': method('Makes blocks that hold everything that waits.', z.strictObject({ blocks: z.int().min(1).max(1000) }), state),
  'playground.pay': method('One pays the other. Only who has a channel with the payee can: nobody forwards in this version.', z.strictObject({ from: playPerson, to: playPerson, amountSat: someSat }), state),
  'playground.invoice': method('An invoice of a node, to be paid by hand.', z.strictObject({ node: playNode, amountSat: someSat }), z.strictObject({ invoice: text(8000) })),
  'playground.open': method('Another channel to a node, with half for each.', z.strictObject({ node: playNode }), state),
  'playground.cheat': method('A node publishes the revoked state that is best for it.', z.strictObject({ node: playNode }), state),
  'playground.setOnline': method('Switches a node off or on.', z.strictObject({ node: playNode, isOnline: z.boolean() }), state),
  'playground.tab': method('Pays the cafe every second until the limit is reached; never more.', z.strictObject({ priceSat: someSat, limitSat: someSat, everyMs: z.int().min(50).max(10_000).default(1000) }), state),
  'playground.tabStop': method('Stops paying every second.', empty, state),
  'playground.tour': method('Begins a tour.', z.strictObject({ tour: playTour }), state),
  'playground.tourNext': method('Does what the present step of the tour is about.', empty, state),
  'playground.tourEnd': method('Leaves the tour; the network stays as it is.', empty, state),
} as const;

export const playgroundEvents = {
  'playground.updated': state,
  /** While it starts. */
  'playground.progress': z.strictObject({ step: z.enum(PLAY_STEPS) }),
} as const;

export type PlayNode = (typeof PLAY_NODES)[number];
export type PlayPerson = z.output<typeof playPerson>;
export type PlayTour = (typeof PLAY_TOURS)[number];
/** As it travels. */
export type PlayWire = z.input<typeof state>;
export type PlayState = z.output<typeof state>;
export type PlayTransaction = z.output<typeof transaction>;
export type PlayChannel = z.output<typeof channel>;
export type PlayFault = (typeof PLAY_FAULTS)[number];
export type PlayStep = (typeof PLAY_STEPS)[number];
export type PlaygroundMethod = keyof typeof playgroundMethods;
export type PlaygroundParams<M extends PlaygroundMethod> = z.output<(typeof playgroundMethods)[M]['params']>;
