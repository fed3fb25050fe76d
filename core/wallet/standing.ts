import type { TxFacts } from './view.ts';

/** A transaction that some history lists or that we made ourselves. */
export interface KnownTx {
  readonly facts: TxFacts;
  /** Undefined while unconfirmed. */
  readonly height: number | undefined;
  readonly txIndex: number | undefined;
  /** Place among our own pending transactions, the newest having the highest; undefined for all others. */
  readonly ownOrder: number | undefined;
  /** Outputs of ours that it cannot be without, while nobody but us knows of it; empty once a history lists it. */
  readonly needs: readonly string[];
}

const parentTxid = (inputKey: string): string => inputKey.slice(0, 64);

const byChainOrder = (a: KnownTx, b: KnownTx): number =>
  a.height! - b.height! || (a.txIndex ?? 0) - (b.txIndex ?? 0) || byTxid(a, b);
const byTxid = (a: KnownTx, b: KnownTx): number =>
  a.facts.txid < b.facts.txid ? -1 : a.facts.txid > b.facts.txid ? 1 : 0;
/** The newest of our own first: it is the one that replaces. */
const byPreference = (a: KnownTx, b: KnownTx): number => (b.ownOrder ?? -1) - (a.ownOrder ?? -1) || byTxid(a, b);

/**
 * The transactions that can all be true together, parents before children. Histories of different scripts arrive at
 * different moments, and what we just replaced is still listed somewhere: of two that spend the same output the confirmed
 * one stands, then our own newest; descendants of one that falls, fall with it. `credits`: `txid:vout` of all that pays us.
 */
export function standingTransactions(
  known: ReadonlyMap<string, KnownTx>,
  credits: ReadonlySet<string>,
): readonly KnownTx[] {
  const all = [...known.values()];
  const unconfirmed = all.filter((tx) => tx.height === undefined);
  const order = [
    ...all.filter((tx) => tx.height !== undefined).toSorted(byChainOrder),
    ...parentsFirst(unconfirmed.toSorted(byPreference), known),
  ];
  const spent = new Set<string>();
  const standing = new Set<string>();
  return order.filter(({ facts, height, needs }) => {
    const hasFallenParent = (key: string): boolean => known.has(parentTxid(key)) && !standing.has(parentTxid(key));
    const orphaned =
      (height === undefined && facts.inputKeys.some(hasFallenParent)) ||
      needs.some((key) => !credits.has(key) || !standing.has(parentTxid(key)));
    const conflicts = facts.inputKeys.some((key) => spent.has(key));
    // Coinbase inputs all look alike.
    if (!facts.isCoinbase && (orphaned || conflicts)) return false;
    standing.add(facts.txid);
    for (const key of facts.inputKeys) if (!facts.isCoinbase) spent.add(key);
    return true;
  });
}

/** Depth first, without recursion: a source may list chains of any length. */
function parentsFirst(preferred: readonly KnownTx[], known: ReadonlyMap<string, KnownTx>): readonly KnownTx[] {
  const entered = new Set<string>();
  const ordered = new Set<KnownTx>();
  const stack: KnownTx[] = [];
  const unenteredParents = ({ facts }: KnownTx): readonly KnownTx[] =>
    facts.inputKeys.flatMap((key) => {
      const parent = known.get(parentTxid(key));
      return parent && parent.height === undefined && !entered.has(parent.facts.txid) ? [parent] : [];
    });
  for (const root of preferred) {
    stack.push(root);
    for (let tx = stack.at(-1); tx; tx = stack.at(-1)) {
      if (entered.has(tx.facts.txid)) ordered.add(stack.pop()!);
      else {
        entered.add(tx.facts.txid);
        stack.push(...unenteredParents(tx));
      }
    }
  }
  return [...ordered];
}
