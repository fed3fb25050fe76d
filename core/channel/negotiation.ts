import { sign, verify } from '../crypto/secp256k1.ts';
import { equal } from '../lib/bytes.ts';
import { type Result, err, must, ok } from '../lib/result.ts';
import { FEERATE_FLOOR_PER_KW, type Sat, feeOfWeight, floorSat, maxBigint, minBigint, msat, sat } from '../lib/units.ts';
import { dustLimitSat } from '../bitcoin/script.ts';
import { encodeTx, txid, txidBytes } from '../bitcoin/transaction.ts';
import { type ClosingTx, type ClosingVariant, type SimpleClosingParams, closeeVariant, closerVariants, closingWeight, legacyClosingTx, signedClosingTx, simpleClosingTx } from '../tx/closing.ts';
import type { MessageOf } from '../wire/messages.ts';
import type { ChannelAction } from './commands.ts';
import { type Context, STORE, type Transition, cappedFee, stay } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import { fundingScriptOf } from './sign.ts';
import { isShutdownScript } from './shutdown-script.ts';
import { inFlightMsat } from './spec.ts';
import type { ClosingNegotiation, FundedChannel } from './types.ts';

const FRESH: ClosingNegotiation = { proposedFeeSat: undefined, theirFeeSat: undefined, pendingComplete: undefined, done: false };

// A peer may ask for as many closing transactions as it likes (I-34).
const KEPT_CLOSING_TXS = 10;
const KEPT_CLOSING_TXIDS = 1000;

const fundingOf = (channel: FundedChannel) => ({
  fundingOutPoint: channel.fundingOutPoint, capacitySat: channel.config.fundingSatoshis, fundingScript: fundingScriptOf(channel.config),
}); // prettier-ignore
const ourScript = (channel: FundedChannel): Uint8Array => must(channel.localShutdown, 'our shutdown').script;
const theirScript = (channel: FundedChannel): Uint8Array => must(channel.remoteShutdownScript, 'the shutdown of the peer');
/** Ours, then the peer's. */
type Scripts = readonly [ours: Uint8Array, theirs: Uint8Array];
const agreedScripts = (channel: FundedChannel): Scripts => [ourScript(channel), theirScript(channel)];
const negotiationOf = (channel: FundedChannel): ClosingNegotiation => channel.link.negotiation ?? FRESH;
const withNegotiation = (channel: FundedChannel, negotiation: ClosingNegotiation): FundedChannel => ({ ...channel, link: { ...channel.link, negotiation } });

/** Fee of a closing transaction of ours: by the estimate, never over half of what we get unless less would not relay. */
const closingFeeSat = (channel: FundedChannel, { feerates }: Pick<Context, 'feerates'>, scripts: Scripts = agreedScripts(channel)): Sat =>
  maxBigint(cappedFee(feeOfWeight(closingWeight(scripts), feerates.closing), floorSat(channel.commitments.ourMsat)), leastFeeSat(channel, scripts));

const relayFeeSat = (scripts: Scripts): Sat => feeOfWeight(closingWeight(scripts), FEERATE_FLOOR_PER_KW);

/** What relays; who has less than that gives all. */
const leastFeeSat = (channel: FundedChannel, scripts: Scripts = agreedScripts(channel)): Sat => minBigint(relayFeeSat(scripts), floorSat(channel.commitments.ourMsat));

/** What the opener is ready to pay: twice the estimate, never over half of what it gets unless less would not relay. */
const mostFeeSat = (channel: FundedChannel, ctx: Context): Sat =>
  maxBigint(cappedFee(sat(closingFeeSat(channel, ctx) * 2n), floorSat(channel.commitments.ourMsat)), leastFeeSat(channel));

/** As long as that of any usual output. */
const USUAL_SCRIPT = new Uint8Array(34);

export interface CloseTogetherTerms {
  /** Without what is in payments under way. */
  readonly shareSat: Sat;
  /** What we would propose to pay: by the estimate of now, and before the peer told where it wants to be paid. */
  readonly feeSat: Sat;
  /** `each`: both make a transaction and pay for their own; one of the two confirms. */
  readonly payer: 'us' | 'peer' | 'each';
  /** What is left of our share when we pay. */
  readonly backSat: Sat;
}

