/** What a dishonest or broken Electrum server may do; tests switch these on by name. */
import type { ElectrumAnswers } from './electrum-answers.ts';

export const LIES = [
  'falseMerkleProof', // a branch that does not lead to the block's root
  'falseMerklePosition', // the right branch, its top step taken on the wrong side
  'oversizedMerklePosition', // the right branch, but a position that a tree of that depth does not have
  'hideHistory', // scripts have no history at all
  'hideSpends', // scripts show what they received, never what was spent from them
  'fakeConfirmations', // unconfirmed transactions shown as mined in the tip
  'wrongHeader', // the newest header with a byte changed, so without its work
  'wrongChain', // headers that do not build on each other
  'frozenTip', // keeps telling the tip of the moment when it was switched on
  'wrongTransaction', // another transaction's bytes for the txid asked
  'absurdFee', // estimates of 5 BTC per kvB
  'zeroFee', // estimates and relay fee of nothing
  'swallowBroadcast', // says yes and drops the transaction
  'refuseBroadcast', // says no, with text that tries to fool the reader
  'stall', // accepts requests and never answers until told to stop
  'garbage', // answers with something that is not JSON
  'hugeAnswer', // answers with a line of 64 MB
  'internalError', // every call fails
] as const;
export type Lie = (typeof LIES)[number];

export const isLie = (name: string): name is Lie => (LIES as readonly string[]).includes(name);

/** Shown raw, this would be a phishing message with a link and terminal codes. */
export const HOSTILE_TEXT = '\u001b[31m<b>Update required</b>: https://wallet-update.example/ \u202egnp.exe';

/** A refusal with Electrum's error object. */
export class ElectrumError extends Error {
  readonly code: number;
  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

type Params = readonly unknown[];
type Twist = (truth: () => unknown, method: string, params: Params, answers: ElectrumAnswers) => unknown;

const flipByte = (hex: string, at: number): string => {
  const byte = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16) ^ 1;
  return hex.slice(0, 2 * at) + byte.toString(16).padStart(2, '0') + hex.slice(2 * at + 2);
};
const NONCE_AT = 76;

const on =
  (
    methods: readonly string[],
    lie: (truth: () => unknown, params: Params, answers: ElectrumAnswers) => unknown,
  ): Twist =>
  (truth, method, params, answers) =>
    methods.includes(method) ? lie(truth, params, answers) : truth();

interface Proof {
  block_height: number;
  pos: number;
  merkle: string[];
}
interface Item {
  tx_hash: string;
  height: number;
}
interface Tip {
  height: number;
  hex: string;
}

const SCRIPT_LISTS = [
  'blockchain.scripthash.get_history',
  'blockchain.scripthash.get_mempool',
  'blockchain.scripthash.listunspent',
];

/** What each lie makes of a true answer; the ones about the connection itself are the server's own. */
export const TWISTS: Partial<Record<Lie, Twist>> = {
  falseMerkleProof: on(['blockchain.transaction.get_merkle'], (truth) => {
    const proof = truth() as Proof;
    return {
      ...proof,
      merkle: proof.merkle.length > 0 ? [flipByte(proof.merkle[0]!, 0), ...proof.merkle.slice(1)] : ['11'.repeat(32)],
    };
  }),
  falseMerklePosition: on(['blockchain.transaction.get_merkle'], (truth) => {
    const proof = truth() as Proof;
    return { ...proof, pos: proof.pos ^ (1 << Math.max(0, proof.merkle.length - 1)) };
  }),
  oversizedMerklePosition: on(['blockchain.transaction.get_merkle'], (truth) => {
    const proof = truth() as Proof;
    return { ...proof, pos: proof.pos + (1 << proof.merkle.length) };
  }),
  hideHistory: (truth, method) => {
    if (SCRIPT_LISTS.includes(method)) return [];
    if (method === 'blockchain.scripthash.subscribe') return null;
    return method === 'blockchain.scripthash.get_balance' ? { confirmed: 0, unconfirmed: 0 } : truth();
  },
  hideSpends: (_, method, params, answers) => answers.withoutSpends(method, params),
  fakeConfirmations: on(
    ['blockchain.scripthash.get_history', 'blockchain.scripthash.listunspent'],
    (truth, _, answers) =>
      (truth() as Item[]).map((item) => (item.height > 0 ? item : { ...item, height: answers.tip().height })),
  ),
  wrongHeader: (truth, method) => {
    if (method === 'blockchain.headers.subscribe') {
      const tip = truth() as Tip;
      return { ...tip, hex: flipByte(tip.hex, NONCE_AT) };
    }
    return method === 'blockchain.block.header' && typeof truth() === 'string'
      ? flipByte(truth() as string, NONCE_AT)
      : truth();
  },
  wrongChain: on(['blockchain.block.headers'], (truth) => {
    const { hex, ...rest } = truth() as { hex: string };
    return {
      ...rest,
      hex:
        hex
          .match(/.{160}/g)
          ?.map((header) => flipByte(header, 4))
          .join('') ?? '',
    };
  }),
  wrongTransaction: on(['blockchain.transaction.get'], (_, __, answers) => answers.someOtherTx()),
  absurdFee: on(['blockchain.estimatefee'], () => 5),
  zeroFee: on(['blockchain.estimatefee', 'blockchain.relayfee'], () => 0),
  refuseBroadcast: on(['blockchain.transaction.broadcast'], () => {
    throw new ElectrumError(HOSTILE_TEXT);
  }),
  internalError: () => {
    throw new ElectrumError(HOSTILE_TEXT, -32603);
  },
};
