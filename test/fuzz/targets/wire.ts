import * as fc from 'fast-check';
import { networks } from '../../../core/bitcoin/network.ts';
import { tlv, tlvStream } from '../../../core/codec/tlv.ts';
import { amountMsat, bigsize, bytes, decodeWith, encodeWith, listToEnd, u16, u64 } from '../../../core/codec/codec.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { msat } from '../../../core/lib/units.ts';
import { checkInit, ourInit } from '../../../core/wire/init.ts';
import { type Message, decodeMessage, encodeMessage, rows } from '../../../core/wire/messages.ts';
import { point } from '../../../core/wire/primitives.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { messagesOf } from '../../support/messages.ts';
import { mutate } from '../../support/mutate.ts';
import { type AnyTarget, bytesTarget, nonsense, takes } from '../target.ts';

/** Whatever is read can be written, and what was written is read as the same. */
function survives(input: Uint8Array): void {
  const decoded = decodeMessage(input);
  if (!decoded.known) return;
  const again = decodeMessage(encodeMessage(decoded.message));
  if (!again.known || again.message.name !== decoded.message.name) nonsense('written differently');
}

function messageTargets(): AnyTarget[] {
  return rows.map((row) => {
    const valid = fc.sample(messagesOf(row), { numRuns: 20, seed: 7 }).map(encodeMessage);
    // The type stays, so that each row's own decoder is met every time.
    return bytesTarget(
      `message ${row.name}`,
      (random) => {
        const chosen = random.pick(valid);
        const body = mutate(chosen.subarray(2), random);
        const input = new Uint8Array(2 + body.length);
        input.set(chosen.subarray(0, 2));
        input.set(body, 2);
        return input;
      },
      (input) => takes(() => survives(input)),
    );
  });
}

const ours = { chainHash: networks.regtest.chainHash };

/** The records of BOLT 1's own examples, and one list. */
const table = { amount: tlv(1, amountMsat), channel: tlv(2, u64), pair: tlv(3, point), list: tlv(5, listToEnd(bytes(32))), delta: tlv(254, u16) };
const stream = tlvStream(table);

export function wireTargets(): readonly AnyTarget[] {
  const init = encodeMessage(ourInit(ours, utf8('\u0001abcdef')) as Message);
  const records = encodeWith(stream, {
    amount: msat(5n), channel: 7n, pair: publicKey(new Uint8Array(32).fill(3)), delta: 144, list: [new Uint8Array(32), new Uint8Array(32).fill(1)],
    unknownRecords: [{ type: 77n, value: utf8('odd') }],
  }); // prettier-ignore
  return [
    ...messageTargets(),
    bytesTarget('message of any type', (random) => mutate(random.pick([init, random.bytes(random.below(200))]), random), (input) => takes(() => decodeMessage(input))),
    bytesTarget('init and its features', (random) => mutate(init, random), (input) =>
      takes(() => {
        const decoded = decodeMessage(input);
        if (decoded.known && decoded.message.name === 'init') checkInit(decoded.message, ours);
      })), // prettier-ignore
    bytesTarget('tlv stream', (random) => mutate(records, random), (input) =>
      takes(() => {
        if (encodeWith(stream, decodeWith(stream, input)).length !== input.length) nonsense('written differently');
      })), // prettier-ignore
    bytesTarget('bigsize', (random) => random.bytes(random.below(11)), (input) => takes(() => decodeWith(bigsize, input))),
  ];
}
