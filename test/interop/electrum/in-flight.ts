/** HTLCs that stay in flight both ways between Electrum and us: two that their payees can take, two that nobody can. */
import { expect } from 'vitest';
import { until } from '../../support/electrum-daemon.ts';
import { electrumNodeSecret, forge, ourNodeSecret } from './forgery.ts';
import type { World } from './world.ts';

/** Each amount once, so that it names its output in any commitment; over what Electrum's 45 000 sat/kw trims. */
export const FLIGHT_SAT = {
  /** We offered it, and Electrum has its preimage. */
  offered: 100_000n,
  /** We offered it, and nobody has its preimage. */
  offeredInVain: 110_000n,
  /** Electrum offered it, and we have its preimage. */
  received: 120_000n,
  /** Electrum offered it, and nobody has its preimage. */
  receivedInVain: 130_000n,
} as const;
export type FlightName = keyof typeof FLIGHT_SAT;

export type Hashes = Readonly<Record<FlightName, string>>;

/** Every commitment is signed and revoked with `count` HTLCs in it. */
async function untilInFlight(world: World, point: string, count: number): Promise<void> {
  const read = async () => ({ ours: (await world.sferic.channel(point))!, theirs: (await world.electrum.channel(point))! });
  await until(
    `${count} HTLCs in flight`,
    read,
    ({ ours, theirs }) =>
      ours.pendingHtlcs === count && ours.localCommitmentNumber === theirs.remote_ctn && ours.remoteCommitmentNumber === theirs.local_ctn &&
      theirs.local_unsettled_sent + theirs.remote_unsettled_sent > 0,
    20_000,
  ); // prettier-ignore
}

const hashOf = async ({ sferic }: World, invoice: string): Promise<string> => (await sferic.call('invoice.decode', { invoice })).paymentHash;
const unknownHash = (fill: number): { readonly paymentHash: Uint8Array } => ({ paymentHash: crypto.getRandomValues(new Uint8Array(32)).fill(fill, 0, 1) });

/** One each way that its payee keeps; both answer once Electrum's `settleHtlcs` and our `withhold` say so. */
export async function offerBothWays(world: World, point: string): Promise<Pick<Hashes, 'offered' | 'received'>> {
  const { sferic, electrum } = world;
  await electrum.settleHtlcs(false);
  await sferic.withhold(true);
  const invoice = await electrum.invoice(FLIGHT_SAT.offered);
  await sferic.call('payment.send', { invoice, timeoutMs: 0 });
  await untilInFlight(world, point, 1);
  const ours = await world.invoiceOfOurs(FLIGHT_SAT.received);
  void electrum.pay(ours.invoice).catch(() => undefined); // answers when it is over, if ever
  await untilInFlight(world, point, 2);
  return { offered: await hashOf(world, invoice), received: ours.paymentHash };
}

/**
 * All four, and then silence: what either payee answered never reaches the other, although both stay connected. We know the
 * preimage of `received` by then, Electrum that of `offered`.
 */
export async function holdBothWays(world: World, point: string): Promise<Hashes> {
  const { sferic, electrum } = world;
  const kept = await offerBothWays(world, point);
  const [electrumKey, ourKey] = await Promise.all([electrumNodeSecret(electrum), ourNodeSecret(sferic)]);
  const forOurs = forge((await world.invoiceOfOurs(FLIGHT_SAT.receivedInVain)).invoice, unknownHash(1), ourKey);
  void electrum.pay(forOurs).catch(() => undefined);
  await untilInFlight(world, point, 3);

  const { reached } = await sferic.order({ direction: 'in', when: 'before', message: 'update_fail_htlc', occurrence: 1, action: 'hold' });
  const forTheirs = forge(await electrum.invoice(FLIGHT_SAT.offeredInVain), unknownHash(2), electrumKey);
  await sferic.call('payment.send', { invoice: forTheirs, timeoutMs: 0 });
  await reached;
  await sferic.withhold(false);
  const invoice = async () => (await sferic.call('invoice.get', { paymentHash: kept.received })).state;
  await until('our answer to what we received', invoice, (state) => state === 'receiving');
  expect((await sferic.channel(point))!.pendingHtlcs).toBe(4);
  return { ...kept, offeredInVain: await hashOf(world, forTheirs), receivedInVain: await hashOf(world, forOurs) };
}
