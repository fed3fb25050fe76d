import { Adversary } from './adversary.ts';
import { openingOf } from './money.ts';
import { Play } from './play.ts';
import type { Scenario } from './scenarios.ts';
import { deadlines, settleAndCount } from './settle.ts';
import { SETTINGS, isQuiet, runUntil, startOf } from './starts.ts';
import { Watch } from './watch.ts';
import { World, type WorldOptions } from './world.ts';

export interface EpisodeOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Stops acting after so many actions: for the shortest way to a failure. */
  readonly most?: number | undefined;
  /** For tests that plant a fault. */
  readonly wrap?: WorldOptions['wrap'];
}

export interface EpisodeResult {
  readonly steps: number;
  readonly blocks: number;
  readonly scriptsRun: number;
  readonly looked: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
  readonly brokenAtStep: number;
  readonly actions: number;
  readonly done: Readonly<Record<string, number>>;
  readonly log: readonly string[];
  /** As it stands at the end. */
  readonly play: Play;
}

const MOST_STEPS_BETWEEN = 70;
const MOST_TICKS_BETWEEN = 6;

/** One scenario from its start to the last satoshi; the same for the same seed. */
export async function runEpisode({ scenario, seed, most = Infinity, wrap }: EpisodeOptions): Promise<EpisodeResult> {
  const setting = scenario.settings[seed % scenario.settings.length]!;
  const { names, without } = SETTINGS[setting];
  const watch = new Watch();
  const { evidence } = watch;
  const strings: { adversary: Adversary | undefined } = { adversary: undefined };
  const world = new World({
    names, without, seed, watcher: watch, from: await startOf(setting), ...(wrap ? { wrap } : {}),
    outgoing: (from, bytes, to) => (from === 'M' && strings.adversary?.bend ? strings.adversary.bend(bytes, to) : [bytes]),
  }); // prettier-ignore
  watch.world = world;
  const play = new Play(world, watch);
  const adversary = new Adversary(play);
  strings.adversary = adversary;
  play.isPeaceful = play.honest.length === names.length;
  let actions = 0;
  let brokenAtStep = 0;
  const isWell = (): boolean => {
    if (evidence.broken.length > 0 && brokenAtStep === 0) brokenAtStep = world.steps;
    return evidence.broken.length === 0;
  };
  try {
    for (const name of names) world.start(name);
    await runUntil(world, () => isQuiet(world, names));
    const opening = openingOf(world, play.honest);
    const total = scenario.actions.reduce((sum, [, weight]) => sum + weight, 0);
    const turn = scenario.behaviour ? Math.floor(world.draw() * scenario.count * 0.7) + 2 : -1;
    for (; actions < Math.min(scenario.count, most) && isWell(); actions++) {
      if (actions === turn) {
        play.note(`behaviour ${scenario.name}`);
        await scenario.behaviour?.begin(adversary);
      }
      let drawn = world.draw() * total;
      const [action] = scenario.actions.find(([, weight]) => (drawn -= weight) < 0) ?? scenario.actions[0]!;
      await action(play);
      const steps = Math.floor(world.draw() * MOST_STEPS_BETWEEN);
      // With nothing to do the clock goes on a little: retries, time-outs.
      let ticks = Math.floor(world.draw() * MOST_TICKS_BETWEEN);
      for (let i = 0; i < steps && isWell() && (world.lanes.waiting > 0 || ticks-- > 0); i++) await world.step();
      deadlines(play);
    }
    if (isWell()) await settleAndCount(play, opening);
  } catch (error) {
    evidence.broken.push(`threw: ${error instanceof Error ? error.stack : String(error)}`);
  }
  isWell();
  return {
    steps: world.steps, blocks: world.chain.height, scriptsRun: world.chain.scriptsRun, looked: evidence.looked, broken: evidence.broken, brokenAtStep, actions,
    done: play.done, log: watch.log, play,
  }; // prettier-ignore
}
