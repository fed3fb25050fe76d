import type { EventData, EventName } from '../api.ts';
import type { SfericNode } from './node.ts';
import { closeReserveSat } from './reserve.ts';
import { sleepView } from './status.ts';
import type { Turn } from './turns.ts';

const textOf = (view: EventData<'sleep.updated'>): string => Object.values(view).join(' ');

/** Tells of what follows from all channels together, when it changed: looked at with blocks and the clock, not with every HTLC. */
export class Standing {
  readonly #node: SfericNode;
  readonly #emit: <N extends EventName>(name: N, data: EventData<N>) => void;
  #sleep: string | undefined;
  #reserveSat = 0n;

  constructor(node: SfericNode, emit: <N extends EventName>(name: N, data: EventData<N>) => void) {
    this.#node = node;
    this.#emit = emit;
  }

  look(turn: Turn): void {
    turn.after(() => {
      const sleep = sleepView(this.#node);
      if (sleep && textOf(sleep) !== this.#sleep) {
        this.#sleep = textOf(sleep);
        this.#emit('sleep.updated', sleep);
      }
      const reserveSat = closeReserveSat(this.#node.channels.all());
      if (reserveSat === this.#reserveSat) return;
      this.#reserveSat = reserveSat;
      this.#emit('wallet.updated', this.#node.balance());
    });
  }
}
