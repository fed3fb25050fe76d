import type { Behaviour } from './behaviour.ts';

export const CHEATS: readonly Behaviour[] = [];
