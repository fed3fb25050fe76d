import { describe, expect, it } from 'vitest';
import { channelTypeVector } from '../../../core/channel/channel-type.ts';
import type { ChannelFaultCode } from '../../../core/channel/errors.ts';
import { fundingKnown, isFor, proposeChannel, receiveAccept, receiveFundingCreated, receiveFundingSigned, receiveOpen } from '../../../core/channel/handshake.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import { type MessageOf, decodeMessage, encodeMessage } from '../../../core/wire/messages.ts';
import { featureVector } from '../../../core/wire/features.ts';
import { contextOf, highS, sentOf, through, valueOf, walletScriptOf } from '../../support/channel-pair.ts';

const alice = contextOf('alice');
const bob = contextOf('bob');
const FUNDING_SAT = 1_000_000n;
const temporaryChannelId = new Uint8Array(32).fill(9);
const peerNodeId = publicKey(new Uint8Array(32).fill(3));
const everything = (): boolean => true;

const proposal = {
  channelNumber: 1, peerNodeId, temporaryChannelId, fundingSatoshis: sat(FUNDING_SAT), pushMsat: msat(0n), feeratePerKw: feeratePerKw(2500),
  channelTypeVector: channelTypeVector({ channelType: 'anchors', scidAlias: false }), localAlias: 1n, negotiated: everything,
}; // prettier-ignore
const [waiting, openChannel] = proposeChannel(proposal, alice);
const given = { channelNumber: 1, peerNodeId, localAlias: 2n, negotiated: everything };
const openedWith = (over: Partial<MessageOf<'open_channel'>>, negotiated: (feature: string) => boolean = everything) =>
  receiveOpen(through({ ...openChannel, ...over }), { ...given, negotiated }, bob);
const [, acceptChannel] = valueOf(openedWith({}));

/** A key that decodes as nothing: the wire refuses it before the channel sees it. */
const noPoint = new Uint8Array(33).fill(5);
const tlvs = (channelType: Uint8Array | undefined, upfrontShutdownScript = new Uint8Array(0)) =>
  ({ upfrontShutdownScript, ...(channelType ? { channelType } : {}) });
const anchors = proposal.channelTypeVector;

type OpenCase = readonly [rule: string, over: Partial<MessageOf<'open_channel'>>, code: ChannelFaultCode];
const REFUSED_OPENS: readonly OpenCase[] = [
  ['an unknown chain', { chainHash: new Uint8Array(32) }, 'unknown_chain'],
  ['funding of 2^24', { fundingSatoshis: sat(1n << 24n) }, 'funding_out_of_bounds'],
  ['too little funding', { fundingSatoshis: sat(19_999n) }, 'funding_out_of_bounds'],
  ['a push over the funding', { pushMsat: msat(FUNDING_SAT * 1000n + 1n) }, 'push_exceeds_funding'],
  ['a push that leaves nothing for the fee', { pushMsat: msat(FUNDING_SAT * 1000n) }, 'opener_cannot_pay_fee'],
  ['a push that leaves one msat too little for fee and anchors', { pushMsat: msat(FUNDING_SAT * 1000n - (2810n + 660n) * 1000n + 1n) }, 'opener_cannot_pay_fee'],
  ['an unreasonable to_self_delay', { toSelfDelay: 2017 }, 'to_self_delay_too_large'],
  ['over 483 HTLCs', { maxAcceptedHtlcs: 484 }, 'max_accepted_htlcs_out_of_bounds'],
  ['too few HTLCs', { maxAcceptedHtlcs: 4 }, 'max_accepted_htlcs_out_of_bounds'],
  ['a fee rate that does not relay', { feeratePerKw: feeratePerKw(252) }, 'feerate_out_of_bounds'],
  ['an unreasonable fee rate', { feeratePerKw: feeratePerKw(75_001) }, 'feerate_out_of_bounds'],
  ['a dust limit over the reserve', { dustLimitSatoshis: sat(1001n), channelReserveSatoshis: sat(1000n) }, 'dust_limit_out_of_bounds'],
  ['a dust limit under 354', { dustLimitSatoshis: sat(353n) }, 'dust_limit_out_of_bounds'],
  ['a dust limit that burns what we are paid', { dustLimitSatoshis: sat(10_001n), channelReserveSatoshis: sat(10_001n) }, 'dust_limit_out_of_bounds'],
  ['a reserve under our dust limit', { channelReserveSatoshis: sat(353n), dustLimitSatoshis: sat(354n) }, 'dust_limit_out_of_bounds'],
  ['a reserve over 5 %', { channelReserveSatoshis: sat(50_001n) }, 'reserve_out_of_bounds'],
  ['a high htlc_minimum_msat', { htlcMinimumMsat: msat(100_001n) }, 'htlc_minimum_too_large'],
  ['a low max_htlc_value_in_flight_msat', { maxHtlcValueInFlightMsat: msat(999_999n) }, 'in_flight_too_small'],
  ['both sides within the reserve', { fundingSatoshis: sat(25_000n), channelReserveSatoshis: sat(10_000n), pushMsat: msat(10_000_000n), feeratePerKw: feeratePerKw(5000) }, 'both_below_reserve'],
  ['no channel_type', { tlvs: tlvs(undefined) }, 'channel_type_unsuitable'],
  ['an empty channel_type', { tlvs: tlvs(new Uint8Array(0)) }, 'channel_type_unsuitable'],
  ['anchors without static_remotekey', { tlvs: tlvs(featureVector([22])) }, 'channel_type_unsuitable'],
  ['an unknown channel_type', { tlvs: tlvs(featureVector([12, 22, 62])) }, 'channel_type_unsuitable'],
  ['an odd bit in channel_type', { tlvs: tlvs(featureVector([12, 23])) }, 'channel_type_unsuitable'],
  ['option_zeroconf from a stranger', { tlvs: tlvs(featureVector([12, 22, 50])) }, 'channel_type_unsuitable'],
  ['a channel_type with a leading zero', { tlvs: tlvs(Uint8Array.of(0, ...anchors)) }, 'channel_type_unsuitable'],
  ['scid_alias for an announced channel', { tlvs: tlvs(featureVector([12, 22, 46])), channelFlags: 1 }, 'channel_type_unsuitable'],
  ['an invalid upfront shutdown script', { tlvs: tlvs(anchors, Uint8Array.of(0x76, 0xa9)) }, 'invalid_shutdown_script'],
]; // prettier-ignore

