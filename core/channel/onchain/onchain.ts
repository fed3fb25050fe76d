import { type Tx, decodeTx, encodeTx, txid, txidBytes } from '../../bitcoin/transaction.ts';
import { equal } from '../../lib/bytes.ts';
import { claimTx, signedClaimTx } from '../../tx/claim.ts';
import type { AlarmCode, ChannelAction } from '../commands.ts';
import { type Context, STORE, type Transition, stay } from '../context.ts';
import { type ChannelFault, faultText } from '../errors.ts';
import { POLICY } from '../policy.ts';
import { signedLocalCommitment } from '../sign.ts';
import type { CloseReason, FundedChannel, FundingSpend, Phase } from '../types.ts';
import { classifySpend } from './classify.ts';
import { type OwnedOutput, ownedMainOutputs } from './outputs.ts';

const ALARM_OF: Partial<Record<FundingSpend['spendClass'], AlarmCode>> = {
  unknown: 'unknown_funding_spend', future: 'future_commitment', revoked: 'revoked_commitment',
}; // prettier-ignore

/** The funding output is spent: classify it, say so, and from the first block on take what is ours. */
export function fundingSpent(channel: FundedChannel, tx: Tx, height: number | undefined, ctx: Context): Transition {
  const id = txid(tx);
  if (channel.spend?.txid === id && channel.spend.height === height) return stay(channel);
  const { spendClass, commitmentNumber } = classifySpend(channel, ctx.keys, tx);
  const spend: FundingSpend = { txid: id, rawTx: encodeTx(tx), spendClass, commitmentNumber, height };
  const closing: FundedChannel = { ...channel, phase: 'closing', closeReason: channel.closeReason ?? 'peer_broadcast', spend };
  const alarm = channel.spend?.txid === id ? undefined : ALARM_OF[spendClass];
  const [next, claims] = onchainBlock(closing, ctx);
  return [
    next,
    [
      STORE,
      { kind: 'journal', event: { kind: 'funding_spent', txid: txidBytes(id), spendClass, height } },
      ...(alarm ? [{ kind: 'alarm', code: alarm, detail: id } as const] : []),
      ...htlcAlarm(closing, spend),
      ...claims,
    ],
  ];
}

/** Outputs of HTLCs in flight are not settled on chain by this version: never silently. */
function htlcAlarm(channel: FundedChannel, spend: FundingSpend): ChannelAction[] {
  const open = channel.commitments.htlcs.size;
  if (spend.spendClass === 'mutual' || open === 0 || channel.spend?.height !== undefined) return [];
  return [{ kind: 'alarm', code: 'htlcs_on_chain_not_handled', detail: `${open} in ${spend.txid}` }];
}

/** A reorganisation took the spend out of the chain, and it is not in the mempool either. */
export function fundingUnspent(channel: FundedChannel): Transition {
  if (!channel.spend || channel.phase === 'closed') return stay(channel);
  return [{ ...channel, phase: phaseUnspent(channel, channel.spend), spend: undefined }, [STORE, { kind: 'journal', event: { kind: 'funding_unspent' } }]];
}

/** We close by our own commitment in place of a lost one of the peer, but never after a data loss (I-22, I-23). */
function phaseUnspent({ closeReason, closingTxs }: FundedChannel, { spendClass }: FundingSpend): Phase {
  if (closeReason === 'data_loss' || spendClass === 'future') return 'fallen_behind';
  if (spendClass !== 'local' && closingTxs.length > 0) return 'negotiating';
  return spendClass === 'unknown' ? 'closing' : 'failing';
}

/** Per block after a spend: publish claims that are due until all is buried; forget at depth 100. */
export function onchainBlock(channel: FundedChannel, ctx: Context): Transition {
  const { spend } = channel;
  if (!spend || spend.height === undefined) return stay(channel);
  const depth = ctx.blockHeight - spend.height + 1;
  const owned = ownedMainOutputs(channel, ctx.keys, spend);
  const longest = owned.reduce((most, output) => Math.max(most, output.waitBlocks), 0);
  if (depth >= longest + POLICY.forgetDepth) {
    const recovered = recoveredSat(channel, owned);
    return [{ ...channel, phase: 'closed' }, [STORE, { kind: 'journal', event: { kind: 'closed', recoveredSat: recovered } }, { kind: 'forget' }]];
  }
  const due = owned.filter((output) => depth >= output.waitBlocks);
  const [booked, entries] = bookClose(channel, depth);
  return [booked, [...entries, ...due.flatMap((output) => claimAction(channel, output, ctx))]];
}

