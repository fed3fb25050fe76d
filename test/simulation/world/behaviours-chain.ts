import type { Behaviour } from './behaviour.ts';

export const CHAIN_BEHAVIOURS: readonly Behaviour[] = [];
