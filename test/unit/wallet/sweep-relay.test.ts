import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startChainHere, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { outPointKey, txHex, txid } from '../../../core/bitcoin/transaction.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import type { Coin } from '../../../core/wallet/ledger.ts';
import type { SweepInput, SweepPackage } from '../../../core/wallet/sweep-types.ts';
import { scriptAt } from '../../support/wallet-kit.ts';
import { Sweeper, TO_SELF_DELAY, type WantedKind, ownTx, rate, wanted, wantedCommitment } from './sweep-kit.ts';

let chain: ChainHandle;
beforeAll(async () => {
  chain = await startChainHere();
});
afterAll(() => chain.stop());

const EXPIRY = 100;
const DEADLINES: Partial<Record<WantedKind, number>> = {
  revoked_to_local: 1030,
  revoked_htlc: 1024,
  received_htlc_success_remote: 1031,
  htlc_success: 1033,
};

async function coin(index: number, amountSat: bigint): Promise<Coin> {
  const path = { kind: 'p2wpkh', branch: 'receive', index } as const;
  const script = scriptAt(path);
  return {
    txid: await chain.pay(toHex(script), amountSat),
    vout: 0,
    amountSat: sat(amountSat),
    script,
    path,
    height: 100,
    isCoinbase: false,
    isTrusted: true,
  };
}

/** An output on chain that a channel would want, whatever transaction it stands in. */
async function onChain(kind: WantedKind, n: number, channelType: 'anchors' | 'static_remotekey' = 'anchors') {
  const of = {
    kind,
    channelType,
    n,
    amountSat: 60_000n,
    cltvExpiry: EXPIRY,
    ...(DEADLINES[kind] === undefined ? {} : { deadlineHeight: DEADLINES[kind] }),
  };
  const id = await chain.pay(toHex(wanted(of).spent.script), 60_000n);
  return wanted({ ...of, outPoint: { txid: id, vout: 0 } }).claim;
}

/** Offers a plan as the node would; what is in the mempool already is as good as accepted. */
async function offer(packages: readonly SweepPackage[]): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const one of packages) {
    const answers =
      one.txs.length > 1 ? await chain.submitPackage(one.txs.map(txHex)) : [await chain.submit(txHex(ownTx(one)))];
    for (const answer of answers)
      if (!answer.accepted && answer.reason !== 'txn-already-in-mempool')
        refused.push(`${one.reason} ${one.step}: ${answer.reason}`);
  }
  return refused;
}

describe('in a real mempool', () => {
  test(
    'every kind of claim is taken, and every replacement up to the deadline, whatever is evicted',
    { timeout: 60_000 },
    async () => {
      const kinds: WantedKind[] = ['revoked_to_local', 'revoked_htlc', 'revoked_second_stage', 'offered_htlc_timeout_remote', 'received_htlc_success_remote', 'to_local_delayed', 'to_remote', 'htlc_success', 'htlc_timeout']; // prettier-ignore
      const claims = [];
      for (const [n, kind] of kinds.entries()) claims.push(await onChain(kind, n));
      claims.push(
        await onChain('htlc_timeout', 20, 'static_remotekey'),
        await onChain('to_remote', 21, 'static_remotekey'),
      );
      const coins = [await coin(0, 100_000n), await coin(1, 9_000n), await coin(2, 70_000n), await coin(3, 5_000n)];
      await chain.mine(TO_SELF_DELAY);
      const sweeper = new Sweeper();
      const steps = new Set<string>();
      let satPerVb = 2;
      for (let height = 1000; height < 1035; height++) {
        satPerVb = Math.min(40, satPerVb * (height % 3 === 0 ? 0.8 : 1.2));
        const input: Partial<SweepInput> = {
          height,
          claims,
          coins,
          feerateFor: (target) => rate(satPerVb * (target < 6 ? 1.5 : 1)),
        };
        const { packages, shortOfCoins, uneconomic } = sweeper.plan(input);
        expect([shortOfCoins, uneconomic]).toEqual([[], []]);
        for (const { step } of packages) steps.add(step);
        expect(await offer(packages), `at ${height}`).toEqual([]);
        const cycled = packages[height % packages.length]!;
        expect(await chain.evict(txid(ownTx(cycled)))).toBe(true);
      }
      expect([...steps].toSorted()).toEqual(['again', 'first', 'replacement']);
      const last = sweeper.plan({ height: 1035, claims, coins }).packages;
      await offer(last);
      await chain.mine(1);
      for (const { outPoint } of claims)
        expect(await chain.spenderOf(outPoint.txid, outPoint.vout), outPointKey(outPoint)).toBeDefined();
    },
  );

  test('our commitment gets in by its child alone, and the child is replaced upward', { timeout: 60_000 }, async () => {
    await chain.setMempoolMinFeerate(3);
    const script = toHex(wantedCommitment({}).spent.script);
    const fundingOutPoint = { txid: await chain.pay(script, wantedCommitment({}).spent.amountSat), vout: 0 };
    const coins = [await coin(4, 20_000n), await coin(5, 300_000n)];
    await chain.mine(1);
    const { commitment } = wantedCommitment({ fundingOutPoint, deadlineHeight: 1020, atStakeSat: 200_000n });
    expect(await chain.submit(txHex(commitment.tx))).toMatchObject({
      accepted: false,
      reason: 'min relay fee not met',
    });
    const sweeper = new Sweeper();
    for (let height = 1000; height < 1020; height++) {
      const one = sweeper.only({ height, commitments: [commitment], coins, minRelayFeeratePerKw: rate(3) });
      expect(one.txs).toHaveLength(2);
      expect(await offer([one]), `at ${height}`).toEqual([]);
    }
    await chain.mine(1);
    expect(await chain.spenderOf(fundingOutPoint.txid, 0)).toBe(txid(commitment.tx));
    await chain.setMempoolMinFeerate(1);
  });
});
