import { describe, expect, it } from 'vitest';
import { type Tx, txid } from '../../../core/bitcoin/transaction.ts';
import { knownCommitment } from '../../../core/channel/onchain/confirmed.ts';
import { previewForceClose } from '../../../core/channel/onchain/preview.ts';
import { channelReserveSat } from '../../../core/channel/onchain/reserve.ts';
import { sleepBudget } from '../../../core/channel/onchain/sleep-budget.ts';
import { restoredChannel, staticChannel, staticPartOf } from '../../../core/channel/static-backup.ts';
import type { FundedChannel } from '../../../core/channel/types.ts';
import { decodeWith, encodeWith } from '../../../core/codec/codec.ts';
import { equal } from '../../../core/lib/bytes.ts';
import { feeratePerKw, sat } from '../../../core/lib/units.ts';
import type { DesiredClaim } from '../../../core/tx/desired-claim.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { reestablishMessage } from '../../../core/channel/reestablish.ts';
import { ChannelPair, type SideName, actionsOf, commitmentsOf, fulfill, keysOf, offer, publishedLabels, reachNormal, sentNames, sentOf } from '../../support/channel-pair.ts';
import { builtClaim } from '../../support/claim-builder.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';

const TYPES = ['anchors', 'static_remotekey'] as const;

/** What a file that was made of it brings back. */
const fromFile = (channel: FundedChannel): FundedChannel => restoredChannel(decodeWith(staticChannel, encodeWith(staticChannel, staticPartOf(channel))));

function paid(pair: ChannelPair, payments: number): ChannelPair {
  for (let n = 0; n < payments; n++) {
    pair.do('alice', offer(n, 20_000_000n));
    pair.run().do('bob', fulfill(n));
    pair.run();
  }
  return pair;
}
/** Alice has lost everything but the words and the file. */
function lost(pair: ChannelPair): ChannelPair {
  pair.disconnect();
  const twin = Object.assign(pair.copy(), { alice: fromFile(pair.alice) });
  twin.disk.alice = twin.alice;
  return twin;
}
function commitmentOf(pair: ChannelPair, side: SideName): Tx {
  return commitmentsOf(pair.copy().do(side, { kind: 'force_close', reason: 'user' }))[0]!;
}
const spent = (pair: ChannelPair, tx: Tx, place: number | 'mempool' = 600) => {
  pair.ctx.alice = { ...pair.ctx.alice, blockHeight: 600 };
  return pair.fundingSpent('alice', tx, place === 'mempool' ? undefined : place);
};
const blockAt = (pair: ChannelPair, blockHeight: number) => {
  pair.ctx.alice = { ...pair.ctx.alice, blockHeight };
  return pair.do('alice', { kind: 'block' });
};
type Actions = Parameters<typeof actionsOf>[0];
const claimsOf = (actions: Actions): readonly DesiredClaim[] => actionsOf(actions, 'claims').at(-1)?.claims ?? [];
const kindsOf = (actions: Actions): readonly string[] => claimsOf(actions).map(({ method }) => (method.kind === 'claim' ? method.claim.kind : method.kind)).toSorted();
const alarmsOf = (actions: Actions): readonly string[] => actionsOf(actions, 'alarm').map(({ code }) => code);
const taking = (pair: ChannelPair, claim: DesiredClaim): Tx =>
  builtClaim(claim, { feerate: 1000, destinationScript: pair.alice.walletScript, coin: () => { throw new Error('no coin is needed'); } })!; // prettier-ignore
/** Every claim is one that the chain takes, to the wallet's script. */
function expectTakeable(pair: ChannelPair, parent: Tx, claims: readonly DesiredClaim[]): void {
  for (const claim of claims) {
    const tx = taking(pair, claim);
    expect(scriptVerdict(tx, [parent.outputs[tx.inputs[0]!.vout]!])).toBe('valid');
    expect(equal(claim.destinationScript, pair.alice.walletScript)).toBe(true);
  }
}
function mutualClose(pair: ChannelPair): Tx {
  pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
  pair.run();
  return pair.take('alice', 'publish').find(({ label }) => label === 'closing')!.tx;
}

