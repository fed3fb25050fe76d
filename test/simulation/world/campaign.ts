import { sha256 } from '../../../core/crypto/hash.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { type EpisodeResult, runEpisode } from './episode.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

export interface Failure {
  readonly scenario: string;
  readonly episodeSeed: number;
  readonly broken: readonly string[];
  readonly step: number;
  /** The fewest actions after which it still fails. */
  readonly actions: number;
  readonly log: readonly string[];
}

export interface CampaignResult {
  readonly steps: number;
  readonly episodes: number;
  readonly milliseconds: number;
  readonly looked: Readonly<Record<string, number>>;
  readonly perScenario: Readonly<Record<string, number>>;
  readonly scriptsRun: number;
  readonly failures: readonly Failure[];
}

export interface CampaignOptions {
  readonly steps: number;
  readonly seed: number;
  readonly only?: string | undefined;
  /** Begins with every scenario once, however many steps that takes. */
  readonly everyOnce?: boolean;
  readonly mostFailures?: number;
  readonly onEpisode?: (scenario: Scenario, seed: number, result: EpisodeResult) => void;
}

/** The seed of an episode follows from that of the campaign and its place in it. */
export const episodeSeed = (seed: number, index: number): number => new DataView(sha256(utf8(`${seed} ${index}`)).buffer).getUint32(0);

/** The fewest actions after which the same invariant still breaks, by trying each number from the bottom. */
async function shortest(scenario: Scenario, seed: number, failed: EpisodeResult): Promise<EpisodeResult> {
  const name = failed.broken[0]?.split(':')[0];
  for (let most = 0; most < failed.actions; most++) {
    const result = await runEpisode({ scenario, seed, most });
    if (result.broken[0]?.split(':')[0] === name) return result;
  }
  return failed;
}

/** Scenario after scenario until so many steps are done. */
export async function runCampaign({ steps, seed, only, everyOnce = false, mostFailures = 3, onEpisode }: CampaignOptions): Promise<CampaignResult> {
  const scenarios = SCENARIOS.filter(({ name }) => only === undefined || name === only);
  if (scenarios.length === 0) throw new Error(`there is no scenario "${only}"; there are: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
  const honest = scenarios.filter(({ behaviour }) => !behaviour);
  const looked: Record<string, number> = {};
  const perScenario: Record<string, number> = {};
  const failures: Failure[] = [];
  const began = performance.now();
  let [done, episodes, scriptsRun] = [0, 0, 0];
  const first = everyOnce ? scenarios.length : 0;
  for (; (done < steps || episodes < first) && failures.length < mostFailures; episodes++) {
    const own = episodeSeed(seed, episodes);
    // Every third run is among honest nodes alone.
    const pool = episodes % 3 === 0 && honest.length > 0 ? honest : scenarios;
    const scenario = episodes < first ? scenarios[episodes]! : pool[episodeSeed(own, 0) % pool.length]!;
    const result = await runEpisode({ scenario, seed: own });
    done += result.steps;
    scriptsRun += result.scriptsRun;
    perScenario[scenario.name] = (perScenario[scenario.name] ?? 0) + 1;
    for (const [name, count] of Object.entries(result.looked)) looked[name] = (looked[name] ?? 0) + count;
    onEpisode?.(scenario, own, result);
    if (result.broken.length === 0) continue;
    const least = await shortest(scenario, own, result);
    failures.push({ scenario: scenario.name, episodeSeed: own, broken: least.broken, step: least.brokenAtStep, actions: least.actions, log: least.log });
  }
  return { steps: done, episodes, milliseconds: performance.now() - began, looked, perScenario, scriptsRun, failures };
}

const byNumber = ([a]: readonly [string, number], [b]: readonly [string, number]): number => Number(a.slice(2)) - Number(b.slice(2));

export function reportOf(seed: number, { steps, episodes, milliseconds, looked, perScenario, scriptsRun, failures }: CampaignResult): string {
  const checks = Object.values(looked).reduce((sum, count) => sum + count, 0);
  return [
    `seed ${seed}: ${steps} steps in ${episodes} runs of ${Object.keys(perScenario).length} scenarios, ${Math.round(steps / (milliseconds / 1000))} steps/s, ${scriptsRun} scripts run, ${checks} invariant checks`,
    `  ${Object.entries(looked).toSorted(byNumber).map(([name, count]) => `${name} ${count}`).join(', ')}`,
    ...failures.map(({ scenario, episodeSeed: own, broken, step, actions }) =>
      `FAILED ${scenario}: ${broken.join('\n         ')}\n  at step ${step} after ${actions} actions; again: npm run simulate -- --scenario "${scenario}" --episode ${own} --actions ${actions}`),
  ].join('\n'); // prettier-ignore
}