const ACCEPTED_OPENS: readonly (readonly [rule: string, over: Partial<MessageOf<'open_channel'>>])[] = [
  ['funding of 2^24 - 1', { fundingSatoshis: sat((1n << 24n) - 1n) }],
  ['the least funding', { fundingSatoshis: sat(20_000n), channelReserveSatoshis: sat(1000n) }],
  ['the largest push', { pushMsat: msat(FUNDING_SAT * 1000n - (2810n + 660n) * 1000n) }],
  ['a to_self_delay of 2016', { toSelfDelay: 2016 }],
  ['483 HTLCs', { maxAcceptedHtlcs: 483 }],
  ['the least count of HTLCs', { maxAcceptedHtlcs: 5 }],
  ['the least fee rate', { feeratePerKw: feeratePerKw(253) }],
  ['the highest fee rate', { feeratePerKw: feeratePerKw(75_000) }],
  ['a dust limit of the reserve', { dustLimitSatoshis: sat(1000n), channelReserveSatoshis: sat(1000n) }],
  ['the least dust limit', { dustLimitSatoshis: sat(354n) }],
  ['the largest dust limit', { dustLimitSatoshis: sat(10_000n), channelReserveSatoshis: sat(10_000n) }],
  ['a reserve of 5 %', { channelReserveSatoshis: sat(50_000n) }],
  ['static_remotekey', { tlvs: tlvs(featureVector([12])) }],
  ['scid_alias for a private channel', { tlvs: tlvs(featureVector([12, 22, 46])) }],
  ['undefined bits of channel_flags', { channelFlags: 0xfe }],
  ['an upfront shutdown script', { tlvs: tlvs(anchors, Uint8Array.of(0x51, 32, ...new Uint8Array(32))) }],
]; // prettier-ignore

