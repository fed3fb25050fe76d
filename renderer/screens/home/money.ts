import type { Answer } from '../../../core/api.ts';
import { isBeyondUs, type Part, restingMsat } from '../../format/parts.ts';
import type { MessageKey } from '../../i18n/en.ts';
import type { Waiting } from './waiting.ts';

type Channel = Answer<'channel.list'>[number];

export interface MoneyLine {
  readonly group: 'ready' | 'later' | 'held';
  readonly key: Extract<MessageKey, `money.${string}`>;
  readonly when: Extract<MessageKey, `moneyWhen.${string}`>;
  readonly msat: bigint;
  readonly fill: Part['fill'];
  /** Of how many channels. */
  readonly channels?: number;
  /** From this block on. */
  readonly height?: number | undefined;
}
export interface Money {
  readonly sendableMsat: bigint;
  readonly receivableMsat: bigint;
  readonly onChainMsat: bigint;
  readonly totalMsat: bigint;
  /** Channels whose share of ours shows only when their peer has closed; no sum holds it. */
  readonly unknown: number;
  readonly lines: readonly MoneyLine[];
}

const sum = (channels: readonly Channel[], of: (channel: Channel) => bigint): bigint => channels.reduce((total, channel) => total + of(channel), 0n);
const CLOSING: readonly string[] = ['shutting_down', 'negotiating', 'failing', 'closing'];

/** Every satoshi in one line of one table: what can be spent, what comes later, what is held back. All from the engine's figures. */
export function moneyOf(balance: Answer<'wallet.balance'>, channels: readonly Channel[], waiting: Waiting): Money {
  const live = channels.filter(({ state, live }) => state === 'normal' && live);
  const offline = channels.filter(({ state, live }) => state === 'normal' && !live);
  const opening = channels.filter(({ state }) => state === 'opening');
  // Once the closing transaction is known, the wallet counts what pays it at once; what has to be taken first comes as `waiting`.
  const closing = channels.filter(({ state, closingTxid }) => CLOSING.includes(state) && closingTxid === undefined);
  // What an old copy or a backup file knows of a channel is not what it holds now.
  const unknown = channels.filter((channel) => channel.state !== 'closed' && channel.closingTxid === undefined && isBeyondUs(channel)).length + waiting.unknown;
  const sendableMsat = sum(live, (channel) => channel.sendableMsat);
  const onChainMsat = balance.spendableSat * 1000n;
  const lines: MoneyLine[] = [
    { group: 'ready', key: 'money.lightning', when: 'moneyWhen.now', msat: sendableMsat, fill: 'local', channels: live.length },
    { group: 'ready', key: 'money.onChain', when: 'moneyWhen.block', msat: onChainMsat, fill: 'onchain' },
    { group: 'later', key: 'money.inFlight', when: 'moneyWhen.arrived', msat: sum([...live, ...offline, ...closing], ({ offeredMsat }) => offeredMsat) + waiting.inFlightSat * 1000n, fill: 'inflight' },
    { group: 'later', key: 'money.offline', when: 'moneyWhen.peer', msat: sum(offline, restingMsat), fill: 'reserve' },
    { group: 'later', key: 'money.opening', when: 'moneyWhen.confirmed', msat: sum(opening, restingMsat), fill: 'onchain-later' },
    { group: 'later', key: 'money.closing', when: 'moneyWhen.closed', msat: sum(closing, restingMsat) + waiting.sat * 1000n, fill: 'onchain-later', height: closing.length === 0 ? waiting.height : undefined },
    { group: 'later', key: 'money.unconfirmed', when: 'moneyWhen.confirmed', msat: balance.unconfirmedSat * 1000n, fill: 'onchain-later' },
    { group: 'later', key: 'money.immature', when: 'moneyWhen.matured', msat: balance.immatureSat * 1000n, fill: 'onchain-later' },
    { group: 'held', key: 'money.reserve', when: 'moneyWhen.close', msat: sum(live, (channel) => restingMsat(channel) - channel.sendableMsat), fill: 'reserve' },
    { group: 'held', key: 'money.emergency', when: 'moneyWhen.emergency', msat: balance.reservedSat * 1000n, fill: 'onchain-later' },
    { group: 'held', key: 'money.frozen', when: 'moneyWhen.frozen', msat: balance.frozenSat * 1000n, fill: 'onchain-later' },
  ];
  const shown = lines.filter(({ group, msat }) => group === 'ready' || msat > 0n);
  return { sendableMsat, onChainMsat, receivableMsat: sum(live, (channel) => channel.receivableMsat), totalMsat: shown.reduce((total, { msat }) => total + msat, 0n), unknown, lines: shown };
}
