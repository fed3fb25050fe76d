import type { Found } from './crash-types.ts';
import { CrashRig, type FaultPlan, type RigOptions } from './crash-rig.ts';
import { SIDES } from './rig-keys.ts';
import { type Enforcement, type Scenario, type Start, isIdle, isQuiet } from './crash-scenarios.ts';
import { Witness } from './crash-witness.ts';
import { viewOf } from './invariant-views.ts';
import { i3 } from './invariants.ts';
import { fulfilledOnChain, i13AtRest, i14, onChainSat, i22And23, i26, i32And33, wealthMsat } from './invariants-at-rest.ts';

export interface RunResult {
  readonly points: readonly string[];
  readonly commits: number;
  readonly deliveries: number;
  /** Empty when every invariant held and the work was done. */
  readonly broken: readonly string[];
  readonly looked: Readonly<Record<string, number>>;
  /** What the money looks like at the end, for comparing runs (I-24). */
  readonly end: string;
  readonly log: readonly string[];
  /** What a restart found each time somebody started again. */
  readonly found: readonly Found[];
  /** The boundary before which the connection broke, where the plan wanted that. */
  readonly droppedAt: number;
  /** As it stands at the end, to go on with. */
  readonly rig: CrashRig;
}

const MAX_AGAIN = 4;
const MAX_GOING_ON = 100;

/** What both have at the end, without anything that may differ between runs that mean the same. */
const endOf = (rig: CrashRig): string =>
  SIDES.map((side) => {
    const shared = rig.node(side).channels.all().filter(({ phase }) => phase === 'normal').map(({ commitments: { ourMsat, theirMsat, feeratePerKw } }) => `${ourMsat}/${theirMsat} at ${feeratePerKw}`);
    const disk = viewOf(rig.durable(side));
    const closed = rig.node(side).channels.all().some(({ spend }) => spend && spend.spendClass !== 'mutual') ? `${onChainSat(rig, side)} sat on chain; ` : '';
    return `${side}: ${closed}${shared.sort().join(', ')}; sent ${[...disk.outgoing.values()].map(({ status }) => status).sort()}; received ${[...disk.incoming.values()].map(({ status }) => status).sort()}`;
  }).join(' | '); // prettier-ignore

async function enforce({ goOn, isOver }: Enforcement, rig: CrashRig, settled: (when: string) => Promise<void>): Promise<void> {
  for (let i = 0; i < MAX_GOING_ON && !isOver(rig); i++) {
    goOn(rig);
    await settled('while it is enforced');
  }
}

/** One scenario with the faults of `plan`, until all is quiet and done again; every invariant is held against it. */
export async function runScenario(scenario: Scenario, start: Start, plan: FaultPlan, options: RigOptions = {}): Promise<RunResult> {
  const witness = new Witness(scenario.enforcement);
  const { enforcement } = scenario;
  const rig = new CrashRig(start.image, { without: start.without, isolated: start.isolated ?? false, ...options }, plan, witness);
  witness.rig = rig;
  scenario.prepare?.(rig);
  const { evidence } = witness;
  const settled = async (when: string): Promise<void> => {
    const quiet = await rig.settle(() => (enforcement ? isIdle(rig) : isQuiet(rig)));
    evidence.look('I-32', quiet, () => `never quiet ${when}`);
  };
  let points = 0;
  let commits = 0;
  let deliveries = 0;
  try {
    await settled('at the start');
    const wealth = wealthMsat(rig);
    rig.arm();
    for (const step of scenario.steps) {
      step(rig, start);
      await settled('after a step');
    }
    if (enforcement) await enforce(enforcement, rig, settled);
    [points, commits, deliveries] = [rig.points.length, rig.commits, rig.deliveries];
    for (let i = 0; i < MAX_AGAIN && scenario.again(rig, start); i++) {
      await settled('after it was tried again');
      for (let block = 0; block < (scenario.setting === 'empty' ? 4 : 0); block++) {
        rig.chain.mine();
        await settled('after a block');
      }
    }
    await settled('after it was tried again');
    for (let block = 0; block < (scenario.blocks ?? 0); block++) {
      rig.chain.mine();
      await settled('after a block');
    }
    const [a, b] = [viewOf(rig.durable('A')), viewOf(rig.durable('B'))];
    i3(evidence, 'A', a, 'B', b);
    i3(evidence, 'B', b, 'A', a);
    i13AtRest(evidence, rig, wealth);
    if (enforcement) fulfilledOnChain(evidence, rig, start.image);
    i14(evidence, rig);
    i22And23(evidence, rig);
    i26(evidence, rig, enforcement);
    i32And33(evidence, rig);
    const outcome = scenario.outcome(rig, start);
    evidence.look('I-24', outcome === undefined, () => `${outcome}`);
  } catch (error) {
    evidence.broken.push(`threw: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return {
    points: rig.points.slice(0, points), commits, deliveries, broken: [...evidence.broken, ...witness.errors], looked: evidence.looked,
    end: evidence.broken.length === 0 ? endOf(rig) : '', log: witness.log, found: witness.found, droppedAt: rig.droppedAt, rig,
  }; // prettier-ignore
}
