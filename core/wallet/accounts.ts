import { toHex } from '../lib/bytes.ts';

/** Which account: BIP 84 or BIP 86. */
export type AccountKind = 'p2wpkh' | 'p2tr';
export type Branch = 'receive' | 'change';

/** Where an address stands below its account. */
export interface ScriptPath {
  readonly kind: AccountKind;
  readonly branch: Branch;
  readonly index: number;
}

export const ACCOUNT_KINDS: readonly AccountKind[] = ['p2wpkh', 'p2tr'];
export const BRANCHES: readonly Branch[] = ['receive', 'change'];

/** Unused addresses that are watched past the last used one: what other wallets look at when they restore (BIP 44). */
export const GAP_LIMIT = 20;
/** Bounds what a lying source can make us derive and watch on one branch. */
export const MAX_BRANCH_LENGTH = 100_000;

export interface BranchCounter {
  /** Addresses given out, by count: the next one has this index unless it is used already. */
  readonly handedOutCount: number;
  /** One more than the highest index that has appeared in a transaction; never falls, also after a reorg. */
  readonly usedCount: number;
}
type PerBranch<T> = Readonly<Record<AccountKind, Readonly<Record<Branch, T>>>>;
export type Counters = PerBranch<BranchCounter>;

const perBranch = <T>(make: (kind: AccountKind, branch: Branch) => T): PerBranch<T> => ({
  p2wpkh: { receive: make('p2wpkh', 'receive'), change: make('p2wpkh', 'change') },
  p2tr: { receive: make('p2tr', 'receive'), change: make('p2tr', 'change') },
});

export const initialCounters: Counters = perBranch(() => ({ handedOutCount: 0, usedCount: 0 }));

const withCounter = (
  counters: Counters,
  { kind, branch }: Omit<ScriptPath, 'index'>,
  counter: BranchCounter,
): Counters => ({
  ...counters,
  [kind]: { ...counters[kind], [branch]: counter },
});

/** The next address that nobody was ever given and no transaction has touched. */
export function takeAddress(
  counters: Counters,
  kind: AccountKind,
  branch: Branch,
): {
  readonly counters: Counters;
  readonly path: ScriptPath;
  /** So far past the last used one that another wallet restoring this seed would not look there. */
  readonly beyondGap: boolean;
} {
  const { handedOutCount, usedCount } = counters[kind][branch];
  const index = Math.max(handedOutCount, usedCount);
  if (index >= MAX_BRANCH_LENGTH) throw new RangeError('no addresses left on this branch');
  return {
    counters: withCounter(counters, { kind, branch }, { handedOutCount: index + 1, usedCount }),
    path: { kind, branch, index },
    beyondGap: index >= usedCount + GAP_LIMIT,
  };
}

/** Notes that transactions touch these addresses; the same object when nothing is new. */
export function markUsed(counters: Counters, paths: Iterable<ScriptPath>): Counters {
  let marked = counters;
  for (const path of paths) {
    const counter = marked[path.kind][path.branch];
    if (path.index >= counter.usedCount) marked = withCounter(marked, path, { ...counter, usedCount: path.index + 1 });
  }
  return marked;
}

/** How far the branches of a wallet had come. */
export interface HandedOutCounts {
  readonly p2wpkhReceive: number;
  readonly p2wpkhChange: number;
  readonly p2trReceive: number;
  readonly p2trChange: number;
}
const furthest = ({ handedOutCount, usedCount }: BranchCounter): number => Math.max(handedOutCount, usedCount);

export const handedOutOf = ({ p2wpkh, p2tr }: Counters): HandedOutCounts => ({
  p2wpkhReceive: furthest(p2wpkh.receive), p2wpkhChange: furthest(p2wpkh.change), p2trReceive: furthest(p2tr.receive), p2trChange: furthest(p2tr.change),
}); // prettier-ignore

/** Addresses that another copy of this wallet gave out are given out here too: coins that come to them are seen, however wide the gap. */
export function atLeastHandedOut(counters: Counters, counts: HandedOutCounts): Counters {
  const raised = (counter: BranchCounter, count: number): BranchCounter => ({ ...counter, handedOutCount: Math.max(counter.handedOutCount, Math.min(count, MAX_BRANCH_LENGTH)) });
  const { p2wpkh, p2tr } = counters;
  return {
    p2wpkh: { receive: raised(p2wpkh.receive, counts.p2wpkhReceive), change: raised(p2wpkh.change, counts.p2wpkhChange) },
    p2tr: { receive: raised(p2tr.receive, counts.p2trReceive), change: raised(p2tr.change, counts.p2trChange) },
  };
}

/** Our scripts that are watched, by hex, and how many of each branch. */
export interface AddressBook {
  readonly byScript: ReadonlyMap<string, ScriptPath>;
  readonly lengths: PerBranch<number>;
}
export interface WatchedScript {
  readonly path: ScriptPath;
  readonly script: Uint8Array;
}

export const emptyBook: AddressBook = { byScript: new Map(), lengths: perBranch(() => 0) };

const wantedLength = ({ handedOutCount, usedCount }: BranchCounter): number =>
  Math.min(Math.max(handedOutCount, usedCount) + GAP_LIMIT, MAX_BRANCH_LENGTH);

/** Grows the book to what the counters ask for; `added` are the scripts to watch from now on. */
export function extendBook(
  book: AddressBook,
  counters: Counters,
  scriptOf: (path: ScriptPath) => Uint8Array,
): { readonly book: AddressBook; readonly added: readonly WatchedScript[] } {
  const added: WatchedScript[] = [];
  for (const kind of ACCOUNT_KINDS) {
    for (const branch of BRANCHES) {
      const wanted = wantedLength(counters[kind][branch]);
      for (let index = book.lengths[kind][branch]; index < wanted; index++) {
        const path = { kind, branch, index };
        added.push({ path, script: scriptOf(path) });
      }
    }
  }
  if (added.length === 0) return { book, added };
  const byScript = new Map(book.byScript);
  for (const { path, script } of added) byScript.set(toHex(script), path);
  const lengths = perBranch((kind, branch) =>
    Math.max(book.lengths[kind][branch], wantedLength(counters[kind][branch])),
  );
  return { book: { byScript, lengths }, added };
}
