import type { SfericNode } from './node.ts';
import { paymentView } from './views.ts';

const HEAD = 'time,direction,state,amount_msat,fee_msat,payment_hash,description\r\n';
const LINES_AT_ONCE = 200;

/** A leading formula character would make a spreadsheet run what a stranger wrote. */
function cellOf(text: string): string {
  const quoted = text.replaceAll('"', '""');
  return `"${/^[=+\-@\t\r]/.test(quoted) ? `'${quoted}` : quoted}"`;
}

/** All payments, newest first, in pieces of some kilobytes: whoever writes them away never holds them all, and nothing else waits long. */
export async function* paymentsCsv(node: SfericNode): AsyncGenerator<string, void> {
  yield HEAD;
  let lines: string[] = [];
  for await (const payment of node.payments.newestFirst()) {
    const { createdAtMs, direction, state, amountMsat, feeMsat, paymentHash, description = '' } = paymentView(payment);
    lines.push(`${new Date(createdAtMs).toISOString()},${direction},${state},${amountMsat},${feeMsat},${paymentHash},${cellOf(description)}\r\n`);
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines.join('');
    lines = [];
  }
  if (lines.length > 0) yield lines.join('');
}
