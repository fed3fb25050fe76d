import type { PublishResult } from '../chain/port.ts';

type Refusal = Extract<PublishResult, { ok: false }>;

/** Bitcoin Core's wording, as nodes and the servers before them pass it on. The first row that fits counts. */
const ALREADY_THERE = /already[- ]in[- ](mempool|block ?chain|utxo)|txn-already-known|txn-same-nonwitness-data|already known/i;
const ROWS: readonly (readonly [RegExp, Refusal['code'], string])[] = [
  [/missing-?inputs|missing inputs|inputs-missingorspent/i, 'missing_inputs', 'It spends a coin that is unknown or already spent.'],
  [/min(imum)? relay fee|mempool min fee|min fee not met|insufficient fee|fee too low|mempool full|insufficient priority/i, 'fee_too_low', 'Its fee is too low to be relayed now.'],
  [/mempool-conflict|inputs-spent|replacement|too many potential|rejecting replacement|bip125/i, 'conflict', 'It conflicts with another transaction that is waiting.'],
]; // prettier-ignore

/** The words of Core's reject reasons that may be repeated: a closed alphabet of its own, no sentence of a server. */
const KNOWN_REASON = /\b(bad-txns-[a-z-]{3,40}|non-final|non-BIP68-final|scriptsig-[a-z-]{3,30}|scriptpubkey|dust|tx-size(-small)?|bare-multisig|multi-op-return|version|max-fee-exceeded|too-long-mempool-chain|non-mandatory-script-verify-flag|mandatory-script-verify-flag-failed|mempool-script-verify-flag-failed|bad-witness-nonstandard|TRUC-violation|package-[a-z-]{3,40}|missing-ephemeral-spends)\b/;

/** What a server said about a broadcast, in our own words: its text is never passed on. */
export function publishResultOf(text: string): PublishResult {
  const said = text.slice(0, 2_000);
  if (ALREADY_THERE.test(said)) return { ok: true };
  for (const [pattern, code, reason] of ROWS) if (pattern.test(said)) return { ok: false, code, reason };
  const token = KNOWN_REASON.exec(said)?.[0];
  return { ok: false, code: 'rejected', reason: token ? `The network's rules refuse it (${token}).` : "The network's rules refuse it." };
}

export const unreachableResult = (reason: string): PublishResult => ({ ok: false, code: 'unreachable', reason });

const ORDER: readonly Refusal['code'][] = ['unreachable', 'missing_inputs', 'rejected', 'conflict', 'fee_too_low'];

/** Of several servers' answers: accepted by one is accepted; else the refusal that says most about the transaction. */
export function bestResult(results: readonly PublishResult[]): PublishResult {
  let best: PublishResult = unreachableResult('No chain source could be reached.');
  for (const result of results) {
    if (result.ok) return result;
    if (!best.ok && ORDER.indexOf(result.code) > ORDER.indexOf(best.code)) best = result;
  }
  return best;
}
