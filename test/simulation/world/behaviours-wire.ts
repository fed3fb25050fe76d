import { commitmentSecret } from '../../../core/crypto/commitment-secrets.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { concat, utf8 } from '../../../core/lib/bytes.ts';
import { feeratePerKw, msat } from '../../../core/lib/units.ts';
import type { Message } from '../../../core/wire/messages.ts';
import { keysOf } from '../../support/rig-keys.ts';
import type { Adversary } from './adversary.ts';
import type { Behaviour } from './behaviour.ts';

const NOTHING = new Uint8Array(32);
const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The same signature with the high S, which no relay takes (catalogue row 11). */
function highS(signature: Uint8Array): Uint8Array {
  const s = ORDER - BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
  return concat(signature.subarray(0, 32), new Uint8Array(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')));
}

/** M says something that its node does not know of. */
const saying = (name: string, make: (adversary: Adversary, channelId: Uint8Array) => readonly Message[]): Behaviour => ({
  name,
  begin: async (adversary) => {
    await adversary.traffic(2, adversary.below(120));
    const channel = adversary.aChannel();
    if (channel) for (const message of make(adversary, channel.channelId)) adversary.say(message);
  },
});

const bending = (name: string, bend: (adversary: Adversary) => void): Behaviour => ({
  name,
  begin: async (adversary) => {
    bend(adversary);
    await adversary.traffic(3, 150);
  },
});

const add = (adversary: Adversary, channelId: Uint8Array, over: Partial<Extract<Message, { name: 'update_add_htlc' }>>): Message => {
  const channel = adversary.channels().find((known) => known.channelId === channelId);
  return {
    name: 'update_add_htlc', channelId, id: channel?.commitments.nextOfferedId ?? 0n, amountMsat: msat(5_000_000n), paymentHash: sha256(utf8(`${adversary.world.steps}`)),
    cltvExpiry: adversary.world.chain.height + 200, onionRoutingPacket: new Uint8Array(1366), ...over,
  }; // prettier-ignore
};

const reestablish = (name: string, how: (message: Extract<Message, { name: 'channel_reestablish' }>, adversary: Adversary) => readonly Message[]): Behaviour => ({
  name: `reestablish: ${name}`,
  begin: async (adversary) => {
    await adversary.traffic(2, adversary.below(200));
    adversary.change('channel_reestablish', (message) => how(message, adversary));
    adversary.reconnect();
    await adversary.play.run(60);
  },
});

const stalls: readonly Behaviour[] = [
  bending('stall: silence', (adversary) => (adversary.bend = () => [])),
  bending('stall: never revokes', (adversary) => adversary.swallow('revoke_and_ack')),
  bending('stall: never signs', (adversary) => adversary.swallow('commitment_signed')),
  bending('stall: keeps the preimage to itself', (adversary) => adversary.silentFrom('update_fulfill_htlc')),
  bending('stall: never fails what it will not take', (adversary) => adversary.silentFrom('update_fail_htlc')),
  bending('stall: swallows a third of everything', (adversary) => (adversary.bend = (bytes) => (adversary.world.draw() < 0.33 ? [] : [bytes]))),
  bending('flapping line', (adversary) => adversary.change('commitment_signed', (message) => {
    if (adversary.world.draw() < 0.4) adversary.reconnect();
    return [message];
  })), // prettier-ignore
];

const replays: readonly Behaviour[] = [
  bending('replay: everything twice', (adversary) => (adversary.bend = (bytes) => [bytes, bytes])),
  bending('replay: something older after everything', (adversary) => (adversary.bend = (bytes) => [bytes, adversary.world.any(adversary.play.watch.sentByM).bytes])),
  bending('replay: old revocations', (adversary) => adversary.change('revoke_and_ack', (message) => [message, message])),
  bending('replay: pairs change places', (adversary) => {
    let held: Uint8Array | undefined;
    adversary.bend = (bytes) => {
      const [first, second] = [bytes, held];
      held = second ? undefined : first;
      return second ? [first, second] : [];
    };
  }),
];

const lies: readonly Behaviour[] = [
  bending('lie: a wrong commitment signature', (adversary) => adversary.change('commitment_signed', (message) => [{ ...message, signature: flipped(message.signature, 40) }])),
  bending('lie: a wrong HTLC signature', (adversary) => adversary.change('commitment_signed', (message) => [{ ...message, htlcSignatures: message.htlcSignatures.map((signature) => flipped(signature, 40)) }])),
  bending('lie: signatures with a high S', (adversary) => adversary.change('commitment_signed', (message) => [{ ...message, signature: highS(message.signature) }])),
  bending('lie: HTLC signatures with a high S', (adversary) => adversary.change('commitment_signed', (message) => [{ ...message, htlcSignatures: message.htlcSignatures.map(highS) }])),
  bending('lie: a signature too few', (adversary) => adversary.change('commitment_signed', (message) => [{ ...message, htlcSignatures: message.htlcSignatures.slice(1) }])),
  bending('lie: a wrong revocation secret', (adversary) => adversary.change('revoke_and_ack', (message) => [{ ...message, perCommitmentSecret: flipped(message.perCommitmentSecret, 3) }])),
  bending('lie: another next point', (adversary) => adversary.change('revoke_and_ack', (message) => [{ ...message, nextPerCommitmentPoint: publicKey(sha256(message.perCommitmentSecret)) }])),
  bending('lie: a wrong preimage', (adversary) => adversary.change('update_fulfill_htlc', (message) => [{ ...message, paymentPreimage: flipped(message.paymentPreimage, 0) }])),
  bending('lie: fulfils and then fails', (adversary) => adversary.change('update_fulfill_htlc', (message) => [message, { name: 'update_fail_htlc', channelId: message.channelId, id: message.id, reason: new Uint8Array(292) }])),
  bending('lie: fails what it was paid for', (adversary) => adversary.change('update_fulfill_htlc', (message) => [{ name: 'update_fail_htlc', channelId: message.channelId, id: message.id, reason: new Uint8Array(292) }])),
  bending('lie: malformed without its bit', (adversary) => adversary.change('update_fulfill_htlc', (message) => [{ name: 'update_fail_malformed_htlc', channelId: message.channelId, id: message.id, sha256OfOnion: NOTHING, failureCode: 5 }])),
  bending('noise: bits flip', (adversary) => (adversary.bend = (bytes) => [adversary.world.draw() < 0.2 ? flipped(bytes, 2 + adversary.below(bytes.length - 2)) : bytes])),
  bending('noise: messages are cut', (adversary) => (adversary.bend = (bytes) => [adversary.world.draw() < 0.1 ? bytes.subarray(0, 2 + adversary.below(bytes.length)) : bytes])),
];

const words: readonly Behaviour[] = [
  saying('add: more than there is', (adversary, channelId) => [add(adversary, channelId, { amountMsat: msat(900_000_000_000n) })]),
  saying('add: nothing', (adversary, channelId) => [add(adversary, channelId, { amountMsat: msat(0n) })]),
  saying('add: an id out of order', (adversary, channelId) => [add(adversary, channelId, { id: 900n })]),
  saying('add: expired', (adversary, channelId) => [add(adversary, channelId, { cltvExpiry: 10 })]),
  saying('add: for ever', (adversary, channelId) => [add(adversary, channelId, { cltvExpiry: 499_999_999 })]),
  saying('add: a flood of dust', (adversary, channelId) => {
    const first = add(adversary, channelId, { amountMsat: msat(300_000n) }) as Extract<Message, { name: 'update_add_htlc' }>;
    return Array.from({ length: 300 }, (_, i) => ({ ...first, id: first.id + BigInt(i) }));
  }),
  saying('fee: absurdly high', (_, channelId) => [{ name: 'update_fee', channelId, feeratePerKw: feeratePerKw(4_000_000) }]),
  saying('fee: none', (_, channelId) => [{ name: 'update_fee', channelId, feeratePerKw: feeratePerKw(0) }]),
  saying('fulfil: what does not exist', (_, channelId) => [{ name: 'update_fulfill_htlc', channelId, id: 77n, paymentPreimage: NOTHING }]),
  saying('shutdown: to a script of its own kind', (_, channelId) => [{ name: 'shutdown', channelId, scriptpubkey: utf8('anything') }]),
  saying('shutdown: and then an HTLC', (adversary, channelId) => [{ name: 'shutdown', channelId, scriptpubkey: adversary.purse }, add(adversary, channelId, {})]),
  saying('error: about one channel', (_, channelId) => [{ name: 'error', channelId, data: utf8('I do not like it') }]),
  saying('error: about all channels', () => [{ name: 'error', channelId: NOTHING, data: utf8('I like none of it') }]),
  saying('warning: a flood', (_, channelId) => Array.from({ length: 100 }, () => ({ name: 'warning', channelId, data: utf8('beware') }))),
  saying('ready: again, with another point', (adversary, channelId) => [{ name: 'channel_ready', channelId, secondPerCommitmentPoint: publicKey(sha256(utf8(`${adversary.world.steps}`))) }]),
  saying('revocation: unasked', (_, channelId) => [{ name: 'revoke_and_ack', channelId, perCommitmentSecret: sha256(channelId), nextPerCommitmentPoint: publicKey(sha256(channelId)) }]),
  saying('signature: unasked', (_, channelId) => [{ name: 'commitment_signed', channelId, signature: new Uint8Array(64).fill(1), htlcSignatures: [] }]),
  saying('closing: unasked', (_, channelId) => [{ name: 'closing_signed', channelId, feeSatoshis: 1n as never, signature: new Uint8Array(64).fill(1) }]),
];

const reestablishes: readonly Behaviour[] = [
  reestablish('ahead without a proof', (message) => [{ ...message, nextRevocationNumber: message.nextRevocationNumber + 5n, yourLastPerCommitmentSecret: sha256(NOTHING) }]),
  reestablish('far ahead', (message) => [{ ...message, nextCommitmentNumber: message.nextCommitmentNumber + 100n }]),
  reestablish('number 0', (message) => [{ ...message, nextCommitmentNumber: 0n }]),
  reestablish('number 2^48', (message) => [{ ...message, nextRevocationNumber: 1n << 48n }]),
  reestablish('far behind, with the proof', (message, adversary) => {
    const channel = adversary.channels().find(({ channelId }) => channelId.every((byte, i) => byte === message.channelId[i]));
    const theirs = adversary.world.node('A').channels.byId(message.channelId);
    if (!channel || !theirs || message.nextRevocationNumber < 3n) return [message];
    return [{ ...message, nextCommitmentNumber: 1n, nextRevocationNumber: 1n, yourLastPerCommitmentSecret: commitmentSecret(keysOf('A', theirs.config.channelNumber).commitmentSeed, 0) }];
  }),
  reestablish('a wrong last secret', (message) => [{ ...message, yourLastPerCommitmentSecret: flipped(message.yourLastPerCommitmentSecret, 9) }]),
  reestablish('one behind, whatever was said', (message, { play }) => {
    play.watch.mRepeats = true;
    return [{ ...message, nextCommitmentNumber: message.nextCommitmentNumber > 1n ? message.nextCommitmentNumber - 1n : 1n }];
  }),
  reestablish('twice', (message) => [message, message]),
  reestablish('never', () => []),
];

const strangers: readonly Behaviour[] = [
  saying('a channel that there is not', (_, channelId) => [
    { name: 'update_fee', channelId: sha256(channelId), feeratePerKw: feeratePerKw(500) },
    { name: 'channel_reestablish', channelId: sha256(channelId), nextCommitmentNumber: 1n, nextRevocationNumber: 0n, yourLastPerCommitmentSecret: NOTHING, myCurrentPerCommitmentPoint: publicKey(sha256(channelId)) },
  ]),
  { name: 'noise: unknown types', begin: (adversary) => [Uint8Array.of(0x7f, 0xff), Uint8Array.of(0x7f, 0xfe), new Uint8Array(0), Uint8Array.of(1)].forEach((bytes) => adversary.sayBytes(bytes)) },
];

export const WIRE_BEHAVIOURS: readonly Behaviour[] = [...stalls, ...replays, ...lies, ...words, ...reestablishes, ...strangers];
