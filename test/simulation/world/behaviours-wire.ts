import type { Behaviour } from './behaviour.ts';

export const WIRE_BEHAVIOURS: readonly Behaviour[] = [];
