import type { FundedChannel } from '../../../core/channel/types.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import type { StoreImage } from '../../support/memory-store.ts';
import { type NodeName, NODE_IDS } from '../../support/rig-keys.ts';
import { peerName } from './money.ts';
import type { Watch } from './watch.ts';
import type { AnswerOf, Handled, ParamsOf, World } from './world.ts';

/** One scenario as it goes: the world, who looks on, and what its users can do. */
export class Play {
  readonly world: World;
  readonly watch: Watch;
  readonly honest: readonly NodeName[];
  /** Of a behaviour: what it goes on doing with every block, and how it leaves the stage when all calms down. */
  eachBlock: (() => Promise<void>) | undefined;
  endings: (() => void) | undefined;
  /** What was on the disk of a node whose copy is stale now. */
  readonly truth = new Map<NodeName, StoreImage>();
  /** Honest nodes alone can come to rest. */
  isPeaceful = true;
  readonly done: Record<string, number> = {};

  constructor(world: World, watch: Watch) {
    this.world = world;
    this.watch = watch;
    this.honest = world.options.names.filter((name) => name !== 'M');
  }

  note(line: string): void {
    this.watch.note(`* ${line}`);
    const kind = line.split(' ')[0]!;
    this.done[kind] = (this.done[kind] ?? 0) + 1;
  }

  /** What the user did not get is told in the log. */
  ask<M extends Handled>(name: NodeName, method: M, params: ParamsOf<M>, then: (answer: AnswerOf<M>) => void = () => undefined): void {
    this.world.call(name, method, params).then(then, (error: unknown) => this.watch.note(`${name} ${method} refused: ${error instanceof Error ? error.message : String(error)}`));
  }

  channels(name: NodeName, wanted: (channel: FundedChannel) => boolean = ({ phase }) => phase === 'normal'): readonly FundedChannel[] {
    return this.world.isRunning(name) ? this.world.node(name).channels.all().filter(wanted) : [];
  }

  forceClose(name: NodeName, channel: FundedChannel): void {
    this.note(`forceClose ${name} ${channel.config.channelNumber}`);
    this.watch.unpeaceful.add(channel.fundingOutPoint.txid);
    this.ask(name, 'channel.forceClose', { channelId: toHex(channel.channelId) });
  }

  pay(from: NodeName, to: NodeName, amountMsat: bigint): void {
    this.note(`pay ${from} ${to} ${amountMsat}`);
    this.ask(to, 'invoice.create', { amountMsat, description: 'a thing', expirySeconds: 86_400 }, ({ invoice }) =>
      this.ask(from, 'payment.send', { invoice, payAgain: false, timeoutMs: 60_000 }),
    );
  }

  /** Dead, frozen or well: afterwards it runs. */
  revive(name: NodeName): void {
    const { life } = this.world.place(name);
    if (life?.frozen) this.world.kill(name);
    if (!this.world.isRunning(name)) this.world.start(name);
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps && this.world.lanes.waiting > 0; i++) await this.world.step();
  }

  neighbours(name: NodeName): readonly NodeName[] {
    return [...new Set(this.channels(name).flatMap((channel) => peerName(channel) ?? []))];
  }

  others(name: NodeName): readonly NodeName[] {
    return this.world.options.names.filter((other) => other !== name);
  }

  readonly idOf = (name: NodeName): string => toHex(NODE_IDS[name]);
}
