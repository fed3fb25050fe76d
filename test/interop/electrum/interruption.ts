/** One payment that is broken off at one message, and what must hold once both are back. */
import { expect } from 'vitest';
import { until } from '../../support/electrum-daemon.ts';
import type { TapOrder } from '../../support/sferic-process.ts';
import type { Opener, World } from './world.ts';

/** What happens at the message: the connection is cut, or a process is killed as by kill -9. */
export type Blow = 'cut' | 'kill us' | 'kill electrum';

/** Over the trim threshold of our channels to Electrum, under that of Electrum's channels to us; under both; over both. */
export const AMOUNTS_SAT = [20_000n, 700n, 50_000n] as const;

/** `< revoke_and_ack, before, 1`: the first one that comes to us is lost. Directions as our node sees them. */
export type Place = readonly [direction: '<' | '>', message: string, when: TapOrder['when'], occurrence: number];

const ACTION = { cut: 'cut', 'kill us': 'kill', 'kill electrum': 'hold' } as const satisfies Record<Blow, TapOrder['action']>;

/** Every message of a payment of ours, lost and delivered. */
export const PLACES_AS_PAYER: readonly Place[] = [
  ['>', 'update_add_htlc', 'before', 1],
  ['>', 'commitment_signed', 'before', 1],
  ['>', 'commitment_signed', 'after', 1],
  ['<', 'revoke_and_ack', 'before', 1],
  ['<', 'revoke_and_ack', 'after', 1],
  ['<', 'commitment_signed', 'before', 1],
  ['>', 'revoke_and_ack', 'before', 1],
  ['>', 'revoke_and_ack', 'after', 1],
  ['<', 'update_fulfill_htlc', 'before', 1],
  ['<', 'update_fulfill_htlc', 'after', 1],
  ['<', 'commitment_signed', 'before', 2],
  ['>', 'revoke_and_ack', 'before', 2],
  ['>', 'commitment_signed', 'before', 2],
  ['>', 'commitment_signed', 'after', 2],
  ['<', 'revoke_and_ack', 'before', 2],
];

/** The same, Electrum paying. */
export const PLACES_AS_PAYEE: readonly Place[] = [
  ['<', 'update_add_htlc', 'before', 1],
  ['<', 'update_add_htlc', 'after', 1],
  ['<', 'commitment_signed', 'before', 1],
  ['>', 'revoke_and_ack', 'before', 1],
  ['>', 'revoke_and_ack', 'after', 1],
  ['>', 'commitment_signed', 'before', 1],
  ['>', 'commitment_signed', 'after', 1],
  ['<', 'revoke_and_ack', 'before', 1],
  ['<', 'revoke_and_ack', 'after', 1],
  ['>', 'update_fulfill_htlc', 'before', 1],
  ['>', 'update_fulfill_htlc', 'after', 1],
  ['>', 'commitment_signed', 'before', 2],
  ['<', 'revoke_and_ack', 'before', 2],
  ['<', 'commitment_signed', 'before', 2],
  ['>', 'revoke_and_ack', 'before', 2],
];

interface Interruption {
  readonly point: string;
  readonly payer: Opener;
  readonly blow: Blow;
  readonly place: Place;
  readonly amountSat: bigint;
}

/** Has `act` done, strikes at its message, and brings both back. What dies does not answer, or much later. */
export async function strike(world: World, blow: Blow, place: Place, act: () => Promise<unknown>): Promise<{ readonly answered: Promise<unknown> }> {
  const { sferic, electrum } = world;
  const [direction, message, when, occurrence] = place;
  sferic.forgetWire();
  const { reached } = await sferic.order({ direction: direction === '<' ? 'in' : 'out', message, when, occurrence, action: ACTION[blow] });
  const answered = act().catch(() => undefined);
  await reached;
  if (blow === 'kill us') {
    await sferic.stop({ kill: true });
    await sferic.start();
  }
  if (blow === 'kill electrum') {
    await electrum.stop({ kill: true });
    await sferic.release();
    await electrum.start();
  }
  await world.reconnect();
  return { answered };
}

/** Makes the payment, strikes, and shows that both agree when they are back; answers whether the payment was made. */
export async function interrupt(world: World, { point, payer, blow, place, amountSat }: Interruption): Promise<boolean> {
  const { sferic, electrum } = world;
  const beforeSat = await world.untilAgreed(point);
  const invoice = payer === 'us' ? await electrum.invoice(amountSat) : (await world.invoiceOfOurs(amountSat)).invoice;
  const { paymentHash } = await sferic.call('invoice.decode', { invoice });
  const { answered } = await strike(world, blow, place, () => (payer === 'us' ? sferic.call('payment.send', { invoice, timeoutMs: 0 }) : electrum.pay(invoice)));
  await answered;

  await world.untilOpen(point);
  const afterSat = await world.untilAgreed(point);
  const isPaid = payer === 'us' ? await paidByUs(world, paymentHash) : await paidToUs(world, paymentHash);
  expect(await paidSaysElectrum(world, paymentHash), 'both say the same of the payment').toBe(isPaid);
  const movedSat = payer === 'us' ? -amountSat : amountSat;
  expect(afterSat - beforeSat).toBe(isPaid ? movedSat : 0n);
  await world.untilBooked(point, afterSat * 1000n);
  await world.expectNoHarm(point);
  return isPaid;
}

/** Final with us: the money has left, or never will. */
async function paidByUs({ sferic }: World, paymentHash: string): Promise<boolean> {
  const state = async () => (await sferic.call('payment.get', { paymentHash }).catch(() => undefined))?.state;
  return (await until('our payment to be final', state, (s) => s !== 'pending', 20_000)) === 'succeeded';
}
async function paidToUs({ sferic }: World, paymentHash: string): Promise<boolean> {
  const state = async () => (await sferic.call('invoice.get', { paymentHash })).state;
  return (await until('our invoice to rest', state, (s) => s !== 'receiving', 20_000)) === 'paid';
}
async function paidSaysElectrum({ electrum }: World, paymentHash: string): Promise<boolean> {
  const history = await electrum.call<readonly { readonly payment_hash?: string }[]>('lightning_history');
  return history.some((line) => line.payment_hash === paymentHash);
}