/** What closing together would come to now, before anything is said to the peer. */
export function closeTogetherTerms(channel: FundedChannel, ctx: Pick<Context, 'feerates'>): CloseTogetherTerms {
  const { config, localShutdown, remoteShutdownScript, link, walletScript } = channel;
  const promised = (side: 'local' | 'remote'): Uint8Array | undefined => (config[side].upfrontShutdownScript.length > 0 ? config[side].upfrontShutdownScript : undefined);
  const ours = localShutdown?.script ?? promised('local') ?? walletScript;
  const scripts: Scripts = [ours, remoteShutdownScript ?? promised('remote') ?? USUAL_SCRIPT];
  // A close waits for payments under way, and they may arrive: what they take is not promised.
  const ourMsat = msat(channel.commitments.ourMsat - inFlightMsat(channel.commitments, 'offered'));
  const shareSat = floorSat(ourMsat);
  const proposedSat = closingFeeSat({ ...channel, commitments: { ...channel.commitments, ourMsat } }, ctx, scripts);
  // With too little to pay for what relays only the peer proposes.
  const proposes = link.simpleClose ? proposedSat >= relayFeeSat(scripts) : config.isOpener;
  const feeSat = proposes ? proposedSat : sat(0n);
  const leftSat = sat(shareSat - feeSat);
  // Either side's limit may hold in a negotiation of old.
  const leastSat = link.simpleClose ? dustLimitSat(ours) : maxBigint(config.local.dustLimitSatoshis, config.remote.dustLimitSatoshis);
  return { shareSat, feeSat, payer: !proposes ? 'peer' : link.simpleClose ? 'each' : 'us', backSat: leftSat < leastSat ? sat(0n) : leftSat };
}

/** BOLT 2: with option_simple_close both sides propose, otherwise the opener begins. */
export function startNegotiation(channel: FundedChannel, ctx: Context): Transition {
  const started = withNegotiation(channel, FRESH);
  if (channel.link.simpleClose) return sendClosingComplete(started, ctx);
  return channel.config.isOpener ? proposeLegacy(started, closingFeeSat(channel, ctx), ctx) : [started, []];
}

/** Keeps a signed closing transaction and publishes it; stored before anything of it leaves. */
function agreed(channel: FundedChannel, tx: Parameters<typeof txid>[0], feeSat: Sat, before: readonly ChannelAction[]): Transition {
  const raw = encodeTx(tx);
  const closingTxs = [...channel.closingTxs.filter((known) => !equal(known, raw)), raw].slice(-KEPT_CLOSING_TXS);
  return [
    { ...channel, closingTxs, closingTxids: withTxid(channel.closingTxids, txid(tx)) },
    [
      STORE,
      { kind: 'journal', event: { kind: 'closing_signed', txid: txidBytes(txid(tx)), feeSat } },
      ...before,
      { kind: 'publish', label: 'closing', tx },
    ],
  ];
}

const withTxid = (known: readonly string[], id: string): readonly string[] => (known.includes(id) ? known : [...known, id].slice(-KEPT_CLOSING_TXIDS));

// Legacy negotiation

function legacyTx(channel: FundedChannel, feeSat: Sat, dustLimitSat: Sat): Result<ClosingTx, ChannelFault> {
  const { config, commitments } = channel;
  const built = legacyClosingTx({
    ...fundingOf(channel), localScript: ourScript(channel), remoteScript: theirScript(channel), localMsat: commitments.ourMsat,
    remoteMsat: commitments.theirMsat, localIsOpener: config.isOpener, feeSat, dustLimitSat,
  }); // prettier-ignore
  return built.ok ? built : err(fault('closing_fee_out_of_bounds', undefined, `${feeSat}: ${built.error}`));
}

function proposeLegacy(channel: FundedChannel, feeSat: Sat, ctx: Context): Transition {
  const built = legacyTx(channel, feeSat, channel.config.local.dustLimitSatoshis);
  if (!built.ok) return stay(channel);
  const next = withNegotiation({ ...channel, closingTxids: withTxid(channel.closingTxids, txid(built.value.tx)) }, { ...negotiationOf(channel), proposedFeeSat: feeSat });
  return [next, [STORE, { kind: 'send', message: legacyMessage(channel, feeSat, built.value, ctx) }]];
}

function legacyMessage(channel: FundedChannel, feeSatoshis: Sat, closing: ClosingTx, ctx: Context): MessageOf<'closing_signed'> {
  const range = channel.config.isOpener
    ? { minFeeSatoshis: leastFeeSat(channel), maxFeeSatoshis: mostFeeSat(channel, ctx) }
    : { minFeeSatoshis: sat(0n), maxFeeSatoshis: channel.config.fundingSatoshis };
  return {
    name: 'closing_signed', channelId: channel.channelId, feeSatoshis, signature: sign(closing.sighash, ctx.keys.fundingSecret),
    tlvs: { feeRange: range },
  }; // prettier-ignore
}

