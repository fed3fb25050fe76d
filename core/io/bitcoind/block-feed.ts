import { networks } from '../../bitcoin/network.ts';
import { type Tx, txid, txidBytes, txidFromBytes } from '../../bitcoin/transaction.ts';
import { type BlockFeed, type FeedBlock, FeedFault } from '../../chain/block-feed.ts';
import { merkleRootOf } from '../../chain/merkle.ts';
import type { ChainFault, PublishResult } from '../../chain/port.ts';
import { DecodeError } from '../../codec/reader.ts';
import { equal } from '../../lib/bytes.ts';
import { type FeeratePerKw, feerateFromSatPerVb } from '../../lib/units.ts';
import type { ChainEnvironment } from '../chain-options.ts';
import { bytesOfHex, isCount, isHash, isRecord } from '../foreign-json.ts';
import { publishResultOf, unreachableResult } from '../publish-errors.ts';
import { decodeBlock } from './ledger.ts';
import { BitcoindRpc, type BitcoindServer, type RpcFailure } from './rpc.ts';

const MAX_BLOCK_BYTES = 4_100_000;
const PRUNED = /pruned|not available|not fully downloaded/i;

const faultOf = (failure: RpcFailure): ChainFault =>
  failure.kind === 'unreachable' ? { code: 'unreachable', reason: failure.reason } : { code: 'protocol_violation', reason: failure.kind === 'malformed' ? failure.reason : 'The node refuses a call that every node answers.' };
const violation = (reason: string): FeedFault => new FeedFault({ code: 'protocol_violation', reason });

/** Every block of a bitcoind; a pruned one will do, as only new blocks are asked for. */
export class BitcoindBlockFeed implements BlockFeed {
  readonly name: string;
  readonly #env: ChainEnvironment;
  readonly #rpc: BitcoindRpc;

  constructor(server: BitcoindServer, env: ChainEnvironment) {
    this.#env = env;
    this.name = `bitcoind ${server.host}:${server.port}`;
    this.#rpc = new BitcoindRpc(server, env);
  }

  async checkNetwork(): Promise<void> {
    const genesis = await this.hashAt(0);
    if (genesis !== txidFromBytes(networks[this.#env.network].chainHash)) throw new FeedFault({ code: 'other_network', reason: 'The node is for another network.' });
  }

  async tip(): Promise<{ readonly hash: string; readonly height: number }> {
    const hash = await this.#ask('getbestblockhash');
    if (!isHash(hash)) throw violation('The node sent a malformed block hash.');
    const header = await this.#ask('getblockheader', hash, true);
    if (!isRecord(header) || !isCount(header['height'])) throw violation('The node sent a malformed header.');
    return { hash, height: header['height'] };
  }

  async hashAt(height: number): Promise<string | undefined> {
    const answer = await this.#rpc.call('getblockhash', height);
    if (!answer.ok && answer.error.kind === 'refused') return undefined;
    if (!answer.ok) throw new FeedFault(faultOf(answer.error));
    if (!isHash(answer.value)) throw violation('The node sent a malformed block hash.');
    return answer.value;
  }

  async block(hash: string): Promise<FeedBlock> {
    const answer = await this.#rpc.call('getblock', hash, 0);
    if (!answer.ok && answer.error.kind === 'refused') {
      if (PRUNED.test(answer.error.text)) throw new FeedFault({ code: 'pruned', reason: 'The node has deleted a block that the tower has not seen.' });
      throw new FeedFault('moved');
    }
    if (!answer.ok) throw new FeedFault(faultOf(answer.error));
    const bytes = bytesOfHex(answer.value, MAX_BLOCK_BYTES);
    const block = bytes && (await decodeBlock(bytes).catch((error: unknown) => {
      if (error instanceof DecodeError) return undefined;
      throw error;
    })); // prettier-ignore
    if (!block) throw violation('The node sent a block that cannot be read.');
    if (block.hash !== hash) throw violation('The node sent another block than the one asked for.');
    const txs = new Map<string, Tx>(block.txs.map((tx) => [txid(tx), tx]));
    const root = merkleRootOf([...txs.keys()].map(txidBytes));
    if (!root.ok || !equal(root.value, block.header.merkleRoot)) throw violation('The node sent a block whose transactions are not those of its header.');
    return { hash, previousHash: txidFromBytes(block.header.previousHash), txs };
  }

  async publish(rawTx: Uint8Array): Promise<PublishResult> {
    const answer = await this.#rpc.call('sendrawtransaction', Buffer.from(rawTx).toString('hex'));
    if (answer.ok) return { ok: true };
    return answer.error.kind === 'refused' ? publishResultOf(answer.error.text) : unreachableResult(answer.error.reason);
  }

  async feerate(targetBlocks: number): Promise<FeeratePerKw | undefined> {
    const answer = await this.#rpc.call('estimatesmartfee', targetBlocks);
    const perKvb = answer.ok && isRecord(answer.value) ? answer.value['feerate'] : undefined;
    return typeof perKvb === 'number' && Number.isFinite(perKvb) && perKvb > 0 && perKvb < 1 ? feerateFromSatPerVb(perKvb * 1e5) : undefined;
  }

  stop(): void {
    this.#rpc.stop();
  }

  async #ask(...call: readonly [method: string, ...params: unknown[]]): Promise<unknown> {
    const answer = await this.#rpc.call(...call);
    if (!answer.ok) throw new FeedFault(answer.error.kind === 'refused' ? 'moved' : faultOf(answer.error));
    return answer.value;
  }
}
