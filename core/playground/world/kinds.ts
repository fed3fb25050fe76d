import type { PlayNode, PlayTransaction } from '../../api.ts';
import type { ChainIndex } from '../chain-index.ts';
import { type ChainTx, isCoinbase } from '../raw-tx.ts';

export interface KnownChannel {
  readonly node: PlayNode;
  readonly fundingTxid: string;
  readonly fundingVout: number;
}

/** Commitments hide their number in the locktime, under this highest byte (BOLT 3). */
const isCommitment = (locktime: number): boolean => locktime >>> 24 === 0x20;

export interface Share {
  readonly txid: string;
  readonly vout: number;
  readonly valueSat: bigint;
  /** An expired HTLC, taken back. */
  readonly isTimeout: boolean;
  /** The output of the commitment that it comes from. */
  readonly origin: { readonly txid: string; readonly vout: number };
}

/** An anchor only lets somebody add a fee. */
const ANCHOR_SAT = 330n;

/** Says what each transaction of the little chain is for, by following the channels' outputs. */
export class Kinds {
  readonly #index: ChainIndex;
  readonly #found = new Map<string, Omit<PlayTransaction, 'txid'>>();
  /** By transaction: the output that a penalty takes. */
  readonly #cheats = new Map<string, number>();
  readonly #gifts = new Set<string>();
  /** By funding transaction: what ended the channel. */
  readonly #ended = new Map<string, string>();

  constructor(index: ChainIndex) {
    this.#index = index;
  }

  gift(txid: string): void {
    this.#gifts.add(txid);
  }
  cheat(txid: string, toLocalVout: number): void {
    this.#cheats.set(txid, toLocalVout);
  }
  isCheat(txid: string | undefined): boolean {
    return txid !== undefined && this.#cheats.has(txid);
  }

  /** The channel is over: both agreed, and the chain has it. */
  isClosed(txid: string | undefined): boolean {
    const end = this.#index.tx(txid ?? '');
    return end !== undefined && end.place !== 'mempool' && !isCommitment(end.tx.locktime);
  }

  /** Who took what the cheat would have had. */
  penaltyOf(cheatTxid: string): string | undefined {
    return this.#index.spenderOf(cheatTxid, this.#cheats.get(cheatTxid) ?? -1);
  }

  /** Everything of a commitment that is not an anchor, HTLCs as their second stage left them: the outputs to be taken in the end. */
  sharesOf(commitment: string): readonly Share[] {
    const outputs = this.#index.tx(commitment)?.tx.outputs ?? [];
    return outputs.flatMap(({ valueSat }, vout): readonly Share[] => {
      if (valueSat === ANCHOR_SAT) return [];
      const spender = this.#index.tx(this.#index.spenderOf(commitment, vout) ?? '');
      const stage = spender && spender.tx.locktime > 0 ? this.#secondStage(spender.tx, commitment, vout) : undefined;
      return [stage ?? { txid: commitment, vout, valueSat, isTimeout: false, origin: { txid: commitment, vout } }];
    });
  }

  /** An HTLC's transaction has its output where its input is (BOLT 3, "HTLC-Timeout and HTLC-Success Transactions"). */
  #secondStage(tx: ChainTx, commitment: string, vout: number): Share | undefined {
    const at = tx.inputs.findIndex((input) => input.txid === commitment && input.vout === vout);
    const output = tx.outputs[at];
    return output && { txid: tx.txid, vout: at, valueSat: output.valueSat, isTimeout: true, origin: { txid: commitment, vout } };
  }

  /** Shares of a commitment that no block has taken; undefined while it is in none itself, or is no commitment. */
  openShares(txid: string | undefined): readonly Share[] | undefined {
    const end = this.#index.tx(txid ?? '');
    if (!end || end.place === 'mempool' || !isCommitment(end.tx.locktime)) return undefined;
    return this.sharesOf(end.tx.txid).filter((share) => !this.isTakenInBlock(share));
  }

  isTakenInBlock({ txid, vout }: Share): boolean {
    const spender = this.#index.tx(this.#index.spenderOf(txid, vout) ?? '');
    return spender !== undefined && spender.place !== 'mempool';
  }

  /** What is new since the last look. */
  follow(channels: readonly KnownChannel[]): readonly PlayTransaction[] {
    const news: PlayTransaction[] = [];
    const note = (txid: string, kind: PlayTransaction['kind'], node: PlayNode): void => {
      const known = this.#found.get(txid);
      if (known?.kind === kind || (known && kind === 'claim')) return;
      this.#found.set(txid, { kind, node });
      news.push({ txid, kind, node });
    };
    for (const { node, fundingTxid, fundingVout } of channels) {
      if (this.#index.tx(fundingTxid)) note(fundingTxid, 'funding', node);
      const end = this.#index.spenderOf(fundingTxid, fundingVout);
      if (end === undefined) continue;
      // Each side may have a closing transaction of its own in the air, one after the other: that is one end.
      const isMutual = !isCommitment(this.#index.tx(end)?.tx.locktime ?? 0);
      if (isMutual && this.#ended.get(fundingTxid) !== undefined) this.#found.set(end, { kind: 'close', node });
      else note(end, this.#cheats.has(end) ? 'cheat' : isMutual ? 'close' : 'commitment', node);
      this.#ended.set(fundingTxid, end);
      if (!isMutual) for (const [child, kind] of this.#children(end)) note(child, kind, node);
    }
    return news;
  }

  /** Who took the outputs of a commitment, and of its second stages. */
  #children(txid: string): readonly (readonly [string, 'penalty' | 'claim'])[] {
    const outputs = this.#index.tx(txid)?.tx.outputs ?? [];
    return outputs.flatMap(({ valueSat }, vout): readonly (readonly [string, 'penalty' | 'claim'])[] => {
      const child = this.#index.spenderOf(txid, vout);
      if (child === undefined || valueSat === ANCHOR_SAT) return [];
      const isPenalty = this.#cheats.get(txid) === vout;
      return [[child, isPenalty ? 'penalty' : 'claim'], ...this.#index.tx(child)!.tx.outputs.flatMap((_, at) => {
        const grandchild = this.#index.spenderOf(child, at);
        const isStage = (this.#index.tx(child)?.tx.locktime ?? 0) > 0;
        return grandchild !== undefined && isStage ? [[grandchild, 'claim'] as const] : [];
      })];
    }); // prettier-ignore
  }

  of(txids: readonly string[]): readonly PlayTransaction[] {
    return txids.flatMap((txid): readonly PlayTransaction[] => {
      const found = this.#index.tx(txid);
      if (!found || isCoinbase(found.tx)) return [];
      const known = this.#found.get(txid) ?? { kind: this.#gifts.has(txid) ? ('coins' as const) : ('other' as const) };
      return [{ txid, ...known }];
    });
  }
}
