/** What Bitcoin Core's mempool does and bcoin's does not: standardness, dust, clear refusals, replacement by fee, packages. */
import { REASON, type Submitted, type SubmitOptions } from './chain-types.ts';
import type { ChainTx, TxOutput } from './raw-tx.ts';
import { dustOutputs, whyNotStandard, whyNotStandardInputs } from './standard.ts';

const INCREMENTAL_SAT_PER_VB = 1;
const MAX_REPLACED = 100;
const MAX_CHAIN = 25;
const CARVE_OUT_MAX_VSIZE = 10_000;
const TRUC_VERSION = 3;
const TRUC_MAX_VSIZE = 10_000;
const TRUC_CHILD_MAX_VSIZE = 1_000;

/** The parts of bcoin that are used; `any`, for it has no types. */
export interface Pool {
  readonly mempool: any;
  /** Makes bcoin's own immutable transaction of raw hex. */
  readonly decode: (hex: string) => any;
  /** Ours, of one of bcoin's. */
  readonly parsed: (bcoinTx: any) => ChainTx;
  readonly minFeerateSatPerVb: number;
}

/** How the fee of this transaction is judged: alone, or as part of a package. */
interface Terms extends SubmitOptions {
  readonly floorSatPerVb: number;
  /** Fee and size of the package that has to pay for what this one replaces. */
  readonly payer?: { readonly feeSat: bigint; readonly vsize: number };
  readonly dustAllowed?: boolean;
}

const perVb = (satPerVb: number, vsize: number): bigint => BigInt(Math.ceil(satPerVb * vsize));
const no = (tx: ChainTx, reason: string): Submitted => ({ accepted: false, txid: tx.txid, reason });
const internal = (txid: string): string => Buffer.from(txid, 'hex').reverse().toString('hex');
const entryOf = (pool: Pool, txid: string): any => pool.mempool.getEntry(internal(txid));

export function offer(pool: Pool, tx: ChainTx, options: SubmitOptions = {}): Promise<Submitted> {
  return judge(pool, tx, { ...options, floorSatPerVb: pool.minFeerateSatPerVb });
}

/** All that Core checks before scripts, in about its order; then the mempool's own verdict. */
async function judge(pool: Pool, tx: ChainTx, terms: Terms): Promise<Submitted> {
  if (entryOf(pool, tx.txid)) return no(tx, REASON.inMempool);
  const unfit = whyNotStandard(tx);
  if (unfit) return no(tx, unfit);
  const bcoinTx = pool.decode(tx.hex);
  const coins = await spentOutputs(pool, bcoinTx);
  if (!coins) return no(tx, (await isConfirmed(pool, bcoinTx)) ? REASON.inChain : REASON.missingInputs);
  const feeSat = coins.reduce((sum, o) => sum + o.valueSat, 0n) - tx.outputs.reduce((sum, o) => sum + o.valueSat, 0n);
  if (feeSat < 0n) return no(tx, 'bad-txns-in-belowout');
  const dust = dustOutputs(tx);
  if (dust.length > 0 && !(terms.dustAllowed && feeSat === 0n && dust.length === 1)) return no(tx, 'dust');
  const unfitInputs = whyNotStandardInputs(tx, coins);
  if (unfitInputs) return no(tx, unfitInputs);
  if (terms.maxFeerateSatPerVb !== undefined && feeSat > perVb(terms.maxFeerateSatPerVb, tx.vsize))
    return no(tx, REASON.absurdFee);
  if (feeSat < perVb(terms.floorSatPerVb, tx.vsize)) return no(tx, REASON.lowFee);

  const direct = directConflicts(pool, bcoinTx, tx);
  const ancestors = ancestorsOf(pool, tx);
  const truc = whyNotTruc(pool, tx, ancestors, direct);
  if (truc) return no(tx, truc);
  const rivals = withDescendants(pool, direct);
  const unpaid = whyNoReplacement(pool, tx, {
    direct,
    rivals,
    ancestors,
    payer: terms.payer ?? { feeSat, vsize: tx.vsize },
  });
  if (unpaid) return no(tx, unpaid);
  if (rivals.length === 0 && tooLong(pool, tx, ancestors)) return no(tx, 'too-long-mempool-chain');

  for (const rival of rivals) if (pool.mempool.hasEntry(rival.tx.hash('hex'))) pool.mempool.evictEntry(rival);
  const refused = await add(pool, bcoinTx);
  if (!refused) return { accepted: true, txid: tx.txid };
  for (const rival of rivals) await add(pool, rival.tx); // parents come first in `rivals`
  return no(tx, refused);
}

