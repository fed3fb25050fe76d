/** bitcoind's methods that change the chain: sending, packages, mining, invalidating. */
import { descriptorScript, hash256, RPC, RpcError, wholeNumber } from './bitcoind-arguments.ts';
import type { BitcoindContext, Method } from './bitcoind-methods.ts';
import { REASON, type Submitted } from './chain-types.ts';
import { btc, feerateJson } from './core-json.ts';
import { tryParseTx, type ChainTx } from './raw-tx.ts';
import { scriptOf } from './regtest-address.ts';

/** In BTC per kvB, Core's default for sendrawtransaction, submitpackage and testmempoolaccept. */
const DEFAULT_MAX_FEERATE = 0.1;
const MAX_PACKAGE = 25;

const decode = (hex: unknown): ChainTx => {
  const tx = tryParseTx(hex);
  if (!tx) throw new RpcError(RPC.deserialization, 'TX decode failed. Make sure the tx has at least one input.');
  return tx;
};

/** BTC/kvB to sat/vB; 0 means no limit. */
function feerateLimit(value: unknown): { maxFeerateSatPerVb?: number } {
  const btcPerKvb = value === undefined || value === null ? DEFAULT_MAX_FEERATE : Number(value);
  if (!Number.isFinite(btcPerKvb) || btcPerKvb < 0) throw new RpcError(RPC.type, 'Amount out of range');
  if (btcPerKvb > 1)
    throw new RpcError(RPC.invalidParameter, 'Fee rates larger than or equal to 1BTC/kvB are not accepted');
  return btcPerKvb === 0 ? {} : { maxFeerateSatPerVb: btcPerKvb * 1e5 };
}

function refuseBurning(tx: ChainTx, maxBurn: unknown): void {
  const limitSat = BigInt(Math.round(Number(maxBurn ?? 0) * 1e8));
  if (tx.outputs.some((o) => o.scriptHex.startsWith('6a') && o.valueSat > limitSat)) {
    throw new RpcError(RPC.verifyError, 'Unspendable output exceeds maximum configured by user (maxburnamount)');
  }
}

/** `undefined` when the mempool has it now, or had it already: Core answers sendrawtransaction with the txid in both cases. */
function sendError(sent: Submitted): RpcError | undefined {
  if (sent.accepted || sent.reason === REASON.inMempool) return undefined;
  switch (sent.reason) {
    case REASON.missingInputs:
      return new RpcError(RPC.verifyError, REASON.missingInputs);
    case REASON.absurdFee:
      return new RpcError(RPC.verifyError, 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)');
    case REASON.inChain:
      return new RpcError(RPC.alreadyInChain, 'Transaction outputs already in utxo set');
    default:
      return new RpcError(RPC.rejected, sent.reason);
  }
}

export function sendMethods(context: BitcoindContext): Record<string, Method> {
  const { chain } = context;
  const feesOf = (tx: ChainTx): object => {
    const feeSat = chain.index.feeSat(tx) ?? 0n;
    return {
      base: btc(feeSat),
      'effective-feerate': feerateJson(Number(feeSat) / tx.vsize),
      'effective-includes': [tx.wtxid],
    };
  };

  return {
    sendrawtransaction: async ([hex, maxFeerate, maxBurn]) => {
      const tx = decode(hex);
      refuseBurning(tx, maxBurn);
      const error = sendError(await chain.submit(tx.hex, feerateLimit(maxFeerate)));
      if (error) throw error;
      return tx.txid;
    },

    testmempoolaccept: async ([hexes, maxFeerate]) => {
      const txs = list(hexes).map(decode);
      const answers = await chain.check(
        txs.map((tx) => tx.hex),
        feerateLimit(maxFeerate),
      );
      return txs.map((tx, i) => {
        const said = answers[i]!;
        const id = { txid: tx.txid, wtxid: tx.wtxid };
        if (said.accepted) return { ...id, allowed: true, vsize: tx.vsize, fees: feesOf(tx) };
        const reason = said.reason === REASON.missingInputs ? 'missing-inputs' : said.reason;
        return { ...id, allowed: false, 'reject-reason': reason, 'reject-details': said.reason };
      });
    },

    submitpackage: async ([hexes, maxFeerate, maxBurn]) => {
      const txs = list(hexes).map(decode);
      for (const tx of txs) refuseBurning(tx, maxBurn);
      const child = txs.at(-1)!;
      const parents = txs.slice(0, -1);
      const related =
        parents.every((p) => child.inputs.some((i) => i.txid === p.txid)) &&
        parents.every((p) => p.inputs.every((i) => !parents.some((other) => other.txid === i.txid)));
      if (!related)
        throw new RpcError(
          RPC.verifyError,
          'package topology disallowed. not child-with-parents or parents depend on each other.',
        );
      const before = new Set(chain.index.mempoolTxids);
      const answers = await chain.submitPackage(
        txs.map((tx) => tx.hex),
        feerateLimit(maxFeerate),
      );
      const now = new Set(chain.index.mempoolTxids);
      const results = txs.map((tx, i) => {
        const said = answers[i]!;
        return [
          tx.wtxid,
          { txid: tx.txid, ...(said.accepted ? { vsize: tx.vsize, fees: feesOf(tx) } : { error: said.reason }) },
        ];
      });
      return {
        package_msg: answers.every((a) => a.accepted) ? 'success' : 'transaction failed',
        'tx-results': Object.fromEntries(results),
        'replaced-transactions': [...before].filter((txid) => !now.has(txid)),
      };
    },

    generatetoaddress: ([count, address]) => {
      const scriptHex = scriptOf(String(address));
      if (scriptHex === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Error: Invalid address');
      return chain.mine(wholeNumber(count, 'nblocks'), { scriptHex });
    },
    generatetodescriptor: ([count, descriptor]) =>
      chain.mine(wholeNumber(count, 'num_blocks'), { scriptHex: descriptorScript(String(descriptor)) }),
    generateblock: async ([output, transactions]) => {
      const target = String(output);
      const scriptHex = scriptOf(target) ?? descriptorScript(target);
      const hexes = (Array.isArray(transactions) ? transactions : []).map(
        (item: unknown) => chain.index.tx(String(item))?.tx.hex ?? decode(item).hex,
      );
      return { hash: await chain.mineTxs(hexes, scriptHex) };
    },
    invalidateblock: async ([hash]) => {
      const height = chain.index.heightOf(hash256(hash, 'blockhash'));
      if (height === undefined) throw new RpcError(RPC.invalidAddressOrKey, 'Block not found');
      await chain.invalidate(height);
      return null;
    },
  };
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_PACKAGE)
    throw new RpcError(RPC.invalidParameter, `Array must contain between 1 and ${MAX_PACKAGE} transactions.`);
  return value;
}
