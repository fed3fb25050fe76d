import { decodeTx, txid as txidOf, type Tx } from '../../bitcoin/transaction.ts';
import { DecodeError } from '../../codec/reader.ts';
import { bytesOfHex, isHash } from '../foreign-json.ts';
import { faultOf, violation } from './failure.ts';
import type { ScriptLedger } from './ledger.ts';
import type { BitcoindRpc } from './rpc.ts';

const MAX_MEMPOOL = 500_000;
/** New transactions looked at in one round; the rest follows in the next. */
const MAX_NEW = 1_000;
const BATCH = 50;
/** A mempool of this size is looked through again when a script or coin is watched anew; a larger one shows it when mined. */
const SMALL_MEMPOOL = 5_000;
const MAX_TX_BYTES = 4_000_000;

/** Looks at each transaction that enters the node's mempool once. */
export class MempoolWatch {
  readonly #rpc: BitcoindRpc;
  readonly #ledger: ScriptLedger;
  #seen: Set<string> = new Set();

  constructor(rpc: BitcoindRpc, ledger: ScriptLedger) {
    this.#rpc = rpc;
    this.#ledger = ledger;
  }

  /** Something is watched that was not when the mempool was looked at. */
  lookAgain(): void {
    if (this.#seen.size <= SMALL_MEMPOOL) this.#seen = new Set();
  }

  /** Brings waiting transactions up to date; true when there is more to look at. */
  async update(): Promise<boolean> {
    const answer = await this.#rpc.call('getrawmempool', false);
    if (!answer.ok) throw faultOf(answer.error);
    if (!Array.isArray(answer.value) || answer.value.length > MAX_MEMPOOL || !answer.value.every(isHash)) {
      throw violation('The node sent a malformed mempool.');
    }
    const now = new Set(answer.value);
    this.#ledger.retainWaiting(now);
    for (const txid of this.#seen) if (!now.has(txid)) this.#seen.delete(txid);
    const unseen = [...now].filter((txid) => !this.#seen.has(txid));
    const looked = unseen.slice(0, MAX_NEW);
    const txs = await this.#fetch(looked);
    for (const txid of looked) this.#seen.add(txid);
    if (!this.#ledger.enterWaiting(txs)) return unseen.length > MAX_NEW;
    // A child may have been looked at before its parent made it ours.
    if (looked.length < now.size) this.lookAgain();
    return true;
  }

  async #fetch(txids: readonly string[]): Promise<ReadonlyMap<string, Tx>> {
    const txs = new Map<string, Tx>();
    for (let at = 0; at < txids.length; at += BATCH) {
      const asked = txids.slice(at, at + BATCH);
      const answers = await this.#rpc.batch(asked.map((txid) => ['getrawtransaction', txid, false]));
      if (!answers.ok) throw faultOf(answers.error);
      for (const [i, answer] of answers.value.entries()) {
        const txid = asked[i];
        if (txid === undefined || !answer.ok) continue; // it left meanwhile
        const tx = readable(answer.value);
        if (!tx || (this.#ledger.match(tx).size > 0 && txidOf(tx) !== txid)) throw violation('The node sent another transaction than the one asked for.');
        txs.set(txid, tx);
      }
    }
    return txs;
  }
}

function readable(hex: unknown): Tx | undefined {
  const bytes = bytesOfHex(hex, MAX_TX_BYTES);
  if (!bytes) return undefined;
  try {
    return decodeTx(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
