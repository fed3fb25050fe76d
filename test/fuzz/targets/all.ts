import type { AnyTarget } from '../target.ts';
import { chainTargets } from './chain.ts';
import { onionTargets } from './onion.ts';
import { requestTargets } from './requests.ts';
import { storedTargets } from './stored.ts';
import { textTargets } from './texts.ts';
import { towerTargets } from './tower.ts';
import { transportTargets } from './transport.ts';
import { wireTargets } from './wire.ts';

export const allTargets = (): readonly AnyTarget[] => [
  ...wireTargets(),
  ...transportTargets(),
  ...onionTargets(),
  ...textTargets(),
  ...chainTargets(),
  ...storedTargets(),
  ...requestTargets(),
  ...towerTargets(),
];
