import type { Answer, PlayNode as NodeName, PlayPerson } from '../../api.ts';
import { STAGE } from '../../channel/types.ts';
import { toHex } from '../../lib/bytes.ts';
import { ApiFailure } from '../../node/app.ts';
import type { World } from './world.ts';

const PAY_MS = 20_000;
const EXPIRY_SECONDS = 3600;
/** What stands on an invoice. Whoever writes it does not know the payer's language, so only names that are the same in each are used. */
const MEMOS: Readonly<Record<NodeName, string>> = { bob: 'Bob', carol: 'Carol', dave: 'Dave', cafe: 'Espresso' };

/** Rejects with ApiFailure when it did not arrive. */
export async function pay(world: World, from: PlayPerson, to: PlayPerson, amountSat: bigint): Promise<void> {
  if (from === to) throw new ApiFailure('bad_request', 'Payer and payee are the same. Nothing was paid.');
  if (from !== 'you' && to !== 'you') {
    throw new ApiFailure('no_route', 'These two have no channel with each other, and nobody forwards payments in this version. Nothing was paid. Pay over a channel of yours.');
  }
  const node = (from === 'you' ? to : from) as NodeName;
  const paid = from === 'you' ? await payNode(world, node, amountSat) : await payUs(world, node, amountSat);
  if (paid.state === 'succeeded') return world.diary.write({ code: from === 'you' ? 'paid' : 'received', node, amountSat });
  world.diary.write({ code: 'failed', node, amountSat });
  if (paid.state === 'failed') throw new ApiFailure('payment_failed', paid.failure?.message ?? 'The payment failed. Nothing was spent.');
}

/** Without a word in the diary; rejects when it did not arrive. */
export async function payQuietly(world: World, to: NodeName, amountSat: bigint): Promise<void> {
  const paid = await payNode(world, to, amountSat);
  if (paid.state !== 'succeeded') throw new ApiFailure('payment_failed', paid.failure?.message ?? 'The payment has not arrived yet.');
}

export const invoiceOf = async (world: World, id: NodeName, amountSat: bigint): Promise<string> =>
  (await world.nodeOf(id).call('invoice.create', { amountMsat: amountSat * 1000n, description: MEMOS[id], expirySeconds: EXPIRY_SECONDS })).invoice;

async function payNode(world: World, id: NodeName, amountSat: bigint): Promise<Answer<'payment.send'>> {
  const invoice = await invoiceOf(world, id, amountSat);
  return world.wallet.call('payment.send', { invoice, payAgain: false, timeoutMs: PAY_MS });
}

async function payUs(world: World, id: NodeName, amountSat: bigint): Promise<Answer<'payment.send'>> {
  const node = world.nodeOf(id);
  if (!node.isOnline) throw new ApiFailure('peer_unreachable', 'This node is switched off and cannot pay. Nothing was paid. Switch it on first.');
  const { invoice } = await world.wallet.call('invoice.create', { amountMsat: amountSat * 1000n, description: MEMOS[id], expirySeconds: EXPIRY_SECONDS });
  return node.call('payment.send', { invoice, payAgain: false, timeoutMs: PAY_MS });
}

/** A payment to somebody who will not answer: locked in the channel until a height, which is the answer. */
export async function promise(world: World, id: NodeName, amountSat: bigint): Promise<number> {
  const node = world.nodeOf(id);
  const invoice = await invoiceOf(world, id, amountSat);
  node.isSilent = true;
  world.diary.write({ code: 'silent', node: id });
  await world.wallet.call('payment.send', { invoice, payAgain: false, timeoutMs: 0 });
  const { channelId } = world.openChannel(id) ?? {};
  const expiry = await world.waiting.until('the HTLC', () => {
    const theirs = node.channels.find((channel) => toHex(channel.channelId) === channelId);
    return [...(theirs?.commitments.htlcs.values() ?? [])].find(({ add, stage }) => add.direction === 'received' && stage === STAGE.irrevocable)?.add.cltvExpiry;
  });
  world.diary.write({ code: 'locked', node: id, amountSat, blocks: expiry - world.height });
  world.stir();
  return expiry;
}