/** Each by itself first; those that only lack fee are then judged by what the package pays together. All in or none of these. */
export async function offerPackage(
  pool: Pool,
  txs: readonly ChainTx[],
  options: SubmitOptions = {},
): Promise<Submitted[]> {
  const results = new Map<string, Submitted>();
  const late: ChainTx[] = [];
  for (const tx of txs) {
    const alone = await offer(pool, tx, options);
    const ofLateParent = tx.inputs.some((i) => late.some((parent) => parent.txid === i.txid));
    if (alone.accepted || alone.reason === REASON.inMempool) results.set(tx.txid, { accepted: true, txid: tx.txid });
    else if (
      ofLateParent ||
      alone.reason === REASON.lowFee ||
      alone.reason.startsWith('insufficient fee') ||
      (alone.reason === 'dust' && txs.length > 1)
    )
      late.push(tx);
    else results.set(tx.txid, alone);
  }
  if (late.length > 0) for (const result of await offerTogether(pool, late, options)) results.set(result.txid, result);
  return txs.map((tx) => results.get(tx.txid)!);
}

async function offerTogether(pool: Pool, late: readonly ChainTx[], options: SubmitOptions): Promise<Submitted[]> {
  const payer = await packageFee(pool, late);
  if (!payer) return late.map((tx) => no(tx, REASON.missingInputs));
  if (payer.feeSat < perVb(pool.minFeerateSatPerVb, payer.vsize)) return late.map((tx) => no(tx, REASON.lowFee));
  const child = late.at(-1)!;
  const results: Submitted[] = [];
  for (const tx of late) {
    const dustAllowed =
      tx !== child && dustOutputs(tx).every((vout) => child.inputs.some((i) => i.txid === tx.txid && i.vout === vout));
    // Core replaces by packages of one parent and one child only.
    const terms = late.length === 2 ? { payer } : {};
    results.push(await judge(pool, tx, { ...options, ...terms, dustAllowed, floorSatPerVb: 0 }));
  }
  if (results.every((r) => r.accepted)) return results;
  for (const tx of late) {
    const entry = entryOf(pool, tx.txid);
    if (entry) pool.mempool.evictEntry(entry);
  }
  return results.map((r) => (r.accepted ? { accepted: false, txid: r.txid, reason: 'package refused' } : r));
}

async function packageFee(pool: Pool, txs: readonly ChainTx[]): Promise<{ feeSat: bigint; vsize: number } | undefined> {
  const inside = new Map(txs.map((tx) => [tx.txid, tx]));
  let feeSat = 0n;
  for (const tx of txs) {
    const view = await pool.mempool.getCoinView(pool.decode(tx.hex));
    for (const { txid, vout } of tx.inputs) {
      const known = inside.get(txid)?.outputs[vout]?.valueSat ?? coinOf(view, txid, vout)?.valueSat;
      if (known === undefined) return undefined;
      feeSat += known;
    }
    for (const o of tx.outputs) feeSat -= o.valueSat;
  }
  return { feeSat, vsize: txs.reduce((sum, tx) => sum + tx.vsize, 0) };
}

function coinOf(view: any, txid: string, vout: number): TxOutput | undefined {
  const output = view.getOutput({ hash: internal(txid), index: vout });
  return output ? { valueSat: BigInt(output.value), scriptHex: output.script.toJSON() } : undefined;
}

async function spentOutputs(pool: Pool, bcoinTx: any): Promise<TxOutput[] | undefined> {
  const view = await pool.mempool.getCoinView(bcoinTx);
  const found = bcoinTx.inputs.map((i: any) => view.getOutputFor(i));
  if (!found.every(Boolean)) return undefined;
  return found.map((o: any) => ({ valueSat: BigInt(o.value), scriptHex: o.script.toJSON() }));
}

const isConfirmed = (pool: Pool, bcoinTx: any): Promise<boolean> => pool.mempool.chain.hasCoins(bcoinTx);

/** What this transaction would have to push out: spenders of its inputs, and the sibling that a TRUC parent has already. */
function directConflicts(pool: Pool, bcoinTx: any, tx: ChainTx): any[] {
  const spenders = bcoinTx.inputs
    .map((i: any) => pool.mempool.getSpent(i.prevout.hash, i.prevout.index))
    .filter(Boolean);
  const siblings =
    tx.version !== TRUC_VERSION
      ? []
      : tx.inputs.flatMap(({ txid }) => {
          const parent = entryOf(pool, txid);
          return parent && parent.tx.version === TRUC_VERSION ? pool.mempool.getDescendants(parent) : [];
        });
  return [...new Set([...spenders, ...siblings])];
}

function withDescendants(pool: Pool, entries: readonly any[]): any[] {
  return [...new Set(entries.flatMap((e) => [e, ...pool.mempool.getDescendants(e)]))];
}

