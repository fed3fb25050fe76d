/** One test network, one Electrum and our node in a process of its own, and the questions that every test asks of both. */
import { expect } from 'vitest';
import { ACCOUNT } from '../../../core/node/records.ts';
import { startChainProcess, type ChainHandle } from '../../../core/playground/chain-client.ts';
import { scriptOf } from '../../../core/playground/regtest-address.ts';
import { ElectrumDaemon, until, type ElectrumOptions } from '../../support/electrum-daemon.ts';
import { SfericProcess, type Channel, type Payment } from '../../support/sferic-process.ts';

export const COINS_SAT = 10_000_000n;
export const CAPACITY_SAT = 2_000_000n;

export class World {
  readonly chain: ChainHandle;
  readonly electrum: ElectrumDaemon;
  readonly sferic: SfericProcess;

  private constructor(chain: ChainHandle, electrum: ElectrumDaemon, sferic: SfericProcess) {
    this.chain = chain;
    this.electrum = electrum;
    this.sferic = sferic;
  }

  /** Both wallets hold `COINS_SAT` in one confirmed coin. */
  static async create(options: ElectrumOptions = {}): Promise<World> {
    const chain = await startChainProcess();
    const made = await Promise.allSettled([
      ElectrumDaemon.create(chain.electrumPort, options),
      SfericProcess.create([`electrum:tcp://127.0.0.1:${chain.electrumPort}`]),
    ]);
    const [electrum, sferic] = made;
    if (electrum.status === 'rejected' || sferic.status === 'rejected') {
      await Promise.all(made.map((one) => (one.status === 'fulfilled' ? one.value.remove() : undefined)));
      await chain.stop();
      throw made.find((one) => one.status === 'rejected')!.reason;
    }
    const world = new World(chain, electrum.value, sferic.value);
    try {
      await world.#fund();
    } catch (e) {
      await world.stop();
      throw e;
    }
    return world;
  }

  /** Several at once; if one fails none is left. */
  static async createAll(count: number): Promise<World[]> {
    const made = await Promise.allSettled(Array.from({ length: count }, () => World.create()));
    const worlds = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = made.find((one) => one.status === 'rejected');
    if (!failed) return worlds;
    await Promise.all(worlds.map((world) => world.stop()));
    throw failed.reason;
  }

