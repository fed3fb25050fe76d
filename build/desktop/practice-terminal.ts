import type { Practice } from './practice.ts';

/** What can be typed beside the window of the practice network. */
export const PRACTICE_HELP = ({ neighbour }: Practice): string => `
The practice network. Type here, while you use the window:
  coins <address>      5 000 000 sat for an address, in a block
  mine [count]         blocks
  invoice <sat>        an invoice of the neighbour, for you to pay
  pay <invoice>        the neighbour pays an invoice of yours
To open a channel, the neighbour is: ${neighbour.address}
`;

const GIFT_SAT = 5_000_000n;

/** Does what one line says and gives the answer to print. */
export async function obey(practice: Practice, line: string): Promise<string> {
  const [command = '', argument = ''] = line.trim().split(/\s+/u);
  const { rpc } = practice.neighbour;
  try {
    switch (command) {
      case '':
        return '';
      case 'coins':
        await practice.give(argument, GIFT_SAT);
        return 'Sent, and a block mined.';
      case 'mine':
        await practice.chain.mine(Math.min(Number(argument) || 1, 1000));
        return `Block ${await practice.chain.height()}.`;
      case 'invoice':
        return (await rpc.call('invoice.create', { amountMsat: BigInt(argument) * 1000n, description: 'practice' })).invoice;
      case 'pay': {
        const { state, failure } = await rpc.call('payment.send', { invoice: argument });
        return failure?.message ?? state;
      }
      default:
        return PRACTICE_HELP(practice);
    }
  } catch (error) {
    return (error as Error).message;
  }
}
