import { describe, expect, it } from 'vitest';
import { type Tx, txid, unsignedInput } from '../../../core/bitcoin/transaction.ts';
import type { SpendClass } from '../../../core/channel/types.ts';
import type { ChannelType } from '../../../core/tx/weights.ts';
import { type ChannelPair, type SideName, actionsOf, fulfill, offer, reachNormal, restored, commitmentsOf, publishedLabels } from '../../support/channel-pair.ts';
import type { DesiredClaim } from '../../../core/tx/desired-claim.ts';
import { builtClaim } from '../../support/claim-builder.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';

const TYPES = ['anchors', 'static_remotekey'] as const;

/** The commitment that a side would publish now. */
function commitmentOf(pair: ChannelPair, side: SideName): Tx {
  const twin = pair.copy();
  return commitmentsOf(twin.do(side, { kind: 'force_close', reason: 'user' }))[0]!;
}

/** Bob paid and was paid a few times; his commitment at every number. */
function history(channelType: ChannelType, payments = 4): { readonly pair: ChannelPair; readonly bobs: readonly Tx[]; readonly alices: readonly Tx[] } {
  const pair = reachNormal({ channelType, pushMsat: 300_000_000n });
  const bobs = [commitmentOf(pair, 'bob')];
  const alices = [commitmentOf(pair, 'alice')];
  for (let n = 0; n < payments; n++) {
    pair.do('alice', offer(n, 20_000_000n));
    pair.run();
    bobs.push(commitmentOf(pair, 'bob'));
    alices.push(commitmentOf(pair, 'alice'));
    pair.do('bob', fulfill(n));
    pair.run();
    bobs.push(commitmentOf(pair, 'bob'));
    alices.push(commitmentOf(pair, 'alice'));
  }
  return { pair, bobs, alices };
}

const spent = (pair: ChannelPair, side: SideName, tx: Tx, height = 600) => {
  pair.ctx[side] = { ...pair.ctx[side], blockHeight: height };
  return pair.fundingSpent(side, tx, height);
};
const blockAt = (pair: ChannelPair, side: SideName, blockHeight: number) => {
  pair.ctx[side] = { ...pair.ctx[side], blockHeight };
  return pair.do(side, { kind: 'block' });
};
type Actions = Parameters<typeof actionsOf>[0];
const published = (actions: Actions) => actionsOf(actions, 'publish');
/** What is ours to take after these actions. */
const claimsOf = (actions: Actions) => actionsOf(actions, 'claims').at(-1)?.claims ?? [];
const kindsOf = (actions: Actions) => claimsOf(actions).map(({ method }) => (method.kind === 'claim' ? method.claim.kind : method.kind)).toSorted();
/** The transaction that takes a claim. */
const taking = (pair: ChannelPair, claim: DesiredClaim): Tx =>
  builtClaim(claim, { feerate: 1000, destinationScript: pair.alice.walletScript, coin: () => { throw new Error('no coin is needed'); } })!; // prettier-ignore
const classOf = (pair: ChannelPair, tx: Tx, side: SideName = 'alice'): readonly [SpendClass | undefined, number | undefined] => {
  const twin = pair.copy();
  spent(twin, side, tx);
  return [twin[side].spend?.spendClass, twin[side].spend?.commitmentNumber];
};