  async #fund(): Promise<void> {
    const { address } = await this.sferic.call('wallet.newAddress', {});
    for (const to of [address, await this.electrum.newAddress()]) await this.chain.pay(scriptOf(to)!, COINS_SAT);
    await this.mine(1);
    await Promise.all([this.electrum.untilConfirmed(COINS_SAT), this.sferic.untilConfirmed(COINS_SAT)]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.electrum.remove(), this.sferic.remove()]);
    await this.chain.stop();
  }

  /** Mines, and waits until both have seen it. */
  async mine(count: number): Promise<void> {
    await this.chain.mine(count);
    await this.untilSynced();
  }
  async untilSynced(): Promise<void> {
    const height = await this.chain.height();
    await Promise.all([this.electrum.untilSynced(height), this.sferic.untilSynced(height)]);
  }

  /** We open; the funding transaction waits in the mempool. */
  async openFromUs(pushSat = 0n): Promise<string> {
    const peer = await this.electrum.nodeUri();
    const { fundingTxid } = await this.sferic.call('channel.open', { peer, capacitySat: CAPACITY_SAT, pushMsat: pushSat * 1000n });
    await this.chain.untilTx(fundingTxid);
    const channel = (await this.sferic.channels()).find((c) => c.fundingTxid === fundingTxid)!;
    return `${fundingTxid}:${channel.fundingVout}`;
  }
  /** Electrum opens; the funding transaction waits in the mempool. */
  async openFromElectrum(pushSat = 0n): Promise<string> {
    const point = await this.electrum.openChannel(this.sferic.uri, { fundingSat: CAPACITY_SAT, pushSat });
    await this.chain.untilTx(point.slice(0, 64));
    return point;
  }
  async untilOpen(point: string): Promise<void> {
    await Promise.all([this.sferic.untilNormal(point), this.electrum.untilChannel(point, 'OPEN')]);
  }
  /** At once, instead of after the pauses of both. */
  async reconnect(): Promise<void> {
    const address = await this.electrum.nodeUri();
    await this.sferic.call('peer.connect', { address }).catch(() => undefined); // both may dial at once: one connection stays
  }
  open(opener: Opener, pushSat = 0n): Promise<string> {
    return opener === 'us' ? this.openFromUs(pushSat) : this.openFromElectrum(pushSat);
  }
  async openAndConfirm(opener: Opener, pushSat = 0n): Promise<string> {
    const point = await this.open(opener, pushSat);
    await this.mine(3);
    await this.untilOpen(point);
    if (opener === 'electrum') await this.#untilFeeMoved(point);
    return point;
  }
  /** At the next block Electrum asks for 1 sat/kw more than its fixed 45 000: what is proposed meanwhile has to wait. */
  async #untilFeeMoved(point: string): Promise<void> {
    await this.mine(1);
    const feerate = async () => (await this.sferic.channel(point))!.feeratePerKw;
    await until("Electrum's first update_fee", feerate, (rate) => rate === 45_001);
    await this.untilAgreed(point);
  }

  /** We pay an invoice of Electrum, which knows no fractions of a satoshi. */
  async payElectrum(amountSat: bigint): Promise<Payment> {
    return this.sferic.call('payment.send', { invoice: await this.electrum.invoice(amountSat), timeoutMs: 20_000 });
  }
  invoiceOfOurs(amountSat: bigint): Promise<{ readonly invoice: string; readonly paymentHash: string }> {
    return this.sferic.call('invoice.create', { amountMsat: amountSat * 1000n, description: 'interop' });
  }

  /**
   * Both say the same of the channel, no HTLC is left, every commitment is signed and revoked: waits for that, and
   * answers with our balance in it.
   */
  async untilAgreed(point: string): Promise<bigint> {
    return (await this.#untilAgreed(point)) / 1000n;
  }
  /** The same with `ourMsat` as our balance; Electrum shows whole satoshi. */
  async untilOurs(point: string, ourMsat: bigint): Promise<void> {
    expect(await this.#untilAgreed(point)).toBe(ourMsat);
  }

  async #untilAgreed(point: string): Promise<bigint> {
    const read = async () => ({ ours: await this.sferic.channel(point), theirs: await this.electrum.channel(point) });
    const agreed = await until(
      `agreement on ${point}`,
      read,
      ({ ours, theirs }) =>
        ours !== undefined && theirs !== undefined && ours.live && ours.pendingHtlcs === 0 && ours.localCommitmentNumber === theirs.remote_ctn &&
        ours.remoteCommitmentNumber === theirs.local_ctn && ours.ourMsat / 1000n === BigInt(theirs.remote_balance) &&
        ours.theirMsat / 1000n === BigInt(theirs.local_balance) && theirs.local_unsettled_sent === 0 && theirs.remote_unsettled_sent === 0,
      20_000,
    ).catch((e: unknown) => {
      throw new Error(`${(e as Error).message}\n${this.#story()}`, { cause: e });
    }); // prettier-ignore
    return agreed.ours!.ourMsat;
  }

  #story(): string {
    return `wire: ${this.sferic.wire.slice(-30).join(', ')}\nour log: ${this.sferic.log.slice(-1500)}\nElectrum's log: ${this.electrum.log.slice(-3000)}`;
  }

  /** Nobody closed anything and nobody is alarmed. */
  async expectNoHarm(point: string): Promise<void> {
    expect(await this.sferic.channel(point)).toMatchObject({ state: 'normal' } satisfies Partial<Channel>);
    expect(await this.electrum.channel(point)).toMatchObject({ state: 'OPEN' });
    expect(await this.chain.spenderOf(point.slice(0, 64), Number(point.slice(65)))).toBeUndefined();
    expect(this.sferic.alarms).toEqual([]);
  }

  /** Our book says so much of our channel: it is read from the disk, which follows what the channel itself tells. */
  async untilBooked(point: string, expectedMsat: bigint): Promise<void> {
    const account = ACCOUNT.channel((await this.sferic.channel(point))!.channelNumber);
    const booked = async () => (await this.sferic.call('ledger.balances', {})).find((one) => one.account === account)?.balanceMsat ?? 0n;
    await until(`${expectedMsat} msat in our book`, booked, (msat) => msat === expectedMsat, 5_000);
  }
}

export type Opener = 'us' | 'electrum';
