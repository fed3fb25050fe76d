import type { FundedChannel } from '../../core/channel/types.ts';
import { CrashRig, type FaultPlan, type RigOptions } from './crash-rig.ts';
import { SIDES, otherSide } from './rig-keys.ts';
import type { Found } from './crash-types.ts';
import { type RunResult, runScenario } from './crash-run.ts';
import { type Scenario, type Start, startOf } from './crash-scenarios.ts';
import { chance } from './chance.ts';
import { Witness } from './crash-witness.ts';
import { recordsOf, viewOf } from './invariant-views.ts';
import type { StoreImage } from './memory-store.ts';
import { toHex } from '../../core/lib/bytes.ts';

export interface SweepReport {
  readonly name: string;
  readonly points: number;
  readonly commits: number;
  runs: number;
  /** What broke, and the plans under which it did. */
  readonly broken: Map<string, string[]>;
  readonly looked: Record<string, number>;
}

/** Runs of one scenario under faults, each compared with the run without. */
export class Sweep {
  readonly scenario: Scenario;
  readonly start: Start;
  readonly base: RunResult;
  readonly report: SweepReport;
  readonly #ends: ReadonlySet<string>;

  private constructor(scenario: Scenario, start: Start, base: RunResult, ends: ReadonlySet<string>) {
    this.scenario = scenario;
    this.start = start;
    this.base = base;
    this.#ends = ends;
    this.report = { name: scenario.name, points: base.points.length, commits: base.commits, runs: 1, broken: new Map(), looked: {} };
    this.#judge('no fault', base);
  }

  static async of(scenario: Scenario): Promise<Sweep> {
    const start = await (scenario.start?.() ?? startOf(scenario.setting));
    const base = await runScenario(scenario, start, {});
    const { lost } = scenario;
    const other = lost ? await runScenario({ ...scenario, steps: lost }, start, {}) : base;
    return new Sweep(scenario, start, base, new Set([base.end, other.end]));
  }

  async run(label: string, plan: FaultPlan, options: RigOptions = {}): Promise<RunResult> {
    const result = await runScenario(this.scenario, this.start, plan, options);
    this.report.runs++;
    this.#judge(label, result);
    for (const found of result.found) await this.#replay(label, found);
    return result;
  }

