import { TransportReader, TransportWriter } from '../../../core/transport/cipher.ts';
import { type Responder, initiate, respond } from '../../../core/transport/handshake.ts';
import { equal } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { mutate } from '../../support/mutate.ts';
import { DIALLER_KEY, LISTENER_ID, LISTENER_KEY, sessionPair } from '../../support/transport.ts';
import { type AnyTarget, bytesTarget, nonsense } from '../target.ts';

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function handshake() {
  const initiator = initiate({ ourKey: DIALLER_KEY, ephemeralKey: key(0x12) }, LISTENER_ID);
  const answered = respond({ ourKey: LISTENER_KEY, ephemeralKey: key(0x22) }, initiator.actOne);
  const responder: Responder = must(answered.ok ? answered.value : undefined, 'act two');
  const finished = initiator.receiveActTwo(responder.actTwo);
  return { initiator, responder, actThree: must(finished.ok ? finished.value : undefined, 'act three').actThree };
}

/** Nobody without the keys makes an act that is taken. */
const actTarget = (name: string, act: Uint8Array, receive: (input: Uint8Array) => { readonly ok: boolean }): AnyTarget =>
  bytesTarget(name, (random) => mutate(act, random), (input) => {
    const { ok } = receive(input);
    if (ok && !equal(input, act)) nonsense('a forged act was taken');
    return ok;
  }); // prettier-ignore

function readerTarget(): AnyTarget {
  const { dialler, listener } = sessionPair();
  const sent = [0, 2, 40, 300, 1500].map((length) => new Uint8Array(length).fill(length));
  const stream = new TransportWriter(dialler).seal(sent);
  return {
    name: 'BOLT 8 transport reader',
    input: (random) => ({ bytes: mutate(stream, random), cut: random.below(stream.length) }),
    sizeOf: ({ bytes }) => bytes.length,
    feed: ({ bytes, cut }: { readonly bytes: Uint8Array; readonly cut: number }) => {
      const reader = new TransportReader(listener);
      const [first, second] = [reader.feed(bytes.subarray(0, cut)), reader.feed(bytes.subarray(cut))];
      const received = [...first.messages, ...second.messages];
      if (received.some((message, i) => !sent[i] || !equal(message, sent[i]))) nonsense('a message was made up');
      return !second.fault && !first.fault;
    },
  };
}

export function transportTargets(): readonly AnyTarget[] {
  const { initiator, responder, actThree } = handshake();
  const listening = { ourKey: LISTENER_KEY, ephemeralKey: key(0x22) };
  return [
    actTarget('BOLT 8 act one', initiator.actOne, (input) => respond(listening, input)),
    actTarget('BOLT 8 act two', responder.actTwo, (input) => initiator.receiveActTwo(input)),
    actTarget('BOLT 8 act three', actThree, (input) => responder.receiveActThree(input)),
    readerTarget(),
  ];
}
