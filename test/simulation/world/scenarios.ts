import * as act from './actions.ts';
import type { Action } from './actions.ts';
import type { Behaviour } from './behaviour.ts';
import { CHAIN_BEHAVIOURS } from './behaviours-chain.ts';
import { CHEATS } from './behaviours-cheat.ts';
import { WIRE_BEHAVIOURS } from './behaviours-wire.ts';
import type { SettingName } from './starts.ts';

export interface Scenario {
  readonly name: string;
  readonly settings: readonly SettingName[];
  /** What may happen, with its weight. */
  readonly actions: readonly (readonly [Action, number])[];
  readonly count: number;
  /** What the adversary does once in the middle of it all. */
  readonly behaviour?: Behaviour;
}

const users = [[act.pay, 10], [act.burst, 3]] as const; // prettier-ignore
const blocks = [[act.mine, 2], [act.mineSome, 1]] as const; // prettier-ignore
const machines = [[act.restart, 2], [act.revive, 2], [act.lag, 3], [act.breakLine, 3], [act.part, 1], [act.diskFails, 0.5]] as const; // prettier-ignore
const weather = [[act.fees, 1], [act.reorg, 1], [act.delivery, 1], [act.evict, 0.3]] as const; // prettier-ignore

const everyday: readonly Scenario[] = [
  { name: 'payments', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks], count: 45 },
  { name: 'openings', settings: ['strangers', 'pair', 'three'], actions: [...users, [act.open, 3], [act.mine, 8], ...machines], count: 35 },
  { name: 'closes', settings: ['pair', 'legacy', 'three', 'static'], actions: [...users, ...blocks, [act.close, 1], ...machines, ...weather], count: 35 },
  { name: 'network', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks, [act.breakLine, 8], [act.part, 3], [act.lag, 4]], count: 45 },
  { name: 'crashes', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks, [act.restart, 6], [act.revive, 4], [act.lag, 3], [act.diskFails, 2]], count: 45 },
  { name: 'weather', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks, ...weather, [act.send, 1], [act.clockJump, 1], [act.open, 1]], count: 40 },
  { name: 'force closes', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks, [act.forceClose, 1]], count: 25 },
  { name: 'force closes in a storm', settings: ['pair', 'static', 'three'], actions: [...users, ...blocks, [act.forceClose, 1.5], ...machines, ...weather, [act.send, 0.5]], count: 30 },
];

const around = (behaviour: Behaviour): Scenario => ({
  name: behaviour.name, settings: behaviour.settings ?? (behaviour.needsAnchors ? ['adversary'] : ['adversary', 'adversary', 'adversaryStatic']),
  actions: [...users, ...blocks, ...machines.filter(([action]) => action !== act.diskFails), [act.reorg, 0.3]], count: 18, behaviour,
}); // prettier-ignore

export const SCENARIOS: readonly Scenario[] = [...everyday, ...[...WIRE_BEHAVIOURS, ...CHEATS, ...CHAIN_BEHAVIOURS].map(around)];