  #judge(label: string, { broken, end, looked }: RunResult): void {
    const all = broken.length === 0 && !this.#ends.has(end) ? [`I-24: it ends otherwise: ${end}`] : broken;
    for (const what of all) this.report.broken.set(what, [...(this.report.broken.get(what) ?? []), label]);
    for (const [name, count] of Object.entries(looked)) this.report.looked[name] = (this.report.looked[name] ?? 0) + count;
  }

  /** One node dies, or the disk of one fails, at every boundary there is. */
  async everyBoundary(): Promise<void> {
    const { points, commits, deliveries } = this.base;
    for (let at = 1; at <= points.length; at++) {
      for (const victim of SIDES) await this.run(`kill ${victim} at ${at} (${points[at - 1]})`, { kills: [{ at, victims: [victim] }] });
    }
    for (let failCommit = 1; failCommit <= commits; failCommit++) await this.run(`commit ${failCommit} fails`, { failCommit });
    for (let dropAfter = 1; dropAfter <= deliveries; dropAfter++) await this.run(`the connection breaks after delivery ${dropAfter}`, { dropAfter });
  }

  /** The connection breaks at every message, and one node dies at every boundary of what is said again. */
  async everyBoundaryAfterEveryBreak(): Promise<void> {
    for (let dropAfter = 1; dropAfter <= this.base.deliveries; dropAfter++) {
      const { points, droppedAt } = await this.run(`the connection breaks after delivery ${dropAfter}`, { dropAfter });
      for (let at = droppedAt + 1; at <= points.length; at++) {
        for (const victim of SIDES) await this.run(`the connection breaks after delivery ${dropAfter}, kill ${victim} at ${at} (${points[at - 1]})`, { dropAfter, kills: [{ at, victims: [victim] }] });
      }
    }
  }

  /** Both die, or one after the other, in an order of events drawn from the seed. */
  async samples(count: number, seed: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.sample(seed * 1_000 + i);
  }

  async sample(seed: number): Promise<void> {
    const draw = chance(seed);
    const any = (most: number): number => 1 + Math.floor(draw() * most);
    const [first, second] = [any(this.base.points.length), any(this.base.points.length * 2)];
    const victim = SIDES[Math.floor(draw() * 2)]!;
    const both = draw() < 0.3;
    const kills = both
      ? [{ at: first, victims: SIDES }, { at: first + second, victims: [victim] }]
      : [{ at: first, victims: [victim] }, { at: first + second, victims: [draw() < 0.5 ? victim : otherSide(victim)] }]; // prettier-ignore
    const drop = draw() < 0.5 ? { dropAfter: any(this.base.deliveries + 1) } : {};
    await this.run(`seed ${seed}`, { kills, order: draw, ...drop });
  }

  /** I-6: starting again from the same disk comes to the same, and changes no channel; equal disks are tried once. */
  async #replay(label: string, found: Found): Promise<void> {
    const { side, image } = found;
    const word = `${side} ${wordOf(image)}`;
    if (replayed.has(word)) return;
    replayed.add(word);
    const { image: first, chain } = await startedAlone(this.start, found);
    const { image: second } = await startedAlone(this.start, { side, image: first, chain });
    this.report.looked['I-6'] = (this.report.looked['I-6'] ?? 0) + 2;
    const kept = viewOf(first).channelWords;
    // One whose closing transaction or commitment is on disk publishes it, and sees it; so is one whose funding output is spent.
    const isEnding = ({ phase, fundingOutPoint }: FundedChannel): boolean => phase === 'negotiating' || phase === 'failing' || phase === 'closing' || found.chain.isSpent(fundingOutPoint);
    const same = viewOf(image).channels.every((channel) => isEnding(channel) || kept.get(channel.config.channelNumber) === viewOf(image).channelWords.get(channel.config.channelNumber));
    const broken = [...(same ? [] : [`I-6: ${side} changes a channel by starting`]), ...(wordOf(first) === wordOf(second) ? [] : [`I-6: ${side} starts otherwise the second time`])];
    for (const what of broken) this.report.broken.set(what, [...(this.report.broken.get(what) ?? []), label]);
  }
}

const replayed = new Set<string>();

const wordOf = (image: StoreImage): string =>
  (['channel', 'channelHtlc', 'outgoingPayment', 'incomingPayment', 'pendingPayment', 'meta'] as const)
    .map((table) => recordsOf(image, table).map(([key, value]) => `${key}=${toHex(value)}`).toSorted().join(',')).join(';'); // prettier-ignore

/** What is durable after a start with nobody to talk to, and the chain with what it published. */
async function startedAlone({ image, without }: Start, { side, image: from, chain }: Found): Promise<Omit<Found, 'side'>> {
  const witness = new Witness();
  const sides = { ...image.sides, [side]: { image: from, marks: new Map() } };
  const rig = new CrashRig({ ...image, chain, sides }, { without }, {}, witness);
  witness.rig = rig;
  rig.start(side);
  await rig.drain();
  return { image: rig.durable(side), chain: rig.chain };
}

export const linesOf = ({ broken }: SweepReport): string[] => [...broken].map(([what, labels]) => `${what} (${labels.length} times: ${labels.slice(0, 4).join('; ')})`);

export const summaryOf = ({ name, points, commits, runs, looked }: SweepReport): string =>
  `${name}: ${points} boundaries, ${commits} commits, ${runs} runs; ${Object.entries(looked).toSorted(([a], [b]) => Number(a.slice(2)) - Number(b.slice(2))).map(([invariant, count]) => `${invariant} ${count}`).join(', ')}`;