describe.each(TYPES)('a spend of the funding output of a %s channel', (channelType) => {
  const { pair, bobs, alices } = history(channelType);

  it('by our newest commitment is local', () => expect(classOf(pair, alices.at(-1)!)).toEqual(['local', 8]));
  it('by the newest commitment of the peer is remote', () => expect(classOf(pair, bobs.at(-1)!)).toEqual(['remote', 8]));

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('by the commitment %i that the peer revoked is revoked', (number) => {
    const twin = pair.copy();
    const actions = spent(twin, 'alice', bobs[number]!);
    expect(twin.alice.spend).toMatchObject({ spendClass: 'revoked', commitmentNumber: number });
    expect(actionsOf(actions, 'alarm').map(({ code }) => code)).toContain('revoked_commitment');
    // Every second of them holds an HTLC.
    expect(kindsOf(actions)).toEqual([...(number % 2 === 1 ? ['revoked_htlc'] : []), 'revoked_to_local', 'to_remote']);
    for (const claim of claimsOf(actions)) {
      const tx = taking(twin, claim);
      const [input] = tx.inputs;
      expect(scriptVerdict(tx, [bobs[number]!.outputs[input!.vout]!])).toBe('valid');
      expect(input!.txid).toBe(txid(bobs[number]!));
    }
  });

  it.each([0, 3, 7])('by our own commitment %i that we revoked is unknown and alarms', (number) => {
    expect(classOf(pair, alices[number]!)).toEqual(['unknown', number]);
    const twin = pair.copy();
    expect(actionsOf(spent(twin, 'alice', alices[number]!), 'alarm').map(({ code }) => code)).toEqual(['unknown_funding_spend']);
  });

  it('by the commitment that we just signed, before and after the revocation, is next_remote and then remote', () => {
    const twin = pair.copy();
    twin.do('alice', offer(9, 20_000_000n));
    twin.do('alice', { kind: 'sign' });
    while (twin.deliver('bob'));
    const next = commitmentOf(twin, 'bob');
    expect(classOf(twin, next)).toEqual(['next_remote', 9]);
    expect(classOf(twin, bobs.at(-1)!)).toEqual(['remote', 8]);
    twin.run();
    expect(classOf(twin, bobs.at(-1)!)).toEqual(['revoked', 8]);
  });

  describe('by a commitment that we know nothing of', () => {
    const newest = bobs.at(-1)!;
    /** Alice goes on from a copy that is older than anything that was paid. */
    const behind = (): ChannelPair => Object.assign(pair.copy(), { alice: reachNormal({ channelType, pushMsat: 300_000_000n }).alice });

    it('is future, and pays our balance', () => {
      const twin = behind();
      const actions = spent(twin, 'alice', newest);
      expect(twin.alice.spend?.spendClass).toBe('future');
      expect(actionsOf(actions, 'alarm').map(({ code }) => code)).toEqual(['future_commitment']);
      expect(kindsOf(actions)).toEqual(['to_remote']);
      const sweep = taking(twin, claimsOf(actions)[0]!);
      expect(scriptVerdict(sweep, [newest.outputs[sweep.inputs[0]!.vout]!])).toBe('valid');
    });

    it('is forgotten 100 blocks after our balance was taken', () => {
      const twin = behind();
      const actions = spent(twin, 'alice', newest);
      const [claim] = claimsOf(actions);
      expect(actionsOf(actions, 'watch_output').map(({ outPoint }) => outPoint.vout)).toEqual(newest.outputs.map((_, vout) => vout));
      expect(actionsOf(blockAt(twin, 'alice', 5000), 'forget')).toEqual([]);
      twin.do('alice', { kind: 'output_spent', outPoint: claim!.outPoint, tx: taking(twin, claim!), height: 5000 });
      expect(actionsOf(blockAt(twin, 'alice', 5098), 'forget')).toEqual([]);
      expect(actionsOf(blockAt(twin, 'alice', 5099), 'forget')).toHaveLength(1);
      expect(twin.alice).toMatchObject({ phase: 'closed', closeReason: 'data_loss' });
    });

    // I-23: what such a commitment proves stays proven when a reorganisation or a mempool drops it.
    it.each([600, undefined])('and vanishes again (height %s) never has ours published in its place, whatever we wanted before', (height) => {
      for (const forced of [false, true]) {
        const twin = behind();
        if (forced) twin.do('alice', { kind: 'force_close', reason: 'user' });
        twin.fundingSpent('alice', newest, height);
        twin.do('alice', { kind: 'funding_unspent' });
        expect(twin.alice).toMatchObject({ phase: 'fallen_behind', spend: undefined, closeReason: 'data_loss' });
        expect(commitmentsOf(blockAt(twin, 'alice', 5000))).toEqual([]);
        expect(twin.do('alice', { kind: 'force_close', reason: 'user' })).toEqual([]);
      }
    });

    it('and that we never signed proves nothing: it is unknown, and ours is published once it is gone', () => {
      const [input] = newest.inputs;
      const twin = behind();
      spent(twin, 'alice', { ...newest, inputs: [{ ...input!, witness: input!.witness.map((item) => item.map((byte, i) => (i === 20 ? byte ^ 1 : byte))) }] });
      expect(twin.alice).toMatchObject({ spend: { spendClass: 'unknown' }, closeReason: 'peer_broadcast' });
      twin.do('alice', { kind: 'funding_unspent' });
      expect(commitmentsOf(blockAt(twin, 'alice', 5000))).toHaveLength(1);
    });
  });

  it.each([true, false])('by any closing transaction is mutual (simple close %s)', (simpleClose) => {
    const closing = reachNormal({ channelType, simpleClose, pushMsat: 300_000_000n });
    closing.do('alice', { kind: 'shutdown', script: closing.alice.walletScript, reason: 'user' });
    closing.run();
    for (const side of ['alice', 'bob'] as const) {
      const all = actionsOf(closing.actions[side], 'publish').filter(({ label }) => label === 'closing');
      expect(all.length).toBeGreaterThan(0);
      for (const { tx } of all) for (const judge of ['alice', 'bob'] as const) expect(classOf(closing, tx, judge)).toEqual(['mutual', undefined]);
    }
  });

  it('by anything else is unknown and alarms', () => {
    const other: Tx = { version: 2, locktime: 0, inputs: [unsignedInput(pair.alice.fundingOutPoint, 0xffff_ffff)], outputs: pair.fundingTx.outputs };
    expect(classOf(pair, other)).toEqual(['unknown', undefined]);
    const shaped: Tx = { ...bobs[3]!, outputs: [{ ...bobs[3]!.outputs[0]!, script: new Uint8Array(22) }] };
    expect(classOf(pair, shaped)).toEqual(['unknown', 3]);
  });
});

