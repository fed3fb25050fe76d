import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTx, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import { DecodeError } from '../../../core/codec/reader.ts';
import type { ChannelAction } from '../../../core/channel/commands.ts';
import { reestablishMessage } from '../../../core/channel/reestablish.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { commitmentSecret } from '../../../core/crypto/commitment-secrets.ts';
import { type Message, type MessageName, decodeMessage, encodeMessage, rows } from '../../../core/wire/messages.ts';
import { ChannelPair, type PairOptions, actionsOf, hashOf, keysOf, offer, preimageOf, reachNormal, sentNames, step, commitmentsOf, publishedLabels } from '../../support/channel-pair.ts';
import { messagesOf } from '../../support/messages.ts';

/*
 * Every message in every state of a channel. What a message may do is one of: nothing; a warning and the end of the
 * connection; an error and the end of the channel; or the step that BOLT 2 provides for in that state. A message for
 * another channel never comes here: whoever dispatches by channel_id answers it.
 */

const options: PairOptions = { pushMsat: 300_000_000n };
const connect = { kind: 'connect', simpleClose: true, anySegwit: true } as const;

function inFlight(): ChannelPair {
  const pair = reachNormal(options);
  for (let n = 0; n < 2; n++) pair.do('alice', offer(n, 10_000_000n));
  pair.do('bob', offer(2, 10_000_000n));
  return pair.run();
}
function halfSigned(): ChannelPair {
  const pair = inFlight();
  pair.do('alice', offer(3, 10_000_000n));
  pair.do('alice', { kind: 'sign' });
  pair.deliver('bob');
  pair.do('bob', offer(4, 10_000_000n));
  pair.do('bob', { kind: 'sign' });
  return pair;
}
function shuttingDown(by: readonly ('alice' | 'bob')[]): ChannelPair {
  const pair = inFlight();
  for (const side of by) pair.do(side, { kind: 'shutdown', script: pair[side].walletScript, reason: 'user' });
  if (by.length > 1) pair.run();
  return pair;
}
function negotiating(simpleClose: boolean): ChannelPair {
  const pair = reachNormal({ ...options, simpleClose });
  pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
  pair.deliver('bob');
  pair.deliver('alice');
  return pair;
}
function failing(): ChannelPair {
  const pair = inFlight();
  for (const side of ['alice', 'bob'] as const) pair.do(side, { kind: 'force_close', reason: 'user' });
  return pair;
}
function fallenBehind(): ChannelPair {
  const pair = inFlight().disconnect();
  for (const side of ['alice', 'bob'] as const) {
    pair.do(side, connect);
    const number = pair[side].commitments.localNumber;
    pair.receive(side, {
      ...reestablishMessage(pair[side === 'alice' ? 'bob' : 'alice'], pair.ctx[side === 'alice' ? 'bob' : 'alice']),
      nextRevocationNumber: BigInt(number + 1), yourLastPerCommitmentSecret: commitmentSecret(keysOf(side).commitmentSeed, number),
    }); // prettier-ignore
  }
  return pair;
}
function closing(): ChannelPair {
  const pair = inFlight();
  const [published] = commitmentsOf(pair.copy().do('alice', { kind: 'force_close', reason: 'user' }));
  for (const side of ['alice', 'bob'] as const) pair.fundingSpent(side, published!, 600);
  return pair;
}

/** Every output of the commitment is taken, and a hundred blocks deep. */
function closed(): ChannelPair {
  const pair = closing();
  for (const side of ['alice', 'bob'] as const) {
    const { txid, rawTx } = pair[side].spend!;
    const inputs = decodeTx(rawTx).outputs.map((_, vout) => unsignedInput({ txid, vout }, 0));
    for (const { txid, vout } of inputs) pair.do(side, { kind: 'output_spent', outPoint: { txid, vout }, tx: { version: 2, locktime: 0, inputs, outputs: pair.fundingTx.outputs }, height: 601 });
  }
  return pair.block(601 + 100);
}

const STATES: Readonly<Record<string, () => ChannelPair>> = {
  'opening': () => new ChannelPair(options), 'normal': () => reachNormal(options), 'normal with HTLCs': inFlight, 'normal, commitments crossing': halfSigned,
  'shutdown sent': () => shuttingDown(['bob']), 'shutdown of both': () => shuttingDown(['alice', 'bob']), 'negotiating, legacy': () => negotiating(false),
  'negotiating, simple close': () => negotiating(true), 'failing': failing, 'fallen behind': fallenBehind, 'closing': closing,
  closed,
}; // prettier-ignore
const LINKS: Readonly<Record<string, (pair: ChannelPair) => ChannelPair>> = {
  live: (pair) => pair,
  offline: (pair) => pair.disconnect(),
  reestablishing: (pair) => pair.disconnect().reconnect(),
};

