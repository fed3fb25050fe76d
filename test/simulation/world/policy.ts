import { type Tx, type TxOutput, encodeTx, outPointKey, txWeight, txid } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { parseTx } from '../../../core/playground/raw-tx.ts';
import { dustOutputs, whyNotStandard, whyNotStandardInputs } from '../../../core/playground/standard.ts';
import { scriptVerdict } from './interpreter.ts';

/** A transaction that some mempool may hold. */
export interface Entry {
  readonly txid: string;
  readonly tx: Tx;
  readonly feeSat: bigint;
  readonly vsize: number;
}

/** What the rules ask about the chain and its mempool. */
export interface PolicyView {
  readonly nextHeight: () => number;
  readonly minSatPerVb: () => number;
  readonly output: (key: string) => (TxOutput & { readonly height: number | undefined }) | undefined;
  /** In a block. */
  readonly isSpentForGood: (key: string) => boolean;
  readonly waiting: (txid: string) => Entry | undefined;
  readonly waitingSpender: (key: string) => Entry | undefined;
  readonly childrenOf: (txid: string) => readonly Entry[];
}

export type Refusal =
  | { readonly code: 'missing_inputs' | 'fee_too_low' | 'conflict' | 'not_final'; readonly reason: string }
  /** No waiting mends it: the transaction itself is bad. */
  | { readonly code: 'invalid'; readonly reason: string };

export type Judged = { readonly ok: true; readonly entry: Entry; readonly replaces: readonly Entry[] } | { readonly ok: false; readonly refusal: Refusal };

const INCREMENTAL_SAT_PER_VB = 1n;
const MAX_REPLACED = 100;
const MAX_CHAIN = 25;

const no = (code: Refusal['code'], reason: string): Judged => ({ ok: false, refusal: { code, reason } });

export function withDescendants(view: PolicyView, entries: readonly Entry[]): readonly Entry[] {
  const found = new Map<string, Entry>();
  const queue = [...entries];
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    if (found.has(entry.txid)) continue;
    found.set(entry.txid, entry);
    queue.push(...view.childrenOf(entry.txid));
  }
  return [...found.values()];
}

export function ancestorsOf(view: PolicyView, tx: Tx): readonly Entry[] {
  const found = new Map<string, Entry>();
  const queue = tx.inputs.flatMap((input) => view.waiting(input.txid) ?? []);
  for (let entry = queue.shift(); entry; entry = queue.shift()) {
    if (found.has(entry.txid)) continue;
    found.set(entry.txid, entry);
    queue.push(...entry.tx.inputs.flatMap((input) => view.waiting(input.txid) ?? []));
  }
  return [...found.values()];
}

/** BIP 68 and lock times by height; a commitment's lock time is a date long gone. */
export function notFinal(tx: Tx, nextHeight: number, heightOf: (key: string) => number | undefined): string | undefined {
  if (tx.locktime < 500_000_000 && tx.locktime >= nextHeight && tx.inputs.some(({ sequence }) => sequence !== 0xffff_ffff)) return 'non-final';
  const young = tx.inputs.some((input) => {
    if ((input.sequence & 0x8040_0000) !== 0) return false;
    return (heightOf(outPointKey(input)) ?? nextHeight) + (input.sequence & 0xffff) > nextHeight;
  });
  return young ? 'non-BIP68-final' : undefined;
}

const verdicts = new WeakMap<Tx, string>();
/** Scripts of one transaction are run once: what they say depends on nothing but it and what it spends. */
export function scriptsOf(tx: Tx, spent: readonly TxOutput[]): string {
  const known = verdicts.get(tx) ?? scriptVerdict(tx, spent);
  verdicts.set(tx, known);
  return known;
}