describe.each(TYPES)('what is ours on chain, %s', (channelType) => {
  it('by our commitment is swept when the delay is over', () => {
    const { pair, alices } = history(channelType, 1);
    const tx = alices.at(-1)!;
    const delay = pair.alice.config.remote.toSelfDelay;
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    const [claim] = claimsOf(spent(pair, 'alice', tx));
    expect(claim).toMatchObject({ earliestHeight: 600 + delay, deadlineHeight: undefined, contested: false });
    const sweep = taking(pair, claim!);
    expect(sweep.inputs[0]?.sequence).toBe(delay);
    expect(scriptVerdict(sweep, [tx.outputs[sweep.inputs[0]!.vout]!])).toBe('valid');
    expect(claimsOf(blockAt(pair, 'alice', 600 + delay - 1))).toEqual([claim]);
  });

  it('by the commitment of the peer is swept at once', () => {
    const { pair, bobs } = history(channelType, 1);
    const tx = bobs.at(-1)!;
    expect(claimsOf(pair.fundingSpent('alice', tx, undefined))).toEqual([]);
    const [claim, ...others] = claimsOf(spent(pair, 'alice', tx, 600));
    expect(others).toEqual([]);
    expect(claim).toMatchObject({ earliestHeight: 601, contested: false });
    const sweep = taking(pair, claim!);
    expect(scriptVerdict(sweep, [tx.outputs[sweep.inputs[0]!.vout]!])).toBe('valid');
    expect(claimsOf(blockAt(pair, 'alice', 601))).toEqual([claim]);
  });

  it('is forgotten 100 blocks after the last of it was taken, and never before', () => {
    const { pair, alices, bobs } = history(channelType, 1);
    for (const tx of [bobs.at(-1)!, alices.at(-1)!]) {
      const twin = pair.copy();
      const [claim] = claimsOf(spent(twin, 'alice', tx));
      expect(actionsOf(blockAt(twin, 'alice', 5000), 'forget')).toEqual([]);
      twin.do('alice', { kind: 'output_spent', outPoint: claim!.outPoint, tx: taking(twin, claim!), height: 5000 });
      expect(actionsOf(blockAt(twin, 'alice', 5098), 'forget')).toEqual([]);
      expect(actionsOf(blockAt(twin, 'alice', 5099), 'forget')).toHaveLength(1);
      expect(twin.alice.phase).toBe('closed');
    }
  });

  it('leaves the ledger when the close is safe', () => {
    const { pair, bobs } = history(channelType, 1);
    spent(pair, 'alice', bobs.at(-1)!);
    expect(actionsOf(blockAt(pair, 'alice', 604), 'ledger')).toEqual([]);
    expect(actionsOf(blockAt(pair, 'alice', 605), 'ledger')).toEqual([{ kind: 'ledger', reason: 'close', deltaMsat: -680_000_000n, reference: txid(bobs.at(-1)!) }]);
    expect(actionsOf(blockAt(pair, 'alice', 606), 'ledger')).toEqual([]);
  });

  it('is never taken as channel money again: nothing is offered, heard or signed', () => {
    const { pair, bobs } = history(channelType, 1);
    spent(pair, 'alice', bobs.at(-1)!);
    expect(actionsOf(pair.do('alice', offer(9, 1_000_000n)), 'htlc_refused')[0]?.fault.code).toBe('closing_in_progress');
    expect(pair.do('alice', { kind: 'sign' })).toEqual([]);
    expect(pair.do('alice', { kind: 'force_close', reason: 'user' })).toEqual([]);
    expect(pair.receive('alice', { name: 'shutdown', channelId: pair.alice.channelId, scriptpubkey: pair.bob.walletScript })).toEqual([]);
  });
});

