import { utf8 } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import type { Ledger } from '../wallet/ledger.ts';
import type { NodeSystem } from './ports.ts';
import { ACCOUNT } from './records.ts';
import type { Turn } from './turns.ts';

export interface BooksContext {
  readonly system: NodeSystem;
  /** Whether a transaction funds a channel of ours: its capacity moved when the channel was opened. */
  readonly isFunding: (txid: string) => boolean;
  /** What an output of a channel is booked against when it comes to the wallet: of a funding output, or one of a closing transaction. */
  readonly accountOfOutput: (key: string) => string | undefined;
}

/**
 * Keeps the account `wallet` equal to our coins on chain, unconfirmed ones included: each transaction is booked once with
 * what it changed, and booked back when a reorg or a replacement took it away. `booked` is that amount by txid, stored
 * beside the entries.
 */
export function bookTransactions(turn: Turn, ledger: Ledger, booked: ReadonlyMap<string, bigint>, ctx: BooksContext): ReadonlyMap<string, bigint> {
  const net = netChanges(ledger, ctx);
  const next = new Map(booked);
  for (const [txid, changes] of net) {
    const total = changes.reduce((sum, change) => sum + change.deltaSat, 0n);
    const before = booked.get(txid) ?? 0n;
    if (before === total && booked.has(txid)) continue;
    if (booked.has(txid)) post(turn, ctx, txid, { reason: 'corrected', account: ACCOUNT.outside, deltaSat: total - before });
    else for (const change of changes) post(turn, ctx, txid, change);
    next.set(txid, total);
    turn.write('wallet', `booked/${txid}`, utf8(total.toString()));
  }
  for (const [txid, amount] of booked) {
    if (net.has(txid)) continue;
    post(turn, ctx, txid, { reason: 'undone', account: ACCOUNT.outside, deltaSat: -amount });
    next.delete(txid);
    turn.write('wallet', `booked/${txid}`, undefined);
  }
  return next;
}

interface Change {
  readonly account: string;
  readonly reason: string;
  readonly deltaSat: bigint;
}

/** What each standing transaction changed in the wallet, by where it came from or went. */
function netChanges(ledger: Ledger, ctx: BooksContext): Map<string, readonly Change[]> {
  const spentBy = new Map<string, bigint>();
  const ownInputs = new Map<string, number>();
  for (const [key, spender] of ledger.spenders) {
    const coin = must(ledger.coins.get(key), 'the spent coin');
    spentBy.set(spender, (spentBy.get(spender) ?? 0n) + coin.amountSat);
    ownInputs.set(spender, (ownInputs.get(spender) ?? 0) + 1);
  }
  const changes = new Map<string, readonly Change[]>();
  for (const { facts } of ledger.transactions) {
    const spent = spentBy.get(facts.txid) ?? 0n;
    const received = facts.outputs.reduce((sum, output, vout) => (ledger.coins.has(`${facts.txid}:${vout}`) ? sum + output.amountSat : sum), 0n);
    const closing = facts.inputKeys.map(ctx.accountOfOutput).find((account) => account !== undefined);
    if (closing !== undefined) {
      // A close or a claim; where it cost more than it brought, our coins paid its fee.
      const deltaSat = received - spent;
      const change = deltaSat < 0n ? { account: ACCOUNT.onchainFees, reason: 'fee', deltaSat } : { account: closing, reason: 'close', deltaSat };
      if (deltaSat !== 0n) changes.set(facts.txid, [change]);
      continue;
    }
    if (spent === 0n) {
      if (received > 0n) changes.set(facts.txid, [{ account: ACCOUNT.outside, reason: 'receive', deltaSat: received }]);
      continue;
    }
    const allOurs = ownInputs.get(facts.txid) === facts.inputKeys.length;
    const fee = allOurs ? spent - facts.outputSumSat : 0n;
    const sent = spent - received - fee;
    // The capacity left the wallet's account with the channel's own entry.
    const out: Change[] = [{ account: ACCOUNT.onchainFees, reason: 'fee', deltaSat: -fee }];
    if (!ctx.isFunding(facts.txid)) out.push({ account: ACCOUNT.outside, reason: 'send', deltaSat: -sent });
    changes.set(facts.txid, out.filter(({ deltaSat }) => deltaSat !== 0n));
  }
  return changes;
}

function post(turn: Turn, ctx: BooksContext, reference: string, { account, reason, deltaSat }: Change): void {
  const gained = deltaSat > 0n;
  const amountMsat = (gained ? deltaSat : -deltaSat) * 1000n;
  turn.ledger({
    timeMs: ctx.system.nowMs(), debit: gained ? ACCOUNT.wallet : account, credit: gained ? account : ACCOUNT.wallet, amountMsat, reason, reference,
  }); // prettier-ignore
}