/** BOLT 2, "Legacy Closing Negotiation", the receiving node; our bounds count only where we pay. */
export function receiveClosingSigned(channel: FundedChannel, message: MessageOf<'closing_signed'>, ctx: Context): Result<Transition, ChannelFault> {
  const { config } = channel;
  const feeSat = message.feeSatoshis;
  const dustLimits = [config.local.dustLimitSatoshis, config.remote.dustLimitSatoshis];
  const valid = dustLimits.map((limit) => legacyTx(channel, feeSat, limit)).find(
    (built) => built.ok && verify(message.signature, built.value.sighash, config.remote.basepoints.fundingPubkey),
  ); // prettier-ignore
  if (!valid?.ok) return err(fault('invalid_closing_signature'));
  const { proposedFeeSat, done } = negotiationOf(channel);
  if (done && feeSat === proposedFeeSat) return ok(stay(channel));
  const [least, most] = config.isOpener ? [leastFeeSat(channel), mostFeeSat(channel, ctx)] : [sat(0n), config.fundingSatoshis];
  if (feeSat < least || feeSat > most) {
    // Theirs is beyond what we pay: name our bound once more, and leave it to them (and to the user) after that.
    if (negotiationOf(channel).theirFeeSat !== undefined || message.tlvs?.feeRange) return err(fault('closing_fee_out_of_bounds', `${least} to ${most}`, feeSat));
    const remembered = withNegotiation(channel, { ...negotiationOf(channel), theirFeeSat: feeSat });
    return ok(proposeLegacy(remembered, feeSat < least ? least : most, ctx));
  }
  const signature = sign(valid.value.sighash, ctx.keys.fundingSecret);
  const tx = signedClosingTx(valid.value, fundingOf(channel),
    { fundingPubkey: config.local.basepoints.fundingPubkey, signature },
    { fundingPubkey: config.remote.basepoints.fundingPubkey, signature: message.signature }); // prettier-ignore
  const reply: ChannelAction[] = proposedFeeSat === feeSat ? [] : [{ kind: 'send', message: legacyMessage(channel, feeSat, valid.value, ctx) }];
  const next = withNegotiation(channel, { ...negotiationOf(channel), proposedFeeSat: feeSat, theirFeeSat: feeSat, done: true });
  return ok(agreed(next, tx, feeSat, reply));
}

// option_simple_close

const TLV_OF = {
  closer_output_only: 'closerOutputOnly', closee_output_only: 'closeeOutputOnly', closer_and_closee_outputs: 'closerAndCloseeOutputs',
} as const satisfies Record<ClosingVariant, string>; // prettier-ignore
const VARIANTS = Object.keys(TLV_OF) as ClosingVariant[];

function simpleParams(channel: FundedChannel, closer: 'us' | 'peer', given: { readonly closerScript: Uint8Array; readonly closeeScript: Uint8Array; readonly feeSat: Sat; readonly locktime: number }): SimpleClosingParams {
  const { ourMsat, theirMsat } = channel.commitments;
  return { ...fundingOf(channel), ...given, closerMsat: closer === 'us' ? ourMsat : theirMsat, closeeMsat: closer === 'us' ? theirMsat : ourMsat };
}

/** BOLT 2, "closing_complete": a closing transaction whose fee we pay. Left out when we have nothing to pay it with. */
export function sendClosingComplete(channel: FundedChannel, ctx: Context): Transition {
  const feeSat = closingFeeSat(channel, ctx);
  const locktime = ctx.blockHeight;
  const scripts = { closerScript: ourScript(channel), closeeScript: theirScript(channel) };
  const params = simpleParams(channel, 'us', { ...scripts, feeSat, locktime });
  const variants = closerVariants(params);
  if (feeSat < relayFeeSat(agreedScripts(channel)) || !variants.ok) return [channel, []];
  const signed = variants.value.flatMap((variant) => {
    const built = simpleClosingTx(params, variant);
    return built.ok ? [{ variant, id: txid(built.value.tx), signature: sign(built.value.sighash, ctx.keys.fundingSecret) }] : [];
  });
  const closingTxids = signed.reduce((known, { id }) => withTxid(known, id), channel.closingTxids);
  const pendingComplete = { feeSat, locktime, closeeScript: scripts.closeeScript, variants: variants.value };
  const next = withNegotiation({ ...channel, closingTxids }, { ...negotiationOf(channel), pendingComplete });
  const message: MessageOf<'closing_complete'> = {
    name: 'closing_complete', channelId: channel.channelId, closerScriptpubkey: scripts.closerScript, closeeScriptpubkey: scripts.closeeScript,
    feeSatoshis: feeSat, locktime, tlvs: Object.fromEntries(signed.map(({ variant, signature }) => [TLV_OF[variant], signature])),
  }; // prettier-ignore
  return [next, [STORE, { kind: 'send', message }]];
}

