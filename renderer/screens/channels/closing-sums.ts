import type { Answer } from '../../../core/api.ts';

type Channel = Answer<'channel.get'>;
type Closing = Answer<'channel.closing'>;
type State = Answer<'channel.states'>['states'][number];
type Close = Answer<'channel.previewForceClose'>['previews'][number];
/** The three fee rates of a preview, in its order. */
export type At = 0 | 1 | 2;

/** Why less came out of a channel than was ours in it: what the transaction that closed it took off. */
export interface Less {
  readonly shareSat: bigint;
  readonly costSat: bigint;
  readonly by: 'anchors' | 'commitment' | 'mutual';
}

/** Of these the journal has the balances that they were signed with. */
const SIDE_OF: Readonly<Record<string, 'ours' | 'theirs' | undefined>> = { local: 'ours', remote: 'theirs', next_remote: 'theirs', revoked: 'theirs' };

/**
 * What the closing transaction took off our share; undefined where the engine's figures do not tell. Of a commitment
 * the opener bears all of it; the share is that of the very state that was published.
 */
export function lessOf({ spendClass, channelType, isOpener, ourMsat, isRestored }: Pick<Channel, 'spendClass' | 'channelType' | 'isOpener' | 'ourMsat' | 'isRestored'>, { transaction, outputs, backSat }: Pick<Closing, 'transaction' | 'outputs' | 'backSat'>, state: State | undefined): Less | undefined {
  if (transaction?.height === undefined || isRestored === true) return undefined;
  if (spendClass === 'mutual') return lessThan(ourMsat / 1000n, backSat, 'mutual');
  const side = SIDE_OF[spendClass ?? ''];
  const published = side !== undefined && state?.number === transaction.commitmentNumber ? state?.[side] : undefined;
  const balances = outputs.filter(({ kind, txid }) => kind === 'balance' && txid === transaction.txid);
  const [balance] = balances;
  if (!published || !isOpener || balances.length !== 1 || balance?.amountSat === undefined) return undefined;
  return lessThan(published.ourMsat / 1000n, balance.amountSat, channelType === 'anchors' ? 'anchors' : 'commitment');
}

const lessThan = (shareSat: bigint, paidSat: bigint, by: Less['by']): Less | undefined => (paidSat > 0n && shareSat > paidSat ? { shareSat, costSat: shareSat - paidSat, by } : undefined);

/**
 * What taking the outputs cost, once all that was taken is in blocks. Undefined where coins of the wallet paid for it, as
 * beside an anchor or an HTLC, and where the closing transaction paid the wallet itself: there the sums would not say it.
 */
export function takingFeeOf({ channelType, spendClass }: Pick<Channel, 'channelType' | 'spendClass'>, { outputs, backSat }: Pick<Closing, 'outputs' | 'backSat'>): bigint | undefined {
  if (spendClass === 'mutual' || (channelType !== 'anchors' && spendClass !== 'local')) return undefined;
  const taken = outputs.filter(({ takenBy }) => takenBy === 'us');
  if (taken.some(({ kind, amountSat, takenHeight }) => (kind !== 'balance' && kind !== 'penalty') || amountSat === undefined || takenHeight === undefined)) return undefined;
  const feeSat = taken.reduce((sum, { amountSat }) => sum + (amountSat ?? 0n), 0n) - backSat;
  return backSat > 0n && feeSat > 0n ? feeSat : undefined;
}

export type SumKey = 'share' | 'commitment' | 'anchors' | 'both' | 'htlcs' | 'anchor' | 'left' | 'dust' | 'fees';
export interface SumLine {
  readonly key: SumKey;
  /** Negative for what goes off. */
  readonly sat: bigint;
}

/** BOLT 3: an anchor holds 330 sat, and the opener pays for both although one may be left out. */
const ANCHORS_SAT: ReadonlySet<bigint> = new Set([330n, 660n]);

/**
 * From our share to what comes back of a close by force, line by line; the lines add up to `backSat`. Without `shareSat`,
 * our balance in the commitment that is looked at, or where the figures contradict each other, there are none.
 */
export function sumsOf({ isOpener }: Pick<Channel, 'isOpener'>, { transactions, htlcs, summary }: Pick<Close, 'transactions' | 'htlcs' | 'summary'>, shareSat: bigint | undefined, at: At): readonly SumLine[] {
  if (shareSat === undefined) return [];
  const sum = (sats: readonly bigint[]): bigint => sats.reduce((total, one) => total + one, 0n);
  const known = new Map(htlcs.map(({ direction, id, preimageKnown }) => [`${direction} ${id}`, preimageKnown]));
  const isOurs = ({ direction, preimageKnown }: Close['htlcs'][number]): boolean => (direction === 'received') === preimageKnown;
  // What is made if every HTLC ends as it looks now; what follows a second stage takes the same money once more.
  const first = transactions.filter(({ by, label, dependsOn, htlc }) => by === 'us' && label !== 'commitment' && dependsOn[0] === 0 && (!htlc || known.get(`${htlc.direction} ${htlc.id}`) === htlc.preimageKnown));
  const values = (of: readonly Close['transactions'][number][]): bigint => sum(of.map(({ valueSat }) => valueSat));
  const mainSat = values(first.filter(({ label, htlc }) => !htlc && label !== 'anchor_child'));
  const trimmedSat = sum(htlcs.filter((htlc) => htlc.trimmed && isOurs(htlc)).map(({ amountMsat }) => amountMsat / 1000n));
  const costSat = shareSat - mainSat - (summary.lostToDustSat - trimmedSat);
  const commitmentSat = transactions[0]?.label === 'commitment' ? transactions[0].feeSat[at] : 0n;
  if (costSat < 0n || (!isOpener && costSat > 0n)) return [];
  const isSplit = ANCHORS_SAT.has(costSat - commitmentSat);
  const lines: SumLine[] = [
    { key: 'share', sat: shareSat },
    ...(isSplit ? [{ key: 'commitment', sat: -commitmentSat }, { key: 'anchors', sat: commitmentSat - costSat }] as const : [{ key: costSat === commitmentSat ? 'commitment' : 'both', sat: -costSat } as const]),
    { key: 'htlcs', sat: values(first.filter(({ htlc }) => htlc)) + trimmedSat },
    { key: 'anchor', sat: values(first.filter(({ label, neededAt, uneconomicAt }) => label === 'anchor_child' && neededAt[at] && !uneconomicAt[at])) },
    { key: 'left', sat: -summary.leftSat[at] },
    { key: 'dust', sat: -summary.lostToDustSat },
    { key: 'fees', sat: -summary.feesSat[at] },
  ]; // prettier-ignore
  return sum(lines.map(({ sat }) => sat)) === summary.backSat[at] ? lines.filter(({ sat }) => sat !== 0n) : [];
}
