import type { Adversary } from './adversary.ts';

/** One thing that an adversary can do; it begins in the middle of ordinary traffic. */
export interface Behaviour {
  readonly name: string;
  readonly needsAnchors?: boolean;
  readonly begin: (adversary: Adversary) => void | Promise<void>;
}