/** Messages that mean something in at least one state, with values that fit as many as possible. */
function fitting(pair: ChannelPair): Message[] {
  const { channelId } = pair.bob;
  const alice = pair.alice.commitments;
  const signature = pair.bob.commitments.localSignature;
  return [
    { name: 'error', channelId, data: new Uint8Array(3) }, { name: 'warning', channelId, data: new Uint8Array(3) },
    { name: 'channel_ready', channelId, secondPerCommitmentPoint: pair.alice.config.local.basepoints.htlcBasepoint, tlvs: { shortChannelId: 99n } },
    { name: 'shutdown', channelId, scriptpubkey: pair.alice.walletScript },
    { name: 'update_add_htlc', channelId, id: alice.nextOfferedId, amountMsat: 1_000_000n, paymentHash: hashOf(9), cltvExpiry: 700, onionRoutingPacket: new Uint8Array(1366) },
    { name: 'update_fulfill_htlc', channelId, id: 0n, paymentPreimage: preimageOf(2) }, { name: 'update_fail_htlc', channelId, id: 0n, reason: new Uint8Array(9) },
    { name: 'update_fail_malformed_htlc', channelId, id: 0n, sha256OfOnion: new Uint8Array(32), failureCode: 0xc005 },
    { name: 'update_fee', channelId, feeratePerKw: 3000 }, { name: 'commitment_signed', channelId, signature, htlcSignatures: [] },
    { name: 'closing_signed', channelId, feeSatoshis: 500n, signature },
    reestablishMessage(pair.alice, pair.ctx.alice),
  ] as Message[]; // prettier-ignore
}

/** Seeded, so that the table is the same on every machine. */
const SAMPLES = new Map(rows.map((row) => [row.name, fc.sample(messagesOf(row), { numRuns: 3, seed: row.type })]));
const addressed = (message: Message, channelId: Uint8Array): Message => ('channelId' in message ? { ...message, channelId } : message);

type Stepped = readonly [FundedChannel, readonly ChannelAction[]];
type Outcome = 'ignored' | 'noted' | 'warning' | 'failed' | 'error again' | 'step';

function outcomeOf(before: FundedChannel, after: FundedChannel, actions: readonly ChannelAction[]): Outcome {
  const sent = sentNames(actions);
  if (after.phase === 'failing' && before.phase !== 'failing') return 'failed';
  if (sent.includes('warning')) return 'warning';
  if (sent.length === 1 && sent[0] === 'error' && after === before) return 'error again';
  if (after === before) return actions.length === 0 ? 'ignored' : 'noted';
  return 'step';
}

const UPDATES = ['update_add_htlc', 'update_fulfill_htlc', 'update_fail_htlc', 'update_fail_malformed_htlc', 'update_fee'] as const;
/** The steps that BOLT 2 provides for; a message that is not here can at most end something. */
const STEPS: Readonly<Record<string, readonly MessageName[]>> = {
  'opening': ['channel_ready', 'shutdown'], 'normal': ['channel_ready', 'shutdown', ...UPDATES], 'normal with HTLCs': ['channel_ready', 'shutdown', ...UPDATES],
  'normal, commitments crossing': ['channel_ready', 'shutdown', ...UPDATES], 'shutdown sent': ['channel_ready', 'shutdown', ...UPDATES],
  'shutdown of both': ['channel_ready', 'shutdown', 'update_fulfill_htlc', 'update_fail_htlc', 'update_fail_malformed_htlc', 'update_fee'],
  'negotiating, legacy': ['shutdown'], 'negotiating, simple close': ['shutdown'],
}; // prettier-ignore
const STOPPED: ReadonlySet<string> = new Set(['failing', 'fallen behind', 'closing', 'closed']);

function expectAllowed(state: string, link: string, message: Message, before: FundedChannel, [after, actions]: Stepped): Outcome {
  const outcome = outcomeOf(before, after, actions);
  const where = `${message.name} while ${state}, ${link}: ${outcome}`;
  const { commitments: old } = before;
  const { commitments: now } = after;
  expect([now.ourMsat, now.theirMsat], where).toEqual([old.ourMsat, old.theirMsat]);
  expect([now.localNumber, now.remoteNumber], where).toEqual([old.localNumber, old.remoteNumber]);
  const labels = publishedLabels(actions);
  if (outcome === 'failed') {
    expect(STOPPED.has(state), where).toBe(false);
    expect(labels, where).toContain('commitment');
    expect(sentNames(actions), where).toEqual(['error']);
  } else expect(labels, where).toEqual([]);
  // Who asks about a channel that is closed is told, and may go on with its others.
  const isToldOfTheEnd = STOPPED.has(state) && message.name === 'channel_reestablish';
  if (outcome === 'warning') expect(actionsOf(actions, 'disconnect'), where).toHaveLength(isToldOfTheEnd ? 0 : 1);
  if (outcome === 'warning') expect(after, where).toEqual(before);
  if (link === 'offline') expect(outcome, where).toBe('ignored');
  if (outcome === 'step') {
    const legal = link === 'live' ? (STEPS[state] ?? []) : STOPPED.has(state) ? [] : ['channel_reestablish'];
    expect(legal, where).toContain(message.name);
  }
  if (STOPPED.has(state)) expect(['ignored', 'noted', 'error again', ...(isToldOfTheEnd ? ['warning'] : [])], where).toContain(outcome);
  return outcome;
}

