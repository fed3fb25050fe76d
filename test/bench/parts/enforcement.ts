import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transition } from '../../../core/channel/machine.ts';
import { decodeRevokedState, encodeRevokedState } from '../../../core/channel/onchain/penalty-record.ts';
import { signedLocalCommitment } from '../../../core/channel/sign.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { openStore } from '../../../core/io/sqlite/open.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { FEERATE_FLOOR_PER_KW, feeratePerKw, msat } from '../../../core/lib/units.ts';
import { revokedRecordKey } from '../../../core/node/records.ts';
import type { RecordWrite } from '../../../core/store/port.ts';
import { emptySweeps, planSweeps } from '../../../core/wallet/sweep.ts';
import { runCampaign } from '../../simulation/world/campaign.ts';
import { FeeStormRun } from '../../simulation/world/fee-storm.ts';
import { actionsOf, offer, reachNormal } from '../../support/channel-pair.ts';
import { testKeys } from '../../support/wallet-kit.ts';
import { type Figure, atLeast, below, figure, millisecondsOf, percentile } from '../figures.ts';

const UPDATES = 1_000_000;
const BATCH = 5_000;
const LOOK_UPS = 300;
const SEALING_BYTES = 41;
const SIMULATED_STEPS = 30_000;
const STORM_CHANNELS = 50;

const recordOf = (number: number): Uint8Array =>
  encodeRevokedState({
    ourMsat: msat(BigInt(number) * 1000n), theirMsat: msat(1_000_000_000n - BigInt(number)), feeratePerKw: feeratePerKw(2500),
    htlcs: number % 2 === 0 ? [] : [{ direction: 'offered', paymentHash: sha256(utf8(`hash ${number}`)), cltvExpiry: 900_000, amountMsat: msat(50_000_000n) }],
  }); // prettier-ignore

async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).filter((name) => name.startsWith('sferic.db')).map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** A channel that was updated a million times, every second state with an HTLC: what is kept to punish any of its states. */
async function measureRecords(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sferic-bench-'));
  const options = { folder, dataKey: randomBytes(32), random: randomBytes };
  try {
    const { store } = await openStore(options);
    for (let first = 0; first < UPDATES; first += BATCH) {
      const records = Array.from({ length: BATCH }, (_, i): RecordWrite => ({ table: 'revoked', key: revokedRecordKey(1, first + i), value: recordOf(first + i) }));
      await store.commit({ records });
    }
    await store.close();
    const bytes = await bytesIn(folder);
    const startedAt = performance.now();
    const again = await openStore(options);
    const openedMs = performance.now() - startedAt;
    const times: number[] = [];
    for (let i = 0; i < LOOK_UPS; i++) {
      const from = performance.now();
      const record = await again.store.get('revoked', revokedRecordKey(1, (i * 3_331_013) % UPDATES));
      decodeRevokedState(record!);
      times.push(performance.now() - from);
    }
    await again.store.close();
    return [
      below(65, 'penalty_bytes_per_update', recordOf(0).length + SEALING_BYTES, 'B'),
      below(41, 'penalty_bytes_per_htlc', recordOf(1).length - recordOf(0).length, 'B'),
      figure('penalty_disk_bytes_per_update', bytes / UPDATES, 'B'),
      below(2, 'open_with_1m_updates_s', openedMs / 1000, 's'),
      figure('penalty_look_up_p50_ms', percentile(times, 0.5), 'ms'),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From a breach in a block, with four HTLCs in it, to the signed transactions that punish it. */
function measureJustice(): Figure {
  const pair = reachNormal({ pushMsat: 400_000_000n });
  for (let n = 0; n < 4; n++) pair.do(n < 2 ? 'alice' : 'bob', offer(n, 20_000_000n));
  pair.run();
  const revoked = signedLocalCommitment(pair.bob, pair.ctx.bob.keys).tx;
  const number = pair.bob.commitments.localNumber;
  pair.do('alice', offer(9, 1_000_000n));
  pair.run();
  const ctx = { ...pair.ctx.alice, blockHeight: 600 };
  const penaltyRecord = pair.penalties.alice.get(number);
  const punish = (): number => {
    const [, actions] = transition(pair.alice, { kind: 'funding_spent', tx: revoked, height: 600, penaltyRecord }, ctx);
    const [wanted] = actionsOf(actions, 'claims');
    const { packages } = planSweeps(emptySweeps, {
      height: 600, claims: wanted!.claims, commitments: [], feerateFor: () => feeratePerKw(2500), minRelayFeeratePerKw: FEERATE_FLOOR_PER_KW, coins: [], keys: testKeys,
    }); // prettier-ignore
    return packages.length;
  };
  if (punish() < 5) throw new Error('a breach with four HTLCs is punished in five places');
  return figure('justice_built_ms', millisecondsOf(() => void punish()), 'ms');
}

async function measureSimulator(): Promise<Figure> {
  const { steps, milliseconds, failures } = await runCampaign({ steps: SIMULATED_STEPS, seed: 7 });
  if (failures.length > 0) throw new Error('the simulation found a failure: npm run simulate -- --seed 7');
  return figure('simulator_steps_per_s', (steps / milliseconds) * 1000, '1/s');
}

/** Every channel closed by force in one block, just when blocks cost fifty times as much. */
async function measureStorm(): Promise<readonly Figure[]> {
  const storm = await new FeeStormRun(STORM_CHANNELS).run();
  if (storm.broken.length > 0) throw new Error(storm.broken.join('; '));
  return [
    figure('fee_spike_channels_closed', storm.channels, ''),
    atLeast(storm.htlcs, 'fee_spike_deadlines_met', storm.deadlinesMet, ''),
    figure('fee_spike_least_blocks_left', storm.leastBlocksLeft, ''),
    figure('fee_spike_closed_after_blocks', storm.closedAfterBlocks, ''),
    figure('fee_spike_fees_sat_per_channel', storm.feesSatPerChannel, 'sat'),
  ];
}

export async function measureEnforcement(): Promise<readonly Figure[]> {
  return [...(await measureRecords()), measureJustice(), await measureSimulator(), ...(await measureStorm())];
}
