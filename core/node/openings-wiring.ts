import type { ChannelKeys } from '../channel/keys.ts';
import { fromHex, fromUtf8, utf8 } from '../lib/bytes.ts';
import type { Store } from '../store/port.ts';
import { signPlan } from '../wallet/plan.ts';
import { recordOwnTransaction, release } from '../wallet/state.ts';
import type { SfericNode } from './node.ts';
import { Openings } from './openings.ts';
import { closeReserveSat, inboundRefusal } from './reserve.ts';
import { sat } from '../lib/units.ts';
import type { Turn } from './turns.ts';

const COUNTER_KEY = 'nextChannelNumber';

/** A wallet that was restored begins somewhere from here on, and leaves as many numbers to count on with. */
const RESTORED_FROM = 1 << 20;
const RESTORED_RANGE = 2 ** 31 - 2 * RESTORED_FROM;

/** A channel's number decides its keys: none is given twice. */
export class ChannelNumbers {
  #next = 0;

  /**
   * `isRestored`: the words are older than this database, and their channels may be open still. The same keys for another
   * channel would tell its peer what revokes states of the old one, so the numbers begin where nobody has been: in the main
   * part of two thousand million, by chance.
   */
  async load(store: Store, { isRestored, random }: { readonly isRestored: boolean; readonly random: (length: number) => Uint8Array }): Promise<void> {
    const counter = await store.get('meta', COUNTER_KEY);
    const first = (): number => RESTORED_FROM + (new DataView(random(4).slice().buffer).getUint32(0) % RESTORED_RANGE);
    this.#next = counter ? Number(fromUtf8(counter)) : isRestored ? first() : 0;
  }
  get next(): number {
    return this.#next;
  }
  keep(turn: Turn, channelNumber: number): void {
    this.#next = Math.max(this.#next, channelNumber + 1);
    turn.write('meta', COUNTER_KEY, utf8(`${this.#next}`));
  }
}

function refusalOf(node: SfericNode): string | undefined {
  if (node.isRecovering) return 'not accepting channels now';
  return node.onchain.status.state === 'synced' && !node.tipIsTooOld ? undefined : 'not synchronised with the chain';
}

/** The openings of a node, joined to its wallet, peers and channels. */
export function openingsOf(node: SfericNode, keysOf: (channelNumber: number) => ChannelKeys, numbers: ChannelNumbers): Openings {
  const { system } = node.ports;
  return new Openings({
    system, keysOf,
    enqueue: (task) => node.turns.enqueue(task),
    negotiated: (peer) => (feature) => node.peers.supports(peer, feature),
    nodeIdOf: fromHex,
    nextChannelNumber: () => numbers.next,
    keepChannelNumber: (turn, channelNumber) => numbers.keep(turn, channelNumber),
    contextFor: (keys) => node.channels.contextOf(keys),
    freshScript: (turn) => node.onchain.newAddress(turn, 'p2wpkh', 'receive').script,
    planFunding: (turn, reservation, script, amountSat, proposals) =>
      node.funding.plan(turn, reservation, script, amountSat, proposals === 'spend_reserve' ? sat(0n) : closeReserveSat(node.channels.all(), proposals)),
    signFunding: (plan) => signPlan(plan, node.keys, system.random(32)),
    recordFunding: (turn, reservation, plan, tx) =>
      node.onchain.update(turn, (state) => recordOwnTransaction(release(state, reservation), { tx, feeSat: plan.feeSat, createdAtSeconds: Math.floor(system.nowMs() / 1000) })),
    releaseCoins: (turn, reservation) => node.onchain.update(turn, (state) => release(state, reservation)),
    send: (peer, message) => node.peers.send(peer, message),
    adopt: (turn, channel, actions) => {
      node.channels.adopt(turn, channel, actions);
      node.backups.look(turn);
    },
    isKnownChannel: (channelId) => node.channels.byId(channelId) !== undefined,
    unconfirmedOf: (peer) => node.channels.of(fromHex(peer)).filter(({ phase, config: { isOpener } }) => phase === 'opening' && !isOpener).length,
    refusal: () => refusalOf(node),
    reserveRefusal: (proposal, others) => inboundRefusal(node.channels.all(), node.onchain.coins(), proposal, others),
  }); // prettier-ignore
}