/** BOLT 2, "The receiver of closing_complete": the peer pays, so any fee it can afford is fine with us. */
export function receiveClosingComplete(channel: FundedChannel, message: MessageOf<'closing_complete'>, ctx: Context): Result<Transition, ChannelFault> {
  const { config } = channel;
  if (!equal(message.closeeScriptpubkey, ourScript(channel)) || !isShutdownScript(message.closerScriptpubkey, channel.link)) return err(fault('invalid_shutdown_script'));
  const upfront = config.remote.upfrontShutdownScript;
  if (upfront.length > 0 && !equal(upfront, message.closerScriptpubkey)) return err(fault('invalid_shutdown_script'));
  const { feeSatoshis: feeSat, locktime } = message;
  if (feeSat > floorSat(channel.commitments.theirMsat)) return err(fault('closing_fee_out_of_bounds', channel.commitments.theirMsat, feeSat));
  const params = simpleParams(channel, 'peer', { closerScript: message.closerScriptpubkey, closeeScript: message.closeeScriptpubkey, feeSat, locktime });
  const variant = closeeVariant(params, VARIANTS.filter((name) => message.tlvs?.[TLV_OF[name]]));
  const theirs = variant && message.tlvs?.[TLV_OF[variant]];
  const built = variant && simpleClosingTx(params, variant);
  if (!variant || !theirs || !built?.ok || !verify(theirs, built.value.sighash, config.remote.basepoints.fundingPubkey)) return err(fault('invalid_closing_signature'));
  const signature = sign(built.value.sighash, ctx.keys.fundingSecret);
  const tx = signedClosingTx(built.value, fundingOf(channel),
    { fundingPubkey: config.local.basepoints.fundingPubkey, signature },
    { fundingPubkey: config.remote.basepoints.fundingPubkey, signature: theirs }); // prettier-ignore
  const reply: MessageOf<'closing_sig'> = {
    name: 'closing_sig', channelId: channel.channelId, closerScriptpubkey: message.closerScriptpubkey, closeeScriptpubkey: message.closeeScriptpubkey,
    feeSatoshis: feeSat, locktime, tlvs: { [TLV_OF[variant]]: signature },
  }; // prettier-ignore
  return ok(agreed({ ...channel, remoteShutdownScript: message.closerScriptpubkey }, tx, feeSat, [{ kind: 'send', message: reply }]));
}

/** BOLT 2, "The receiver of closing_sig". */
export function receiveClosingSig(channel: FundedChannel, message: MessageOf<'closing_sig'>, ctx: Context): Result<Transition, ChannelFault> {
  const pending = negotiationOf(channel).pendingComplete;
  if (!pending) return err(fault('unexpected_message'));
  const matches = equal(message.closerScriptpubkey, ourScript(channel)) && equal(message.closeeScriptpubkey, pending.closeeScript)
    && message.feeSatoshis === pending.feeSat && message.locktime === pending.locktime; // prettier-ignore
  const answered = VARIANTS.filter((name) => message.tlvs?.[TLV_OF[name]]);
  const [variant] = answered;
  const theirs = variant && message.tlvs?.[TLV_OF[variant]];
  if (!matches || answered.length !== 1 || !variant || !theirs || !pending.variants.includes(variant)) return err(fault('invalid_closing_signature', 'an answer to our closing_complete'));
  const params = simpleParams(channel, 'us', { closerScript: ourScript(channel), closeeScript: pending.closeeScript, feeSat: pending.feeSat, locktime: pending.locktime });
  const built = simpleClosingTx(params, variant);
  const { config } = channel;
  if (!built.ok || !verify(theirs, built.value.sighash, config.remote.basepoints.fundingPubkey)) return err(fault('invalid_closing_signature'));
  const tx = signedClosingTx(built.value, fundingOf(channel),
    { fundingPubkey: config.local.basepoints.fundingPubkey, signature: sign(built.value.sighash, ctx.keys.fundingSecret) },
    { fundingPubkey: config.remote.basepoints.fundingPubkey, signature: theirs }); // prettier-ignore
  const next = withNegotiation(channel, { ...negotiationOf(channel), pendingComplete: undefined, done: true });
  return ok(agreed(next, tx, pending.feeSat, []));
}