describe.each(TYPES)('a %s channel from a backup', (channelType: ChannelType) => {
  const pushed = (payments = 0): ChannelPair => paid(reachNormal({ channelType, pushMsat: 300_000_000n }), payments);

  it('is the same channel, offline, with nothing that could be published and no amounts that were made up', () => {
    const pair = pushed(2);
    const { alice } = lost(pair);
    expect(alice).toMatchObject({ phase: 'fallen_behind', closeReason: 'restored', config: pair.alice.config, channelId: pair.alice.channelId, fundingOutPoint: pair.alice.fundingOutPoint, fundingTx: undefined, fundingHeight: 500 });
    expect(alice.commitments).toMatchObject({ ourMsat: 0n, theirMsat: 0n, localNumber: 0, remoteNumber: 0 });
    for (const which of ['localCurrent', 'remoteCurrent', 'remoteNext'] as const) expect(knownCommitment(alice, keysOf('alice'), which)).toBeUndefined();
    for (const commitment of ['ours', 'theirs'] as const) {
      expect(previewForceClose(alice, keysOf('alice'), { commitment, atHeight: 600, feerates: [feeratePerKw(253), feeratePerKw(253), feeratePerKw(253)] })).toEqual({ ok: false, error: 'fallen_behind' });
    }
    expect(channelReserveSat(alice, { feeratePerKw: feeratePerKw(5000) } as never)).toBe(0n);
    expect(sleepBudget([alice], 600).blocks).toBeUndefined();
  });

  it.each([0, 3])('after %i payments shows the beginning, and asks to close whatever the peer shows', (payments) => {
    const pair = lost(pushed(payments));
    pair.reconnect();
    const [shown] = sentOf(pair.actions.alice, 'channel_reestablish');
    expect(shown).toMatchObject({ nextCommitmentNumber: 1n, nextRevocationNumber: 0n, yourLastPerCommitmentSecret: new Uint8Array(32) });
    expect(pair.deliver('alice')).toBe(true);
    expect(sentNames(pair.actions.alice)).toEqual(['channel_reestablish', 'error']);
    // Bob, honest, closes by its commitment.
    while (pair.deliver('bob'));
    expect(publishedLabels(pair.actions.bob)).toEqual(['commitment']);
    expect(publishedLabels(pair.actions.alice)).toEqual([]);
    expect(alarmsOf(pair.actions.alice)).toEqual([]);
    // On the next connection again.
    pair.do('alice', { kind: 'disconnect' });
    pair.do('alice', { kind: 'connect', simpleClose: true, anySegwit: true });
    expect(sentNames(pair.receive('alice', reestablishMessage(pair.bob, pair.ctx.bob)))).toEqual(['error']);
  });

  it('publishes nothing and signs nothing, whatever is wanted of it or comes in', () => {
    const pair = lost(pushed(2));
    pair.reconnect();
    while (pair.deliver('alice'));
    const before = pair.alice;
    const { channelId } = pair.alice;
    const commands = [
      { kind: 'force_close', reason: 'user' }, { kind: 'block' }, { kind: 'sign' }, { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' }, offer(9, 1_000_000n),
      { kind: 'update_fee', feeratePerKw: feeratePerKw(9000) }, { kind: 'data_lost' },
      { kind: 'receive', message: { name: 'shutdown', channelId, scriptpubkey: pair.bob.walletScript } },
      { kind: 'receive', message: { name: 'channel_ready', channelId, secondPerCommitmentPoint: pair.alice.config.remote.basepoints.fundingPubkey, tlvs: undefined } },
      { kind: 'receive', message: { name: 'error', channelId, data: new Uint8Array(3) } },
    ] as Parameters<ChannelPair['do']>[1][];
    for (const command of commands) {
      const actions = pair.do('alice', command);
      expect(publishedLabels(actions), command.kind).toEqual([]);
      expect(sentNames(actions), command.kind).toEqual([]);
      expect(pair.alice, command.kind).toEqual(before);
    }
  });

  it.each([0, 1, 3])('that the peer closes after %i payments pays our balance and ends, quietly', (payments) => {
    const original = pushed(payments);
    const theirs = commitmentOf(original, 'bob');
    const pair = lost(original);
    const actions = spent(pair, theirs);
    expect(pair.alice.spend).toMatchObject({ spendClass: 'future', commitmentNumber: payments * 2 });
    expect(pair.alice).toMatchObject({ phase: 'closing', closeReason: 'restored' });
    expect(alarmsOf(actions)).toEqual([]);
    expect(kindsOf(actions)).toEqual(['to_remote']);
    expectTakeable(pair, theirs, claimsOf(actions));
    expect(actionsOf(actions, 'watch_output').map(({ outPoint }) => outPoint.vout)).toEqual(theirs.outputs.map((_, vout) => vout));
    const [claim] = claimsOf(actions);
    pair.do('alice', { kind: 'output_spent', outPoint: claim!.outPoint, tx: taking(pair, claim!), height: 602 });
    expect(actionsOf(blockAt(pair, 700), 'forget')).toEqual([]);
    const end = blockAt(pair, 701);
    expect(actionsOf(end, 'forget')).toHaveLength(1);
    expect(pair.alice).toMatchObject({ phase: 'closed', closeReason: 'restored' });
    // What it held was in books that are lost.
    expect(actionsOf(pair.actions.alice, 'ledger')).toEqual([]);
  });

  it('that the peer closes with HTLCs in flight pays our balance, and nothing is claimed that we cannot know of', () => {
    const original = pushed(1);
    original.do('alice', offer(7, 30_000_000n));
    original.do('bob', offer(8, 40_000_000n));
    original.run();
    const theirs = commitmentOf(original, 'bob');
    const pair = lost(original);
    expect(kindsOf(spent(pair, theirs))).toEqual(['to_remote']);
  });

  it('in which nothing is ours ends without claims and without alarm', () => {
    const original = paid(reachNormal({ channelType }), 0);
    // Bob's side has not a satoshi: it has lost its data.
    const theirs = commitmentOf(original, 'alice');
    original.disconnect();
    const pair = original.copy();
    pair.bob = fromFile(original.bob);
    pair.ctx.bob = { ...pair.ctx.bob, blockHeight: 600 };
    const actions = pair.fundingSpent('bob', theirs, 600);
    expect(pair.bob.spend?.spendClass).toBe('future');
    expect([kindsOf(actions), alarmsOf(actions)]).toEqual([[], []]);
    pair.ctx.bob = { ...pair.ctx.bob, blockHeight: 699 };
    expect(actionsOf(pair.do('bob', { kind: 'block' }), 'forget')).toHaveLength(1);
  });

  it('that was closed together before ends quietly', () => {
    for (const simpleClose of [true, false]) {
      const original = paid(reachNormal({ channelType, pushMsat: 300_000_000n, simpleClose }), 1);
      const before = fromFile(original.alice);
      const closing = mutualClose(original);
      const pair = Object.assign(original.copy(), { alice: before });
      const actions = spent(pair, closing);
      expect(pair.alice.spend).toMatchObject({ spendClass: 'mutual', commitmentNumber: undefined });
      expect([kindsOf(actions), alarmsOf(actions)]).toEqual([[], []]);
      expect(actionsOf(blockAt(pair, 699), 'forget')).toHaveLength(1);
      expect(actionsOf(pair.actions.alice, 'ledger')).toEqual([]);
    }
  });

  it('whose close a reorganisation takes back waits again, and publishes nothing', () => {
    const original = pushed(1);
    const [theirs, ours] = [commitmentOf(original, 'bob'), commitmentOf(original, 'alice')];
    const closing = mutualClose(original.copy());
    for (const tx of [theirs, ours, closing]) {
      const pair = lost(original);
      spent(pair, tx);
      const actions = [...pair.do('alice', { kind: 'funding_unspent' }), ...blockAt(pair, 603), ...pair.do('alice', { kind: 'force_close', reason: 'user' })];
      expect(publishedLabels(actions)).toEqual([]);
      expect(pair.alice).toMatchObject({ phase: 'fallen_behind', closeReason: 'restored', spend: undefined, closingTxs: [] });
    }
  });

  it.each([0, 1, 3])('whose own commitment after %i payments was published before gives our balance back after the delay', (payments) => {
    const original = pushed(payments);
    const ours = commitmentOf(original, 'alice');
    const pair = lost(original);
    const delay = pair.alice.config.remote.toSelfDelay;
    const waiting = spent(pair, ours, 'mempool');
    expect(pair.alice.spend).toMatchObject({ spendClass: 'lost_local', commitmentNumber: payments * 2 });
    expect([kindsOf(waiting), alarmsOf(waiting), publishedLabels(waiting)]).toEqual([[], [], []]);
    const actions = spent(pair, ours);
    expect(kindsOf(actions)).toEqual(['to_local_delayed']);
    expect(claimsOf(actions)[0]).toMatchObject({ earliestHeight: 600 + delay, contested: false });
    expectTakeable(pair, ours, claimsOf(actions));
    const [claim] = claimsOf(actions);
    pair.do('alice', { kind: 'output_spent', outPoint: claim!.outPoint, tx: taking(pair, claim!), height: 600 + delay });
    expect(actionsOf(blockAt(pair, 700 + delay), 'forget')).toHaveLength(1);
  });

  it('whose own first commitment has nothing for the peer gives all of it back', () => {
    const original = reachNormal({ channelType });
    const ours = commitmentOf(original, 'alice');
    const pair = lost(original);
    const actions = spent(pair, ours);
    expect(pair.alice.spend).toMatchObject({ spendClass: 'lost_local', commitmentNumber: 0 });
    expect(kindsOf(actions)).toEqual(['to_local_delayed']);
  });

  it('whose own commitment had an HTLC takes what its second stage, published before, pays', () => {
    const original = pushed(1);
    original.do('alice', offer(7, 30_000_000n));
    original.run();
    const twin = original.copy();
    const [ours] = commitmentsOf(twin.do('alice', { kind: 'force_close', reason: 'user' }));
    // With the data it would have been claimed so.
    twin.ctx.alice = { ...twin.ctx.alice, blockHeight: 800 };
    const second = claimsOf(twin.fundingSpent('alice', ours!, 600)).find(({ method }) => method.kind === 'htlc_tx')!;
    const timeout = builtClaim(second, { feerate: 1000, destinationScript: original.alice.walletScript, coin: () => ({ txid: '77'.repeat(32), vout: 0, amountSat: sat(50_000n), privateKey: keysOf('a coin').fundingSecret }) });
    const pair = lost(original);
    expect(kindsOf(spent(pair, ours!))).toEqual(['to_local_delayed']);
    const actions = pair.do('alice', { kind: 'output_spent', outPoint: second.outPoint, tx: timeout!, height: 702 });
    expect(kindsOf(actions)).toEqual(['to_local_delayed', 'to_local_delayed']);
    const stage = claimsOf(actions).find(({ outPoint }) => outPoint.txid === txid(timeout!))!;
    expect(stage.earliestHeight).toBe(702 + pair.alice.config.remote.toSelfDelay);
    expect(scriptVerdict(taking(pair, stage), [timeout!.outputs[stage.outPoint.vout]!])).toBe('valid');
    expect(actionsOf(actions, 'watch_output').map(({ outPoint }) => outPoint.txid)).toContain(txid(timeout!));
  });

  it('takes a spend that we never signed for what it is: unknown, with an alarm', () => {
    const original = pushed(1);
    for (const tx of [commitmentOf(original, 'bob'), commitmentOf(original, 'alice'), mutualClose(original.copy())]) {
      const [input] = tx.inputs;
      const forged = { ...tx, inputs: [{ ...input!, witness: input!.witness.map((item) => item.map((byte, i) => (i === 20 ? byte ^ 1 : byte))) }] };
      const pair = lost(original);
      const actions = spent(pair, forged, 'mempool');
      expect(pair.alice.spend?.spendClass).toBe('unknown');
      expect(alarmsOf(actions)).toEqual(['unknown_funding_spend']);
      expect(kindsOf(actions)).toEqual([]);
    }
  });

  it('whose funding never confirms waits, and does nothing', () => {
    const original = new ChannelPair({ channelType, pushMsat: 300_000_000n });
    const pair = lost(original);
    expect(pair.alice.fundingHeight).toBeUndefined();
    expect([...blockAt(pair, 4000), ...blockAt(pair, 9000)]).toEqual([]);
    pair.do('alice', pair.fundingConfirmed(9001));
    expect(pair.alice).toMatchObject({ phase: 'fallen_behind', fundingHeight: 9001 });
  });
});

it('a newer commitment of ours, found by an old copy of the data, gives our balance back and proves the loss', () => {
  const original = reachNormal({ pushMsat: 300_000_000n });
  const old = original.alice;
  paid(original, 2);
  const ours = commitmentOf(original, 'alice');
  const pair = Object.assign(original.copy(), { alice: old });
  const actions = spent(pair, ours);
  expect(pair.alice).toMatchObject({ closeReason: 'data_loss', spend: { spendClass: 'lost_local', commitmentNumber: 4 } });
  expect(alarmsOf(actions)).toEqual(['future_commitment']);
  expect(kindsOf(actions)).toEqual(['to_local_delayed']);
  expect(publishedLabels([...actions, ...pair.do('alice', { kind: 'funding_unspent' }), ...blockAt(pair, 603)])).toEqual([]);
});
