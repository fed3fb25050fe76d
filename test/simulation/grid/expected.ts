import type { Tx } from '../../../core/bitcoin/transaction.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { type SideName, hashOf, otherSide } from '../../support/channel-pair.ts';
import type { Telling } from './actor.ts';
import type { GridChain, Mined } from './chain.ts';
import type { Cell, Close } from './plan.ts';
import { CAPACITY_SAT, FEERATE, PUSH_MSAT, type Situation, type TrueHtlc } from './situation.ts';

/** Alice opened. */
const OPENER: SideName = 'alice';
const ANCHOR_SAT = 330n;
const SAFE = 5;

/** What the scene knows of one branch of the chain: which transaction ended the channel in it, and when. */
export interface Branch {
  readonly close: Close;
  readonly tx: Mined;
  /** Of its last block that was ever told. */
  readonly tip: number;
  readonly chain: Pick<GridChain, 'spenderOf'>;
  /** Spends that we were shown, in the order in which we were. */
  readonly seen: readonly { readonly tx: Tx; readonly height: number }[];
}

type Scene = { readonly cell: Cell; readonly situation: Situation };

const isDust = ({ amountMsat }: TrueHtlc): boolean => amountMsat < 1_000_000n;
const hasOutput = (htlc: TrueHtlc, close: Close): boolean => htlc.in[close] === 'open' && !isDust(htlc);
const receiverKnows = ({ preimage }: TrueHtlc): boolean => preimage !== 'never';

function balanceMsat({ situation }: Scene, close: Close, side: SideName): bigint {
  let balance = side === OPENER ? CAPACITY_SAT * 1000n - PUSH_MSAT : PUSH_MSAT;
  for (const htlc of situation.htlcs) {
    const standing = htlc.in[close];
    if (htlc.by === side && (standing === 'open' || standing === 'fulfilled')) balance -= htlc.amountMsat;
    if (htlc.by !== side && standing === 'fulfilled') balance += htlc.amountMsat;
  }
  return balance;
}

/** BOLT 3, "Fee Calculation": the opener pays for the expected weight, and both anchors. */
function mainSat(scene: Scene, { close, tx }: Branch, side: SideName): bigint {
  const sat = balanceMsat(scene, close, side) / 1000n;
  if (side !== OPENER) return sat;
  if (close === 'mutual') return sat - tx.feeSat;
  const anchors = scene.cell.channelType === 'anchors';
  const outputs = scene.situation.htlcs.filter((htlc) => hasOutput(htlc, close)).length;
  return sat - BigInt(Math.floor((((anchors ? 1124 : 724) + 172 * outputs) * FEERATE) / 1000)) - (anchors ? 2n * ANCHOR_SAT : 0n);
}

/** The amounts of the outputs that the transaction must have, sorted. */
export function outputAmounts(scene: Scene, branch: Branch): readonly bigint[] {
  const { cell, situation } = scene;
  const htlcs = situation.htlcs.filter((htlc) => branch.close !== 'mutual' && hasOutput(htlc, branch.close)).map(({ amountMsat }) => amountMsat / 1000n);
  const anchors = cell.channelType === 'anchors' && branch.close !== 'mutual' ? [ANCHOR_SAT, ANCHOR_SAT] : [];
  return [mainSat(scene, branch, 'alice'), mainSat(scene, branch, 'bob'), ...htlcs, ...anchors].toSorted((a, b) => Number(a - b));
}

/** Who ends up with an HTLC that has an output, by the rules of BOLT 5; undefined: nobody, it lies there. */
function winnerOf({ cell }: Scene, close: Close, htlc: TrueHtlc): SideName | undefined {
  if (close === 'revoked') return cell.us;
  // Who lost the data cannot take what it offered back; the peer takes what is its own.
  if (close === 'future' && htlc.by === cell.us) return receiverKnows(htlc) ? otherSide(htlc.by) : undefined;
  if (close === 'future') return htlc.by;
  return receiverKnows(htlc) ? otherSide(htlc.by) : htlc.by;
}

/** What a side must have in the end, against its wallet before: its balances less the fees that were really paid. */
export function expectedSat(scene: Scene, branch: Branch, mined: readonly Mined[], side: SideName): bigint {
  const { cell, situation } = scene;
  const { close } = branch;
  const { us } = cell;
  let sat = close !== 'revoked' ? mainSat(scene, branch, side) : side === us ? mainSat(scene, branch, 'alice') + mainSat(scene, branch, 'bob') : 0n;
  for (const htlc of situation.htlcs) if (close !== 'mutual' && hasOutput(htlc, close) && winnerOf(scene, close, htlc) === side) sat += htlc.amountMsat / 1000n;
  for (const one of mined) {
    if (one.txid === branch.tx.txid) continue;
    // The cheater's HTLC transactions without anchors pay their fee from what is ours in the end.
    const payer = close === 'revoked' && cell.channelType === 'static_remotekey' ? us : one.by;
    if (payer === side) sat -= one.feeSat;
    const bump = one.tx.inputs.some(({ txid, vout }) => txid === branch.tx.txid && branch.tx.tx.outputs[vout]!.amountSat === ANCHOR_SAT);
    if (bump && one.by === side) sat += ANCHOR_SAT;
  }
  return sat;
}

