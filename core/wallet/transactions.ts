import { type Sat, sat } from '../lib/units.ts';
import type { TxOutput } from '../bitcoin/transaction.ts';
import type { KnownTx } from './standing.ts';
import type { Ledger } from './ledger.ts';
import { type WalletState, labelKey } from './state.ts';

/** One line of the wallet's history. */
export interface WalletTransaction {
  readonly txid: string;
  /** What it changed for us: negative when we paid. */
  readonly netSat: bigint;
  /** Known when all inputs are ours. */
  readonly feeSat: Sat | undefined;
  readonly vsize: number;
  /** Undefined while unconfirmed. */
  readonly height: number | undefined;
  readonly txIndex: number | undefined;
  /** Time of its block, or when we first saw it. */
  readonly timeSeconds: number | undefined;
  readonly label: string | undefined;
  /** Made here and not yet buried. */
  readonly isOwnPending: boolean;
  readonly isCoinbase: boolean;
  readonly outputs: readonly TxOutput[];
  /** `txid:vout` of what it spends and never was ours. */
  readonly foreignInputKeys: readonly string[];
  /** Of its outputs those that pay somebody else. */
  readonly foreignOutputs: readonly TxOutput[];
}

/** Newest first; unconfirmed ones before all others. `blockTimeSeconds` gives a header's time. */
export function walletTransactions(
  ledger: Ledger,
  state: WalletState,
  blockTimeSeconds: (height: number) => number | undefined,
): readonly WalletTransaction[] {
  const receivedSat = new Map<string, bigint>();
  for (const { txid, amountSat } of ledger.coins.values())
    receivedSat.set(txid, (receivedSat.get(txid) ?? 0n) + amountSat);
  const lines = ledger.transactions.map((known) =>
    lineOf(known, ledger, state, receivedSat.get(known.facts.txid) ?? 0n),
  );
  return lines
    .map((line) => ({ ...line, timeSeconds: timeOf(line, state, blockTimeSeconds) }))
    .toReversed()
    .toSorted((a, b) => (b.height ?? Infinity) - (a.height ?? Infinity) || 0);
}

function lineOf(
  known: KnownTx,
  ledger: Ledger,
  state: WalletState,
  receivedSat: bigint,
): Omit<WalletTransaction, 'timeSeconds'> {
  const { facts, height, txIndex, ownOrder } = known;
  let spentSat = 0n;
  const foreignInputKeys: string[] = [];
  for (const key of facts.inputKeys) {
    const coin = ledger.coins.get(key);
    if (coin) spentSat += coin.amountSat;
    else foreignInputKeys.push(key);
  }
  return {
    txid: facts.txid, height, txIndex, vsize: facts.vsize, outputs: facts.outputs, isCoinbase: facts.isCoinbase,
    netSat: receivedSat - spentSat, foreignInputKeys,
    foreignOutputs: facts.outputs.filter((_, vout) => !ledger.coins.has(`${facts.txid}:${vout}`)),
    feeSat: foreignInputKeys.length === 0 && spentSat >= facts.outputSumSat ? sat(spentSat - facts.outputSumSat) : undefined,
    label: state.labels.get(labelKey('tx', facts.txid)),
    isOwnPending: ownOrder !== undefined,
  }; // prettier-ignore
}

const timeOf = (
  { txid, height }: Omit<WalletTransaction, 'timeSeconds'>,
  state: WalletState,
  blockTimeSeconds: (height: number) => number | undefined,
): number | undefined =>
  (height === undefined ? undefined : blockTimeSeconds(height)) ?? state.firstSeenSeconds.get(txid);