function ancestorsOf(pool: Pool, tx: ChainTx): any[] {
  const parents = tx.inputs.map(({ txid }) => entryOf(pool, txid)).filter(Boolean);
  return [...new Set(parents.flatMap((e) => [e, ...pool.mempool.getAncestors(e)]))];
}

interface Replacement {
  direct: any[];
  rivals: any[];
  ancestors: any[];
  payer: { feeSat: bigint; vsize: number };
}

/** Full RBF: no signal is asked for, the rest is BIP 125 rules 2 to 5 and that the fee rate must rise. */
function whyNoReplacement(
  pool: Pool,
  tx: ChainTx,
  { direct, rivals, ancestors, payer }: Replacement,
): string | undefined {
  if (rivals.length === 0) return undefined;
  if (ancestors.some((e) => rivals.includes(e))) return 'bad-txns-spends-conflicting-tx';
  if (rivals.length > MAX_REPLACED) return 'too many potential replacements';
  const known = new Set(rivals.flatMap((e) => pool.parsed(e.tx).inputs.map((i) => i.txid)));
  if (tx.inputs.some(({ txid }) => entryOf(pool, txid) && !known.has(txid))) return 'replacement-adds-unconfirmed';
  for (const e of direct) {
    const vsize = BigInt(e.tx.getVirtualSize());
    if (payer.feeSat * vsize <= BigInt(e.fee) * BigInt(payer.vsize))
      return 'insufficient fee, rejecting replacement; new feerate is not higher';
  }
  const rivalFeeSat = rivals.reduce((sum: bigint, e) => sum + BigInt(e.fee), 0n);
  if (payer.feeSat < rivalFeeSat + perVb(INCREMENTAL_SAT_PER_VB, payer.vsize))
    return 'insufficient fee, rejecting replacement; not enough additional fees to relay';
  return undefined;
}

/** Core's limits on ancestors and descendants, with the extra place it keeps for the second party's anchor. */
function tooLong(pool: Pool, tx: ChainTx, ancestors: readonly any[]): boolean {
  if (ancestors.length + 1 > MAX_CHAIN) return true;
  const limit = ancestors.length === 1 && tx.vsize <= CARVE_OUT_MAX_VSIZE ? MAX_CHAIN + 1 : MAX_CHAIN;
  return ancestors.some((e) => pool.mempool.getDescendants(e).length + 2 > limit);
}

/** BIP 431: version 3 transactions come alone or as one parent with one small child. */
function whyNotTruc(pool: Pool, tx: ChainTx, ancestors: readonly any[], direct: readonly any[]): string | undefined {
  const isTruc = tx.version === TRUC_VERSION;
  if (ancestors.some((e) => (e.tx.version === TRUC_VERSION) !== isTruc)) return 'TRUC-violation';
  if (!isTruc) return undefined;
  if (tx.vsize > (ancestors.length > 0 ? TRUC_CHILD_MAX_VSIZE : TRUC_MAX_VSIZE) || ancestors.length > 1)
    return 'TRUC-violation';
  return ancestors.some((e) => pool.mempool.getDescendants(e).some((d: any) => !direct.includes(d)))
    ? 'TRUC-violation'
    : undefined;
}

/** The mempool's own answer: bcoin's node.sendTX() swallows refusals and orphans. Undefined when it took the transaction. */
async function add(pool: Pool, bcoinTx: any): Promise<string | undefined> {
  try {
    if (!(await pool.mempool.addTX(bcoinTx))) return undefined;
    pool.mempool.removeOrphan(bcoinTx.hash('hex')); // bcoin would keep it and take it later, unasked
    return REASON.missingInputs;
  } catch (e: any) {
    if (e.type === 'VerifyError') return e.reason;
    throw e;
  }
}

/** Judges without leaving a trace; the caller drops the events that this makes. */
export async function probe(pool: Pool, txs: readonly ChainTx[], options: SubmitOptions): Promise<Submitted[]> {
  const before: any[] = [...pool.mempool.map.values()].map((e: any) => e.tx);
  const results: Submitted[] = [];
  for (const tx of txs) results.push(await offer(pool, tx, options));
  for (const result of results) {
    const entry = result.accepted ? entryOf(pool, result.txid) : undefined;
    if (entry) pool.mempool.evictEntry(entry);
  }
  for (const tx of before) if (!pool.mempool.hasEntry(tx.hash('hex'))) await add(pool, tx);
  return results;
}

/** For blocks that a reorganisation lost: back into the mempool as far as still valid, without a word about fees. */
export async function readmit(pool: Pool, bcoinTxs: readonly any[]): Promise<void> {
  for (const tx of bcoinTxs) if (!pool.mempool.hasEntry(tx.hash('hex'))) await add(pool, tx);
}
