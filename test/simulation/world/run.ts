import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCampaign, reportOf } from './campaign.ts';
import { runEpisode } from './episode.ts';
import { SCENARIOS } from './scenarios.ts';

const USAGE = `npm run simulate -- [--steps N] [--seed S] [--scenario name] [--every] [--verbose]
npm run simulate -- --scenario name --episode E [--actions K]   one run again, with its log
npm run simulate -- --list                                      the scenarios`;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '50000' }, seed: { type: 'string' }, scenario: { type: 'string' }, episode: { type: 'string' }, actions: { type: 'string' },
    verbose: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    failures: { type: 'string', default: '3' }, every: { type: 'boolean', default: false },
  },
}); // prettier-ignore

const print = (line: string): void => void writeSync(1, `${line}\n`);

async function main(): Promise<number> {
  if (values.help) print(USAGE);
  if (values.list) for (const { name } of SCENARIOS) print(name);
  if (values.help || values.list) return 0;
  if (values.episode !== undefined) {
    const scenario = SCENARIOS.find(({ name }) => name === values.scenario);
    if (!scenario) throw new Error(USAGE);
    const result = await runEpisode({ scenario, seed: Number(values.episode), most: values.actions === undefined ? undefined : Number(values.actions) });
    for (const line of result.log) print(line);
    print(`${result.steps} steps, ${result.actions} actions\n${result.broken.join('\n') || 'every invariant held'}`);
    return result.broken.length === 0 ? 0 : 1;
  }
  const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
  const result = await runCampaign({
    steps: Number(values.steps), seed, only: values.scenario, everyOnce: values.every, mostFailures: Number(values.failures),
    onEpisode: (scenario, own, { steps, broken, blocks }) => values.verbose && print(`${scenario.name} ${own}: ${steps} steps, height ${blocks}${broken.length > 0 ? `, ${broken[0]}` : ''}`),
  }); // prettier-ignore
  print(reportOf(seed, result));
  return result.failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