describe('open_channel', () => {
  it.each(REFUSED_OPENS)('is refused for %s', (_, over, code) => {
    expect(openedWith(over)).toMatchObject({ ok: false, error: { code } });
  });

  it.each(ACCEPTED_OPENS)('is accepted with %s', (_, over) => {
    expect(openedWith(over)).toMatchObject({ ok: true });
  });

  it('may not ask for a channel type whose feature was not negotiated', () => {
    expect(openedWith({}, (feature) => feature !== 'anchors')).toMatchObject({ ok: false, error: { code: 'channel_type_unsuitable' } });
    expect(openedWith({ tlvs: tlvs(featureVector([12, 46])) }, (feature) => feature !== 'scidAlias')).toMatchObject({ ok: false });
  });

  it.each(['fundingPubkey', 'revocationBasepoint', 'paymentBasepoint', 'delayedPaymentBasepoint', 'htlcBasepoint', 'firstPerCommitmentPoint'] as const)(
    'is malformed when %s is no point',
    (name) => {
      expect(() => decodeMessage(encodeMessage({ ...openChannel, [name]: noPoint }))).toThrow('point');
      const unchecked = receiveOpen({ ...openChannel, [name]: noPoint }, given, bob);
      expect(unchecked).toMatchObject({ ok: false, error: { code: 'invalid_pubkey', actual: name } });
    },
  );

  it('proposes terms that obey its own rules', () => {
    expect(openChannel.channelReserveSatoshis).toBe(10_000n);
    expect(openChannel.dustLimitSatoshis <= openChannel.channelReserveSatoshis).toBe(true);
    expect(openChannel.channelFlags).toBe(0);
    expect(openChannel.tlvs).toEqual({ upfrontShutdownScript: new Uint8Array(0), channelType: anchors });
    expect(openChannel.toSelfDelay).toBe(720);
  });
});

type AcceptCase = readonly [rule: string, over: Partial<MessageOf<'accept_channel'>>, code: ChannelFaultCode];
const REFUSED_ACCEPTS: readonly AcceptCase[] = [
  ['an unreasonable minimum_depth', { minimumDepth: 145 }, 'minimum_depth_too_large'],
  ['a reserve under our dust limit', { channelReserveSatoshis: sat(353n), dustLimitSatoshis: sat(353n) }, 'dust_limit_out_of_bounds'],
  ['a dust limit that burns what we are paid', { dustLimitSatoshis: sat(10_001n), channelReserveSatoshis: sat(10_001n) }, 'dust_limit_out_of_bounds'],
  ['no channel_type', { tlvs: tlvs(undefined) }, 'channel_type_unsuitable'],
  ['another channel_type', { tlvs: tlvs(featureVector([12])) }, 'channel_type_unsuitable'],
  ['an unreasonable to_self_delay', { toSelfDelay: 2017 }, 'to_self_delay_too_large'],
  ['over 483 HTLCs', { maxAcceptedHtlcs: 484 }, 'max_accepted_htlcs_out_of_bounds'],
  ['too few HTLCs', { maxAcceptedHtlcs: 4 }, 'max_accepted_htlcs_out_of_bounds'],
  ['a dust limit over its reserve', { dustLimitSatoshis: sat(2000n), channelReserveSatoshis: sat(1999n) }, 'dust_limit_out_of_bounds'],
  ['a dust limit under 354', { dustLimitSatoshis: sat(353n) }, 'dust_limit_out_of_bounds'],
  ['a reserve over 5 %', { channelReserveSatoshis: sat(50_001n) }, 'reserve_out_of_bounds'],
  ['a high htlc_minimum_msat', { htlcMinimumMsat: msat(100_001n) }, 'htlc_minimum_too_large'],
  ['a low max_htlc_value_in_flight_msat', { maxHtlcValueInFlightMsat: msat(999_999n) }, 'in_flight_too_small'],
  ['an invalid upfront shutdown script', { tlvs: tlvs(anchors, Uint8Array.of(0x6a)) }, 'invalid_shutdown_script'],
]; // prettier-ignore