const recoveredSat = (channel: FundedChannel, owned: readonly OwnedOutput[]): bigint => {
  const claimed = owned.reduce((sum, { claim }) => sum + claim.amountSat, 0n);
  if (channel.spend?.spendClass !== 'mutual') return claimed;
  const script = channel.localShutdown?.script;
  return decodeTx(channel.spend.rawTx).outputs.reduce((sum, output) => (script && equal(output.script, script) ? sum + output.amountSat : sum), 0n);
};

/** What we had in the channel leaves it in the books once, when the close can no longer be undone. */
function bookClose(channel: FundedChannel, depth: number): Transition {
  if (channel.closeBooked || depth < POLICY.reorgSafeDepth) return stay(channel);
  const { ourMsat } = channel.commitments;
  const reference = channel.spend?.txid ?? '';
  // What a closing transaction pays us is known now; claims pay their fees later, when the wallet sees them.
  const paidMsat = channel.spend?.spendClass === 'mutual' ? recoveredSat(channel, []) * 1000n : ourMsat;
  const entries: ChannelAction[] = [
    { kind: 'ledger', reason: 'close', deltaMsat: -paidMsat, reference },
    { kind: 'ledger', reason: 'close_fee', deltaMsat: paidMsat - ourMsat, reference },
  ];
  return [{ ...channel, closeBooked: true }, [STORE, ...entries.filter((entry) => entry.kind === 'ledger' && entry.deltaMsat !== 0n)]];
}

/** Every output has a transaction of its own: nobody can hold one claim up by spending another. */
function claimAction(channel: FundedChannel, { claim, privateKey }: OwnedOutput, ctx: Context): ChannelAction[] {
  const penalty = claim.kind === 'revoked_to_local';
  const built = claimTx({ claims: [claim], destinationScript: channel.walletScript, feeratePerKw: penalty ? ctx.feerates.urgent : ctx.feerates.closing });
  if (!built.ok) return [];
  return [{ kind: 'publish', label: penalty ? 'penalty' : 'sweep', tx: signedClaimTx(built.value, () => privateKey) }];
}

/** Ends the channel by our own commitment (BOLT 5, "Failing a Channel"); never after a proven data loss (I-23). */
export function failChannel(channel: FundedChannel, closeReason: CloseReason, why: ChannelFault | undefined, ctx: Context): Transition {
  if (channel.phase === 'fallen_behind' || channel.phase === 'closing' || channel.phase === 'closed' || channel.phase === 'failing') return stay(channel);
  const next: FundedChannel = { ...channel, phase: 'failing', closeReason };
  const detail = why ? faultText(why) : closeReason.replaceAll('_', ' ');
  return [
    next,
    [
      STORE,
      { kind: 'journal', event: { kind: 'failing', reason: closeReason, detail } },
      ...(channel.link.status === 'offline' ? [] : [errorAction(channel, detail)]),
      ...publishCommitment(next, ctx),
    ],
  ];
}

/** BOLT 1, "The error and warning Messages". */
export const errorAction = (channel: FundedChannel, text: string): ChannelAction => ({
  kind: 'send', message: { name: 'error', channelId: channel.channelId, data: new TextEncoder().encode(text) },
}); // prettier-ignore

/** Our newest commitment, and the funding transaction before it in case that never got through. */
export function publishCommitment(channel: FundedChannel, ctx: Context): ChannelAction[] {
  const funding: ChannelAction[] = channel.fundingTx && channel.fundingHeight === undefined ? [{ kind: 'publish', label: 'funding', tx: decodeTx(channel.fundingTx) }] : [];
  return [...funding, { kind: 'publish', label: 'commitment', tx: signedLocalCommitment(channel, ctx.keys).tx }];
}