const table = new Map<string, Map<string, Set<Outcome>>>();
let cases = 0;
function note(column: string, row: string, outcome: Outcome): void {
  const line = table.get(row) ?? new Map<string, Set<Outcome>>();
  table.set(row, line.set(column, (line.get(column) ?? new Set()).add(outcome)));
  cases++;
}

describe.each(Object.keys(STATES))('while %s', (state) => {
  it.each(Object.keys(LINKS))('and %s no message does what it may not', (link) => {
    const pair = LINKS[link]!(STATES[state]!());
    const fits = fitting(pair);
    const receiveTwice = (side: 'alice' | 'bob', message: Message): void => {
      const once = step(pair[side], { kind: 'receive', message }, pair.ctx[side]);
      note(`${state}, ${link}`, message.name, expectAllowed(state, link, message, pair[side], once));
      const [after] = once;
      if (after.phase !== pair[side].phase || after.link !== pair[side].link) return;
      const twice = step(after, { kind: 'receive', message }, pair.ctx[side]);
      note(`${state}, ${link}`, message.name, expectAllowed(state, link, message, after, twice));
    };
    for (const row of rows) {
      const messages = [...(SAMPLES.get(row.name) ?? []).map((sample) => addressed(sample, pair.bob.channelId)), ...fits.filter(({ name }) => name === row.name)];
      for (const message of messages) for (const side of ['alice', 'bob'] as const) receiveTwice(side, message);
    }
  });
});

describe('the whole matrix', () => {
  it('has a cell for every message in every state', () => {
    const columns = Object.keys(STATES).length * Object.keys(LINKS).length;
    expect(table.size).toBe(rows.length);
    for (const [name, line] of table) expect(line.size, name).toBe(columns);
    console.info(`matrix: ${rows.length} messages in ${columns} states, ${cases} cases`);
    const path = process.env['MATRIX_TABLE'];
    if (path !== undefined) writeFileSync(path, markdown());
  });

  it('does not let a cut message in', () => {
    let cuts = 0;
    const expectNoOther = (name: string, cut: Uint8Array): void => {
      cuts++;
      try {
        const decoded = decodeMessage(cut);
        // A cut between two records of the extension leaves a whole message.
        expect(decoded.known && decoded.message.name, name).toBe(name);
      } catch (error) {
        expect(error, name).toBeInstanceOf(DecodeError);
      }
    };
    for (const [name, samples] of SAMPLES) {
      for (const bytes of samples.map(encodeMessage)) {
        for (let length = 0; length < bytes.length; length += 1 + Math.floor(bytes.length / 40)) expectNoOther(name, bytes.subarray(0, length));
      }
    }
    expect(cuts).toBeGreaterThan(1000);
  });

  it('starts from states that stand for what they are called', () => {
    expect(Object.values(STATES).map((make) => make().bob.phase)).toEqual([
      'opening', 'normal', 'normal', 'normal', 'normal', 'normal', 'negotiating', 'negotiating', 'failing', 'fallen_behind', 'closing', 'closed',
    ]); // prettier-ignore
    expect(halfSigned().bob.commitments.awaitingRevocation).toBe(true);
  });
});

function markdown(): string {
  const links = Object.keys(LINKS);
  const head = ['# Messages in states', '', 'What each message does in each state of a channel, written by `MATRIX_TABLE=docs/matrix.md npm test -- states/channel/matrix`.',
    'Several outcomes of a cell belong to different contents of the message. `noted`: written to the history; `error again`: a channel that ended says so.', '']; // prettier-ignore
  const tables = links.flatMap((link) => {
    const columns = Object.keys(STATES);
    const lines = [...table].map(([name, line]) => `| \`${name}\` | ${columns.map((state) => [...(line.get(`${state}, ${link}`) ?? [])].toSorted().join(', ')).join(' | ')} |`);
    return [`## ${link}`, '', `| message | ${columns.join(' | ')} |`, `| ${['message', ...columns].map(() => '---').join(' | ')} |`, ...lines, ''];
  });
  return [...head, ...tables].join('\n');
}