describe('accept_channel', () => {
  it.each(REFUSED_ACCEPTS)('is refused for %s', (_, over, code) => {
    expect(receiveAccept(waiting, through({ ...acceptChannel, ...over }))).toMatchObject({ ok: false, error: { code } });
  });

  it('is refused for a dust limit over the reserve that we ask', () => {
    const small = { ...waiting, local: { ...waiting.local, channelReserveSatoshis: sat(1000n) } };
    const over = { dustLimitSatoshis: sat(1001n), channelReserveSatoshis: sat(1001n) };
    expect(receiveAccept(small, { ...acceptChannel, ...over })).toMatchObject({ ok: false, error: { code: 'dust_limit_out_of_bounds', expected: '1000' } });
    expect(receiveAccept(small, { ...acceptChannel, ...over, dustLimitSatoshis: sat(1000n) })).toMatchObject({ ok: true });
  });

  it('is refused when its reserve is under our dust limit', () => {
    const big = { ...waiting, local: { ...waiting.local, dustLimitSatoshis: sat(5000n) } };
    const over = { channelReserveSatoshis: sat(4999n) };
    expect(receiveAccept(big, { ...acceptChannel, ...over })).toMatchObject({ ok: false, error: { code: 'reserve_out_of_bounds' } });
    expect(receiveAccept(big, { ...acceptChannel, channelReserveSatoshis: sat(5000n) })).toMatchObject({ ok: true });
  });

  it.each([['minimum_depth of 144', { minimumDepth: 144 }], ['minimum_depth of 0', { minimumDepth: 0 }], ['483 HTLCs', { maxAcceptedHtlcs: 483 }]] as const)('is accepted with %s', (_, over) => {
    expect(receiveAccept(waiting, through({ ...acceptChannel, ...over }))).toMatchObject({ ok: true });
  });

  it('repeats the channel_type and asks a reserve over the dust limit of the opener', () => {
    expect(acceptChannel.tlvs?.channelType).toEqual(anchors);
    expect(acceptChannel.temporaryChannelId).toEqual(temporaryChannelId);
    const [, accept] = valueOf(openedWith({ fundingSatoshis: sat(100_000n), dustLimitSatoshis: sat(5000n), channelReserveSatoshis: sat(5000n) }));
    expect(accept.channelReserveSatoshis).toBe(5000n);
    expect(accept.minimumDepth).toBe(3);
    expect(valueOf(openedWith({ fundingSatoshis: sat(10_000_000n) }))[1].minimumDepth).toBe(8);
  });
});

describe('the signatures on the first commitments', () => {
  const [fundee, accept] = valueOf(openedWith({}));
  const accepted = valueOf(receiveAccept(waiting, accept));
  const outPoint = { txid: 'ab'.repeat(32), vout: 1 };
  const [signing, created] = fundingKnown(accepted, outPoint, alice);
  const [, bobActions] = valueOf(receiveFundingCreated(fundee, created, () => walletScriptOf('bob'), bob));
  const [signed] = sentOf(bobActions, 'funding_signed');
  const fundingTx = { version: 2, locktime: 0, inputs: [], outputs: [] };
  const spent = (what: string) => (): never => {
    throw new Error(`${what} was used for a channel that there is not`);
  };
  const refusedCreated = (over: Partial<typeof created>) => receiveFundingCreated(fundee, { ...created, ...over }, spent('an address'), bob);

  it('are stored before they leave, and before the funding transaction is published', () => {
    expect(bobActions[0]).toEqual({ kind: 'store' });
    const [channel, actions] = valueOf(receiveFundingSigned(signing, signed!, { freshScript: () => walletScriptOf('alice'), signedFundingTx: () => fundingTx }, alice));
    expect(actions.map(({ kind }) => kind)).toEqual(['store', 'journal', 'ledger', 'publish']);
    expect(channel).toMatchObject({ phase: 'opening', walletScript: walletScriptOf('alice') });
  });

  it.each([
    ['another signature', signed!.signature],
    ['the S of the other half', highS(created.signature)],
    ['zeroes', new Uint8Array(64)],
  ])('funding_created with %s is refused, and no address is used up', (_, signature) => {
    expect(refusedCreated({ signature })).toMatchObject({ ok: false, error: { code: 'invalid_commitment_signature' } });
  });

  it('funding_created with another outpoint than the signed one is refused', () => {
    expect(refusedCreated({ fundingOutputIndex: 0 })).toMatchObject({ ok: false });
    expect(refusedCreated({ fundingTxid: new Uint8Array(32) })).toMatchObject({ ok: false });
    expect(refusedCreated({ fundingTxid: new Uint8Array(32).fill(255) })).toMatchObject({ ok: false });
  });

  it.each([
    ['another signature', created.signature],
    ['the S of the other half', highS(signed!.signature)],
    ['zeroes', new Uint8Array(64)],
  ])('funding_signed with %s is refused and the funding transaction never made', (_, signature) => {
    const finish = { freshScript: spent('an address'), signedFundingTx: spent('the funding transaction') };
    expect(receiveFundingSigned(signing, { ...signed!, signature }, finish, alice)).toMatchObject({ ok: false, error: { code: 'invalid_commitment_signature' } });
  });

  it('derives channel_id from the outpoint', () => {
    expect(signed!.channelId).toEqual(signing.channelId);
    expect(signing.channelId[31]! ^ 0xab).toBe(1);
    expect(isFor(signing, signing.channelId)).toBe(true);
    expect(isFor(signing, temporaryChannelId)).toBe(true);
    expect(isFor(fundee, signing.channelId)).toBe(false);
  });
});
