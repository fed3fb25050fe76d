/** bitcoind's methods about the mempool. */
import { hash256, RPC, RpcError, wholeNumber } from './bitcoind-arguments.ts';
import type { BitcoindContext, Method } from './bitcoind-methods.ts';
import type { ChainIndex } from './chain-index.ts';
import { btc, feerateJson, headerOf } from './core-json.ts';
import type { ChainTx } from './raw-tx.ts';

export function mempoolMethods({ chain, fees }: BitcoindContext): Record<string, Method> {
  const { index } = chain;
  return {
    getrawmempool: ([verbose = false, withSequence = false]) => {
      const txids = index.mempoolTxids;
      if (verbose) return Object.fromEntries(txids.map((txid) => [txid, mempoolEntry(index, txid)]));
      return withSequence ? { txids, mempool_sequence: txids.length + 1 } : txids;
    },
    getmempoolentry: ([txid]) => mempoolEntry(index, hash256(txid, 'txid')),
    getmempoolinfo: () => {
      const txs = index.mempoolTxids.map((txid) => index.tx(txid)!.tx);
      const bytes = txs.reduce((sum, tx) => sum + tx.vsize, 0);
      return {
        loaded: true,
        size: txs.length,
        bytes,
        usage: bytes,
        total_fee: btc(txs.reduce((sum, tx) => sum + (index.feeSat(tx) ?? 0n), 0n)),
        maxmempool: 300_000_000,
        mempoolminfee: feerateJson(fees.relaySatPerVb()),
        minrelaytxfee: feerateJson(1),
        incrementalrelayfee: feerateJson(1),
        unbroadcastcount: 0,
        fullrbf: true,
      };
    },
    gettxspendingprevout: ([outputs]) => {
      if (!Array.isArray(outputs)) throw new RpcError(RPC.type, 'outputs must be an array');
      return outputs.map(({ txid, vout }: { txid: unknown; vout: unknown }) => {
        const by = index.spenderOf(hash256(txid, 'txid'), wholeNumber(vout, 'vout'));
        return { txid, vout, ...(by && index.tx(by)?.place === 'mempool' ? { spendingtxid: by } : {}) };
      });
    },
  };
}

function mempoolEntry(index: ChainIndex, txid: string): Record<string, unknown> {
  const found = index.tx(txid);
  if (found?.place !== 'mempool') throw new RpcError(RPC.invalidAddressOrKey, 'Transaction not in mempool');
  const ancestors = related(index, [found.tx], (tx) => index.parentsInMempool(tx));
  const descendants = related(index, [found.tx], (tx) => childrenInMempool(index, tx));
  const fees = (txs: readonly ChainTx[]): object => btc(txs.reduce((sum, tx) => sum + (index.feeSat(tx) ?? 0n), 0n));
  const size = (txs: readonly ChainTx[]): number => txs.reduce((sum, tx) => sum + tx.vsize, 0);
  return {
    vsize: found.tx.vsize,
    weight: found.tx.weight,
    time: headerOf(index.tip.headerHex).time,
    height: index.height,
    descendantcount: descendants.length,
    descendantsize: size(descendants),
    ancestorcount: ancestors.length,
    ancestorsize: size(ancestors),
    wtxid: found.tx.wtxid,
    fees: {
      base: fees([found.tx]),
      modified: fees([found.tx]),
      ancestor: fees(ancestors),
      descendant: fees(descendants),
    },
    depends: index.parentsInMempool(found.tx),
    spentby: childrenInMempool(index, found.tx),
    'bip125-replaceable': true,
    unbroadcast: false,
  };
}

/** Those found and all that `next` leads to. */
function related(index: ChainIndex, found: ChainTx[], next: (tx: ChainTx) => string[]): ChainTx[] {
  const seen = new Set(found.map((tx) => tx.txid));
  for (const tx of found)
    for (const txid of next(tx)) if (!seen.has(txid)) (found.push(index.tx(txid)!.tx), seen.add(txid));
  return found;
}

function childrenInMempool(index: ChainIndex, tx: ChainTx): string[] {
  return [...new Set(tx.outputs.flatMap((_, n) => index.spenderOf(tx.txid, n) ?? []))].filter(
    (txid) => index.tx(txid)?.place === 'mempool',
  );
}
