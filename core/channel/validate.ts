import { isPoint } from '../crypto/secp256k1.ts';
import { equal } from '../lib/bytes.ts';
import { FEERATE_FLOOR_PER_KW, type Sat, msat, toMsat } from '../lib/units.ts';
import { anchorsCostSat, commitmentFeeSat } from '../tx/commitment.ts';
import type { Feature } from '../wire/features.ts';
import type { MessageOf } from '../wire/messages.ts';
import { parseChannelType } from './channel-type.ts';
import type { Context } from './context.ts';
import { type ChannelFault, fault } from './errors.ts';
import type { Proposal } from './handshake.ts';
import { POLICY, maxFeeratePerKw } from './policy.ts';
import { isShutdownScript } from './shutdown-script.ts';
import type { ChannelParams } from './types.ts';

type Terms = MessageOf<'open_channel'> | MessageOf<'accept_channel'>;

/** The part of open_channel or accept_channel that binds us from then on. */
export const announcedParams = (message: Terms): ChannelParams => ({
  dustLimitSatoshis: message.dustLimitSatoshis, maxHtlcValueInFlightMsat: message.maxHtlcValueInFlightMsat,
  channelReserveSatoshis: message.channelReserveSatoshis, htlcMinimumMsat: message.htlcMinimumMsat, toSelfDelay: message.toSelfDelay,
  maxAcceptedHtlcs: message.maxAcceptedHtlcs,
  basepoints: {
    fundingPubkey: message.fundingPubkey, revocationBasepoint: message.revocationBasepoint, paymentBasepoint: message.paymentBasepoint,
    delayedPaymentBasepoint: message.delayedPaymentBasepoint, htlcBasepoint: message.htlcBasepoint,
  },
  upfrontShutdownScript: message.tlvs?.upfrontShutdownScript ?? new Uint8Array(0),
}); // prettier-ignore

const LEAST_DUST_LIMIT_SAT = 354n;

/** The rules that both messages share (BOLT 2, "Other fields have the same requirements"). */
function checkTerms(message: Terms, fundingSat: Sat, ourDustLimitSat: Sat, ourReserveSat: Sat, negotiated: (feature: Feature) => boolean): ChannelFault | undefined {
  const pubkeys = ['fundingPubkey', 'revocationBasepoint', 'paymentBasepoint', 'delayedPaymentBasepoint', 'htlcBasepoint', 'firstPerCommitmentPoint'] as const;
  const bad = pubkeys.find((name) => !isPoint(message[name]));
  if (bad) return fault('invalid_pubkey', undefined, bad);
  if (message.toSelfDelay > POLICY.maxToSelfDelayBlocks) return fault('to_self_delay_too_large', POLICY.maxToSelfDelayBlocks, message.toSelfDelay);
  const { maxAcceptedHtlcs } = message;
  if (maxAcceptedHtlcs > POLICY.protocolMaxHtlcs || maxAcceptedHtlcs < POLICY.minAcceptedHtlcs) {
    return fault('max_accepted_htlcs_out_of_bounds', `${POLICY.minAcceptedHtlcs} to ${POLICY.protocolMaxHtlcs}`, maxAcceptedHtlcs);
  }
  const dust = message.dustLimitSatoshis;
  if (dust < LEAST_DUST_LIMIT_SAT || dust > POLICY.maxAcceptedDustLimitSat || dust > message.channelReserveSatoshis) {
    return fault('dust_limit_out_of_bounds', `${LEAST_DUST_LIMIT_SAT} to ${POLICY.maxAcceptedDustLimitSat}`, dust);
  }
  if (dust > ourReserveSat) return fault('dust_limit_out_of_bounds', ourReserveSat, dust);
  const mostReserve = (fundingSat * POLICY.maxReservePercent) / 100n;
  const reserve = message.channelReserveSatoshis;
  if (reserve < ourDustLimitSat || (reserve > mostReserve && reserve > 10_000n)) return fault('reserve_out_of_bounds', `${ourDustLimitSat} to ${mostReserve}`, reserve);
  if (message.htlcMinimumMsat > POLICY.maxAcceptedHtlcMinimumMsat) return fault('htlc_minimum_too_large', POLICY.maxAcceptedHtlcMinimumMsat, message.htlcMinimumMsat);
  if (message.maxHtlcValueInFlightMsat < POLICY.minInFlightMsat) return fault('in_flight_too_small', POLICY.minInFlightMsat, message.maxHtlcValueInFlightMsat);
  const script = message.tlvs?.upfrontShutdownScript;
  const forms = { anySegwit: negotiated('shutdownAnysegwit'), simpleClose: negotiated('simpleClose') };
  if (script && script.length > 0 && !isShutdownScript(script, forms)) return fault('invalid_shutdown_script');
  return undefined;
}

/** BOLT 2, "The open_channel Message": all that the receiver must or may refuse. */
export function checkOpen(message: MessageOf<'open_channel'>, negotiated: (feature: Feature) => boolean, local: ChannelParams, ctx: Context): ChannelFault | undefined {
  if (!equal(message.chainHash, ctx.chainHash)) return fault('unknown_chain');
  const funding = message.fundingSatoshis;
  if (funding < POLICY.minFundingSat || funding > POLICY.maxFundingSat) return fault('funding_out_of_bounds', `${POLICY.minFundingSat} to ${POLICY.maxFundingSat}`, funding);
  if (message.pushMsat > toMsat(funding)) return fault('push_exceeds_funding', toMsat(funding), message.pushMsat);
  const vector = message.tlvs?.channelType;
  const type = vector && parseChannelType(vector, negotiated);
  if (!type || (type.scidAlias && message.channelFlags & 1)) return fault('channel_type_unsuitable');
  const most = maxFeeratePerKw(ctx.feerates.commitment);
  if (message.feeratePerKw < FEERATE_FLOOR_PER_KW || message.feeratePerKw > most) return fault('feerate_out_of_bounds', `${FEERATE_FLOOR_PER_KW} to ${most}`, message.feeratePerKw);
  const terms = checkTerms(message, funding, local.dustLimitSatoshis, local.channelReserveSatoshis, negotiated);
  if (terms) return terms;
  const cost = toMsat(commitmentFeeSat(type.channelType, message.feeratePerKw, 0)) + toMsat(anchorsCostSat(type.channelType));
  const openerMsat = toMsat(funding) - message.pushMsat;
  if (openerMsat < cost) return fault('opener_cannot_pay_fee', cost, openerMsat);
  const toOpener = msat(openerMsat - cost);
  if (toOpener <= toMsat(message.channelReserveSatoshis) && message.pushMsat <= toMsat(message.channelReserveSatoshis)) return fault('both_below_reserve');
  return undefined;
}

/** BOLT 2, "The accept_channel Message", the receiver. */
export function checkAccept(message: MessageOf<'accept_channel'>, proposal: Proposal, local: ChannelParams): ChannelFault | undefined {
  const vector = message.tlvs?.channelType;
  if (!vector || !equal(vector, proposal.channelTypeVector)) return fault('channel_type_unsuitable');
  if (message.minimumDepth > POLICY.maxMinimumDepth) return fault('minimum_depth_too_large', POLICY.maxMinimumDepth, message.minimumDepth);
  return checkTerms(message, proposal.fundingSatoshis, local.dustLimitSatoshis, local.channelReserveSatoshis, proposal.negotiated);
}
