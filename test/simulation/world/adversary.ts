import { type NodeName } from '../../support/rig-keys.ts';
import type { Play } from './play.ts';

/** What M's borders do with what M says. */
export type Bend = (bytes: Uint8Array, to: NodeName) => readonly Uint8Array[];

/** M is a whole node too; who holds its strings bends what leaves it, and has its keys and all its old disks. */
export class Adversary {
  readonly play: Play;
  bend: Bend | undefined;

  constructor(play: Play) {
    this.play = play;
  }
}
