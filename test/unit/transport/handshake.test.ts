import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import type { TransportFault } from '../../../core/transport/fault.ts';
import { type SessionKeys, initiate, respond } from '../../../core/transport/handshake.ts';
import vectors from '../../vectors/bolt8/transport.json' with { type: 'json' };

interface Case {
  readonly name: string;
  readonly steps: readonly { readonly input?: string; readonly output?: string }[];
  readonly remoteStaticPub?: string;
  readonly localStaticPriv: string;
  readonly ephemeralPriv: string;
  readonly sk?: string;
  readonly rk?: string;
  readonly error?: string;
}

const CODES: Readonly<Record<TransportFault['code'], string>> = {
  bad_length: 'READ_FAILED',
  bad_version: 'BAD_VERSION',
  bad_public_key: 'BAD_PUBKEY',
  bad_ciphertext: 'BAD_CIPHERTEXT',
  bad_tag: 'BAD_TAG',
};
const ACTS: Readonly<Record<string, string>> = { act_one: 'ACT1', act_two: 'ACT2', act_three: 'ACT3' };
/** A fault as the BOLT writes it, without the version number that it adds in places. */
const inBoltWords = (fault: TransportFault): string => `${ACTS[fault.at]}_${CODES[fault.code]}`;
const errorOf = (one: Case): string | undefined => one.error?.split(' ')[0];
const keysOf = (one: Case) => ({ ourKey: fromHex(one.localStaticPriv), ephemeralKey: fromHex(one.ephemeralPriv) });

/** What each side is expected to say, act by act, and what it ends with. */
interface Outcome {
  readonly outputs: readonly string[];
  readonly error?: string | undefined;
  readonly keys?: readonly string[];
}
const expected = (one: Case): Outcome => {
  const outputs = one.steps.flatMap(({ output }) => output ?? []);
  return one.error === undefined
    ? { outputs, keys: [one.sk!, one.rk!, vectors.messages.ck] }
    : { outputs, error: errorOf(one) };
};
const inHex = ({ sendingKey, receivingKey, chainingKey }: SessionKeys): readonly string[] =>
  [sendingKey, receivingKey, chainingKey].map(toHex);

function runInitiator(one: Case): Outcome {
  const { actOne, receiveActTwo } = initiate(keysOf(one), fromHex(one.remoteStaticPub!));
  const answer = receiveActTwo(fromHex(one.steps[1]!.input!));
  if (!answer.ok) return { outputs: [toHex(actOne)], error: inBoltWords(answer.error) };
  return { outputs: [toHex(actOne), toHex(answer.value.actThree)], keys: inHex(answer.value.keys) };
}

function runResponder(one: Case): Outcome {
  const responder = respond(keysOf(one), fromHex(one.steps[0]!.input!));
  if (!responder.ok) return { outputs: [], error: inBoltWords(responder.error) };
  const outputs = [toHex(responder.value.actTwo)];
  const done = responder.value.receiveActThree(fromHex(one.steps.at(-1)!.input!));
  return done.ok ? { outputs, keys: inHex(done.value.keys) } : { outputs, error: inBoltWords(done.error) };
}

describe('BOLT 8 initiator', () => {
  test.each(vectors.initiator as readonly Case[])('$name', (one) => {
    expect(runInitiator(one)).toEqual(expected(one));
  });
});

describe('BOLT 8 responder', () => {
  test.each(vectors.responder as readonly Case[])('$name', (one) => {
    expect(runResponder(one)).toEqual(expected(one));
  });

  test('learns the node id of the initiator', () => {
    const [{ steps, ...keys }] = vectors.responder as unknown as readonly [Case];
    const responder = respond(keysOf({ ...keys, steps }), fromHex(steps[0]!.input!));
    const done = responder.ok ? responder.value.receiveActThree(fromHex(steps[2]!.input!)) : responder;
    expect(done.ok && toHex(done.value.theirNodeId)).toBe(vectors.initiator[0]!.localStaticPub);
  });

  test('all 13 faults of the BOLT are among the vectors', () => {
    const faults = [...vectors.initiator, ...vectors.responder].filter((one) => 'error' in one);
    expect(faults).toHaveLength(13);
  });
});