/** `payer`: the package that pays for it; then its own fee does not matter. */
export function judge(tx: Tx, view: PolicyView, payer?: { readonly feeSat: bigint; readonly vsize: number }): Judged {
  const id = txid(tx);
  const parsed = parseTx(toHex(encodeTx(tx)));
  const unfit = whyNotStandard(parsed);
  if (unfit) return no('invalid', unfit);
  const spent: TxOutput[] = [];
  for (const input of tx.inputs) {
    const key = outPointKey(input);
    if (view.isSpentForGood(key)) return no('missing_inputs', 'bad-txns-inputs-missingorspent');
    const output = view.output(key);
    if (!output) return no('missing_inputs', 'bad-txns-inputs-missingorspent');
    spent.push(output);
  }
  const feeSat = spent.reduce((sum, { amountSat }) => sum + amountSat, 0n) - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
  if (feeSat < 0n) return no('invalid', 'bad-txns-in-belowout');
  if (dustOutputs(parsed).length > 0) return no('invalid', 'dust');
  const unfitInputs = whyNotStandardInputs(parsed, spent.map(({ amountSat, script }) => ({ valueSat: amountSat, scriptHex: toHex(script) })));
  if (unfitInputs) return no('invalid', unfitInputs);
  const early = notFinal(tx, view.nextHeight(), (key) => view.output(key)?.height);
  if (early) return no('not_final', early);
  const entry: Entry = { txid: id, tx, feeSat, vsize: Math.ceil(txWeight(tx) / 4) };
  if (!payer && Number(feeSat) < view.minSatPerVb() * entry.vsize) return no('fee_too_low', 'min relay fee not met');

  const direct = [...new Set(tx.inputs.flatMap((input) => view.waitingSpender(outPointKey(input)) ?? []))];
  const ancestors = ancestorsOf(view, tx);
  const rivals = withDescendants(view, direct);
  const unpaid = whyNoReplacement(entry, { direct, rivals, ancestors, payer: payer ?? entry }, view);
  if (unpaid) return no(unpaid.startsWith('insufficient') ? 'fee_too_low' : 'conflict', unpaid);
  if (tooLong(view, entry, ancestors)) return no('conflict', 'too-long-mempool-chain');
  const verdict = scriptsOf(tx, spent);
  if (verdict !== 'valid') return no('invalid', `script: ${verdict}`);
  return { ok: true, entry, replaces: rivals };
}

interface Replacement {
  readonly direct: readonly Entry[];
  readonly rivals: readonly Entry[];
  readonly ancestors: readonly Entry[];
  readonly payer: { readonly feeSat: bigint; readonly vsize: number };
}

/** Full RBF: BIP 125 rules 2 to 5, and the fee rate must rise. */
function whyNoReplacement({ tx, vsize }: Entry, { direct, rivals, ancestors, payer }: Replacement, view: PolicyView): string | undefined {
  if (rivals.length === 0) return undefined;
  if (ancestors.some((entry) => rivals.includes(entry))) return 'bad-txns-spends-conflicting-tx';
  if (rivals.length > MAX_REPLACED) return 'too many potential replacements';
  const known = new Set(rivals.flatMap((entry) => entry.tx.inputs.map((input) => input.txid)));
  if (tx.inputs.some((input) => view.waiting(input.txid) && !known.has(input.txid))) return 'replacement-adds-unconfirmed';
  for (const rival of direct) {
    if (payer.feeSat * BigInt(rival.vsize) <= rival.feeSat * BigInt(payer.vsize)) return 'insufficient fee, rejecting replacement; new feerate is not higher';
  }
  const rivalFeeSat = rivals.reduce((sum, { feeSat }) => sum + feeSat, 0n);
  if (payer.feeSat < rivalFeeSat + INCREMENTAL_SAT_PER_VB * BigInt(Math.max(vsize, payer.vsize))) return 'insufficient fee, rejecting replacement; not enough additional fees to relay';
  return undefined;
}

/** Limits on ancestors and descendants, with the extra place for the second party's anchor. */
function tooLong(view: PolicyView, { vsize }: Entry, ancestors: readonly Entry[]): boolean {
  if (ancestors.length + 1 > MAX_CHAIN) return true;
  const limit = ancestors.length === 1 && vsize <= 10_000 ? MAX_CHAIN + 1 : MAX_CHAIN;
  return ancestors.some((entry) => withDescendants(view, [entry]).length + 1 > limit);
}