/** The expiry in the script of an HTLC that the commitment's owner received; undefined in one that it offered. */
function expiryIn(script: Uint8Array): number | undefined {
  const at = script.findIndex((byte, i) => byte === 2 && script[i + 3] === 0xb1 && script[i + 4] === 0x75);
  return at < 0 ? undefined : script[at + 1]! + script[at + 2]! * 256;
}

/** Who took the output of an HTLC; the equal ones that the owner offered stand in the order of their expiries (BOLT 3). */
export function spendOf({ cell, situation }: Scene, { close, tx: mined, chain }: Branch, htlc: TrueHtlc): Mined | undefined {
  const owner = close === 'ours' ? cell.us : otherSide(cell.us);
  const outputs = mined.tx.outputs.flatMap(({ amountSat, script }, vout) => (amountSat === htlc.amountMsat / 1000n ? [{ vout, script: toHex(script) }] : []));
  const twins = situation.htlcs.filter(({ by, n, amountMsat }) => by === htlc.by && n === htlc.n && amountMsat === htlc.amountMsat).toSorted((a, b) => a.expiry - b.expiry);
  if (htlc.by === owner && twins.length > 1) {
    const group = outputs.filter((one) => outputs.some((other) => other !== one && other.script === one.script));
    return chain.spenderOf({ txid: mined.txid, vout: group[twins.indexOf(htlc)]!.vout });
  }
  for (const { vout } of outputs) {
    const spender = chain.spenderOf({ txid: mined.txid, vout });
    const input = spender?.tx.inputs.find((one) => one.txid === mined.txid && one.vout === vout);
    if (input && expiryIn(input.witness.at(-1)!) === (htlc.by === owner ? undefined : htlc.expiry)) return spender;
  }
  return undefined;
}

const shows = (tx: Tx, { n }: TrueHtlc): boolean => tx.inputs.some(({ witness }) => witness.some((item) => item.length === 32 && toHex(sha256(item)) === toHex(hashOf(n))));

/** What the payments must hear in a branch, at which height at the earliest and latest; what was told before is not told again. */
export function expectedTellings(scene: Scene, branch: Branch, before: readonly Telling[]): readonly Telling[] {
  const { cell, situation } = scene;
  const { close, tip } = branch;
  const safe = branch.tx.height + SAFE;
  const tellings: Telling[] = [];
  const tell = (key: string, what: Telling['what'], height: number | undefined): void => {
    // A preimage is worth money even when a deep reorg brings it after a failure was told.
    const isKnown = before.some((told) => told.key === key && (what !== 'fulfilled' || told.what === what));
    if (height !== undefined && height <= tip && !isKnown) tellings.push({ key, what, height });
  };
  for (const htlc of situation.htlcs.filter(({ gone }) => !gone)) {
    const canBeTaken = hasOutput(htlc, close) && close !== 'revoked';
    const spend = hasOutput(htlc, close) ? spendOf(scene, branch, htlc) : undefined;
    if (htlc.by === cell.us) {
      if (htlc.preimage === 'before') continue;
      const key = `o${htlc.id}`;
      const shown = branch.seen.find(({ tx }) => spendsOf(branch, tx) && shows(tx, htlc));
      if (shown) tell(key, 'fulfilled', shown.height);
      else if (close === 'revoked') tell(key, 'failed', allTakenAt(scene, branch, htlc));
      else if (close !== 'future') tell(key, 'failed', canBeTaken ? spend && spend.height + SAFE : safe);
      continue;
    }
    const key = `r${htlc.id}`;
    // Nobody who lost the data can say how it ended.
    if (close === 'future') continue;
    if (close === 'revoked') tell(key, receiverKnows(htlc) ? 'removed fulfilled' : 'removed failed', safe);
    else if (canBeTaken) {
      const lies = receiverKnows(htlc) ? undefined : Math.max(htlc.expiry, branch.tx.height) + SAFE;
      tell(key, spend && shows(spend.tx, htlc) ? 'removed fulfilled' : 'removed failed', spend ? spend.height + SAFE : lies);
    } else tell(key, htlc.in[close] === 'fulfilled' ? 'removed fulfilled' : 'removed failed', safe);
  }
  return tellings;
}

/** When no output of a breach is left in which the cheater could show the preimage of what we offered. */
function allTakenAt(scene: Scene, branch: Branch, htlc: TrueHtlc): number | undefined {
  const alike = scene.situation.htlcs.filter(({ by, n }) => by === htlc.by && n === htlc.n).filter((one) => hasOutput(one, branch.close));
  const spends = alike.map((one) => spendOf(scene, branch, one)?.height);
  return spends.includes(undefined) ? undefined : Math.max(branch.tx.height, ...(spends as readonly number[])) + SAFE;
}

const spendsOf = ({ tx }: Branch, spender: Tx): boolean => spender.inputs.some(({ txid }) => txid === tx.txid);

/** The height of the last thing that must be buried before the channel may be forgotten. */
export function lastHeight(scene: Scene, branch: Branch, mined: readonly Mined[], before: readonly Telling[]): number {
  const { close } = branch;
  const open = scene.situation.htlcs.filter(({ by, id }) => !before.some(({ key }) => key === (by === scene.cell.us ? `o${id}` : `r${id}`)));
  const htlcs = open.filter((htlc) => close !== 'mutual' && close !== 'future' && hasOutput(htlc, close)).map((htlc) => spendOf(scene, branch, htlc)?.height ?? 0);
  return Math.max(branch.tx.height, ...htlcs, ...mined.filter(({ by }) => by === scene.cell.us).map(({ height }) => height));
}
