import { sha256 } from '../../../core/crypto/hash.ts';
import { publicKey, sign, signRecoverable, verify } from '../../../core/crypto/secp256k1.ts';
import { decodeInvoice, encodeInvoice } from '../../../core/invoice/bolt11.ts';
import { useFastestCurve } from '../../../core/io/native-curve.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat, sat } from '../../../core/lib/units.ts';
import { createOnion, peelOnion } from '../../../core/onion/packet.ts';
import { finalPayload, intermediatePayload } from '../../../core/onion/payload.ts';
import { invoiceFeatures } from '../../../core/payment/create-invoice.ts';
import { TransportReader, TransportWriter } from '../../../core/transport/cipher.ts';
import { type CommitmentParams, buildCommitment } from '../../../core/tx/commitment.ts';
import { fundingScript } from '../../../core/tx/funding.ts';
import { type Basepoints, commitmentKeys } from '../../../core/tx/keys.ts';
import { valueOf } from '../../support/channel-pair.ts';
import { sessionPair } from '../../support/transport.ts';
import { type Figure, figure, millisecondsOf, perSecond } from '../figures.ts';

const secret = (name: string): Uint8Array => sha256(utf8(name));
const point = (name: string): Uint8Array => publicKey(secret(name));
const basepoints = (side: string): Basepoints => ({
  fundingPubkey: point(`${side} funding`), revocationBasepoint: point(`${side} revocation`), paymentBasepoint: point(`${side} payment`),
  delayedPaymentBasepoint: point(`${side} delayed`), htlcBasepoint: point(`${side} htlc`),
}); // prettier-ignore

const HTLCS = 50;
/** Bytes of a message with one signature, about: what an update costs on the wire. */
const MESSAGE_BYTES = 200;
const ONION_HOPS = 4;

function commitmentParams(): CommitmentParams {
  const [local, remote] = [basepoints('local'), basepoints('remote')];
  return {
    channelType: 'anchors', fundingOutPoint: { txid: '11'.repeat(32), vout: 0 }, capacitySat: sat(10_000_000n), fundingScript: fundingScript(local.fundingPubkey, remote.fundingPubkey),
    commitmentNumber: 42, obscuringFactor: 0x123456789abcn, ownerIsOpener: true, keys: commitmentKeys(local, remote, point('commitment')),
    anchorPubkeys: { local: local.fundingPubkey, remote: remote.fundingPubkey }, toSelfDelay: 720, dustLimitSat: sat(354n), feeratePerKw: feeratePerKw(2500),
    toLocalMsat: msat(5_000_000_000n - BigInt(HTLCS) * 10_000_000n), toRemoteMsat: msat(5_000_000_000n),
    htlcs: Array.from({ length: HTLCS }, (_, i) => ({
      direction: i % 2 === 0 ? 'offered' : 'received', id: BigInt(i), amountMsat: msat(10_000_000n + BigInt(i)), paymentHash: secret(`hash ${i}`), cltvExpiry: 700 + i,
    })),
  }; // prettier-ignore
}

/** With everything that a side computes for a new commitment: sighashes of all its transactions. */
function commitmentFigure(): Figure {
  const params = commitmentParams();
  const build = (): void => {
    const commitment = buildCommitment(params);
    for (const htlc of commitment.htlcs) void htlc.remoteSighash;
    void commitment.sighash;
  };
  return figure('build_commitment_50_htlcs_ms', millisecondsOf(build), 'ms');
}

function onionFigure(): Figure {
  const names = Array.from({ length: ONION_HOPS }, (_, i) => `hop ${i}`);
  const forward = intermediatePayload({
    amtToForwardMsat: msat(1_000_000n),
    outgoingCltvValue: 800,
    shortChannelId: 1n,
  });
  const last = finalPayload({
    amtToForwardMsat: msat(1_000_000n),
    outgoingCltvValue: 800,
    paymentSecret: secret('payment'),
    totalMsat: msat(1_000_000n),
  });
  const hops = names.map((name, i) => ({ nodeId: point(name), payload: i < ONION_HOPS - 1 ? forward : last }));
  const [sessionKey, associatedData, nodeKey] = [secret('session'), secret('payment hash'), secret(names[0]!)];
  const roundTrip = (): void => {
    const { packet } = valueOf(createOnion({ sessionKey, hops, associatedData }));
    valueOf(peelOnion(packet, nodeKey, associatedData));
  };
  return figure('onion_create_4_hops_and_peel_per_s', perSecond(roundTrip), '1/s');
}

function transportFigure(): Figure {
  const { dialler, listener } = sessionPair();
  const [writer, reader, message] = [
    new TransportWriter(dialler),
    new TransportReader(listener),
    new Uint8Array(MESSAGE_BYTES),
  ];
  return figure('encrypt_and_decrypt_messages_per_s', perSecond(() => {
    if (reader.feed(writer.seal([message])).messages.length !== 1) throw new Error('a message was lost');
  }), '1/s'); // prettier-ignore
}

function invoiceFigure(): Figure {
  const text = valueOf(
    encodeInvoice(
      {
        network: 'regtest', amountMsat: msat(1_000_000n), timestampSeconds: 1_780_000_000, paymentHash: secret('hash'), paymentSecret: secret('secret'), description: 'Two coffees',
        expirySeconds: 3600, minFinalCltvExpiryDelta: 144, features: invoiceFeatures(false),
      },
      (hash) => signRecoverable(hash, secret('node')),
    ),
  ); // prettier-ignore
  return figure(
    'decode_invoice_per_s',
    perSecond(() => void valueOf(decodeInvoice(text, 'regtest'))),
    '1/s',
  );
}

/** One thread, without disk and network. */
export function measureMicro(): readonly Figure[] {
  useFastestCurve();
  const [hash, key] = [secret('message'), secret('key')];
  const [signature, signer] = [sign(hash, key), publicKey(key)];
  return [
    figure(
      'verify_per_s',
      perSecond(() => {
        if (!verify(signature, hash, signer)) throw new Error('a good signature was refused');
      }),
      '1/s',
    ),
    figure(
      'sign_per_s',
      perSecond(() => void sign(hash, key)),
      '1/s',
    ),
    commitmentFigure(),
    onionFigure(),
    transportFigure(),
    invoiceFigure(),
  ];
}
