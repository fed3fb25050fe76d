import type { Tx } from '../../core/bitcoin/transaction.ts';
import type { Message } from '../../core/wire/messages.ts';
import type { Enforcement } from './crash-scenarios.ts';
import type { CrashRig, Watcher } from './crash-rig.ts';
import type { SideName } from './rig-keys.ts';
import { viewOf } from './invariant-views.ts';
import { Evidence, type Sent, i1, i18, i19, i1Published, i2, i25, i33Published, i33Sent, i5, i6, i6Together, i7, i8, i9 } from './invariants.ts';
import { i10To12, i11Offer, i13Books } from './invariants-of-states.ts';
import type { Found } from './crash-types.ts';
import type { StoreImage } from './memory-store.ts';

/** Holds every invariant against everything that happens at the borders of two nodes. */
export class Witness implements Watcher {
  rig: CrashRig | undefined;
  readonly evidence = new Evidence(() => this.#here());
  /** What went wrong inside a node, by its own log. */
  readonly errors: string[] = [];
  readonly log: string[] = [];
  readonly found: Found[] = [];
  readonly #last = new Map<SideName, StoreImage>();
  readonly #enforcement: Enforcement | undefined;

  constructor(enforcement?: Enforcement) {
    this.#enforcement = enforcement;
  }

  readonly #here = (): CrashRig => {
    if (!this.rig) throw new Error('no rig yet');
    return this.rig;
  };

  onSend(side: SideName, message: Message, bytes: Uint8Array): void {
    this.log.push(`${side} sends ${message.name}`);
    const { evidence } = this;
    const sent: Sent = { side, message, bytes, disk: viewOf(this.#here().durable(side)) };
    i7(evidence, side, message.name);
    i2(evidence, sent);
    i5(evidence, sent);
    i11Offer(evidence, sent);
    i18(evidence, sent);
    i25(evidence, sent);
    i19(evidence, sent);
    i33Sent(evidence, sent);
  }

  onDelivered(): void {}

  onPublish(side: SideName, tx: Tx): void {
    this.log.push(`${side} publishes`);
    const disk = viewOf(this.#here().durable(side));
    i7(this.evidence, side, 'a transaction');
    i1Published(this.evidence, side, tx, disk);
    i33Published(this.evidence, side, tx, disk, this.#enforcement?.by === side);
  }

  onDurable(side: SideName, _before: StoreImage, after: StoreImage): void {
    this.#last.set(side, after);
    const disk = viewOf(after);
    i1(this.evidence, side, disk);
    i6Together(this.evidence, side, disk);
    i8(this.evidence, side, disk);
    i10To12(this.evidence, side, disk);
    i13Books(this.evidence, side, disk);
  }

  onStarted(side: SideName, found: StoreImage): void {
    this.log.push(`${side} starts`);
    if (this.rig) this.found.push({ side, image: found, chain: this.rig.chain.copy() });
    i6(this.evidence, side, found, this.#last.get(side) ?? found);
    i1(this.evidence, side, viewOf(found));
    i9(this.evidence, side, found);
  }

  onLog(side: SideName, level: string, text: string): void {
    this.log.push(`${side} ${level}: ${text}`);
    const frozen = this.#here().sides[side].life?.frozen !== undefined;
    const isDue = this.#enforcement?.alarms.some((code) => text.includes(code)) === true;
    if ((level === 'error' || level === 'alarm') && !frozen && !isDue) this.errors.push(`${side} ${level}: ${text}`);
  }
}
