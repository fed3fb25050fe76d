import { RPC, RpcError } from './bitcoind-arguments.ts';

/** Names of the parameters in order, for callers that give them by name. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  getblockhash: ['height'],
  getblockheader: ['blockhash', 'verbose'],
  getblock: ['blockhash', 'verbosity'],
  getrawtransaction: ['txid', 'verbosity', 'blockhash'],
  getrawmempool: ['verbose', 'mempool_sequence'],
  getmempoolentry: ['txid'],
  gettxout: ['txid', 'n', 'include_mempool'],
  gettxspendingprevout: ['outputs'],
  scantxoutset: ['action', 'scanobjects'],
  estimatesmartfee: ['conf_target', 'estimate_mode'],
  sendrawtransaction: ['hexstring', 'maxfeerate', 'maxburnamount'],
  submitpackage: ['package', 'maxfeerate', 'maxburnamount'],
  testmempoolaccept: ['rawtxs', 'maxfeerate'],
  generatetoaddress: ['nblocks', 'address', 'maxtries'],
  generatetodescriptor: ['num_blocks', 'descriptor', 'maxtries'],
  generateblock: ['output', 'transactions', 'submit'],
  invalidateblock: ['blockhash'],
};

/** Arguments given by name, in their order; throws RpcError for a name that the method does not have. */
export function byPosition(method: string, params: Readonly<Record<string, unknown>>): readonly unknown[] {
  const names = PARAMETERS[method] ?? [];
  const unknown = Object.keys(params).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new RpcError(RPC.invalidParameter, `Unknown named parameter ${unknown}`);
  return names.map((name) => params[name]);
}
