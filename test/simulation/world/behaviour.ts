import type { Adversary } from './adversary.ts';
import type { SettingName } from './starts.ts';

/** One thing that an adversary can do; it begins in the middle of ordinary traffic. */
export interface Behaviour {
  readonly name: string;
  readonly needsAnchors?: boolean;
  /** Where it happens, if not among adversaries. */
  readonly settings?: readonly SettingName[];
  readonly begin: (adversary: Adversary) => void | Promise<void>;
}