describe('a reorganisation', () => {
  it('that takes our commitment back publishes it again', () => {
    const { pair, alices } = history('anchors', 1);
    pair.do('alice', { kind: 'force_close', reason: 'user' });
    spent(pair, 'alice', alices.at(-1)!);
    pair.do('alice', { kind: 'funding_unspent' });
    expect(pair.alice).toMatchObject({ phase: 'failing', spend: undefined });
    expect(commitmentsOf(blockAt(pair, 'alice', 602)).map(txid)).toEqual([txid(alices.at(-1)!)]);
  });

  it('that takes the commitment of the peer back leaves us able to close by our own', () => {
    const { pair, bobs, alices } = history('anchors', 1);
    spent(pair, 'alice', bobs.at(-1)!);
    pair.do('alice', { kind: 'funding_unspent' });
    expect(commitmentsOf(blockAt(pair, 'alice', 602)).map(txid)).toEqual([txid(alices.at(-1)!)]);
  });

  it('that swaps the closing transaction for a revoked commitment is punished', () => {
    const { pair, bobs } = history('anchors', 1);
    pair.do('alice', { kind: 'shutdown', script: pair.alice.walletScript, reason: 'user' });
    pair.run();
    const closing = published(pair.actions.alice).find(({ label }) => label === 'closing');
    spent(pair, 'alice', closing!.tx);
    expect(pair.alice.spend?.spendClass).toBe('mutual');
    pair.do('alice', { kind: 'funding_unspent' });
    expect(pair.alice.phase).toBe('negotiating');
    const actions = spent(pair, 'alice', bobs[0]!, 602);
    expect(pair.alice.spend?.spendClass).toBe('revoked');
    expect(kindsOf(actions)).toContain('revoked_to_local');
  });

  it('that moves the spend to another height counts depth from there', () => {
    const { pair, alices } = history('anchors', 1);
    spent(pair, 'alice', alices.at(-1)!, 600);
    spent(pair, 'alice', alices.at(-1)!, 605);
    const delay = pair.alice.config.remote.toSelfDelay;
    expect(claimsOf(blockAt(pair, 'alice', 606)).map(({ earliestHeight }) => earliestHeight)).toEqual([605 + delay]);
  });

  it('never makes us publish after a data loss (I-23)', () => {
    const { pair, bobs, alices } = history('anchors', 1);
    for (const tx of [bobs.at(-1)!, alices[0]!]) {
      const twin = pair.copy();
      twin.alice = { ...restored(reachNormal({ pushMsat: 300_000_000n }).alice), phase: 'fallen_behind', closeReason: 'data_loss' };
      spent(twin, 'alice', tx);
      const actions = [...twin.do('alice', { kind: 'funding_unspent' }), ...blockAt(twin, 'alice', 603), ...twin.do('alice', { kind: 'force_close', reason: 'user' })];
      expect(publishedLabels(actions)).toEqual([]);
      expect(twin.alice.phase).toBe('fallen_behind');
    }
  });

  it('of nothing known does nothing', () => {
    const { pair } = history('anchors', 1);
    expect(pair.do('alice', { kind: 'funding_unspent' })).toEqual([]);
  });
});
