import { encodeTx, txid, unsignedInput, type Tx, decodeTx } from '../../../core/bitcoin/transaction.ts';
import { chainParams } from '../../../core/chain/chain-params.ts';
import { HeaderChain } from '../../../core/chain/headers.ts';
import { verifyMerkleBranch } from '../../../core/chain/merkle.ts';
import { chainEnvironment } from '../../../core/io/chain-options.ts';
import { BlockFollower } from '../../../core/io/bitcoind/blocks.ts';
import { RoundFault } from '../../../core/io/bitcoind/failure.ts';
import { decodeBlock, ScriptLedger } from '../../../core/io/bitcoind/ledger.ts';
import { MempoolWatch } from '../../../core/io/bitcoind/mempool.ts';
import { answerOf, bodyOf, type BitcoindRpc, type RpcResult } from '../../../core/io/bitcoind/rpc.ts';
import { LineSplitter } from '../../../core/io/electrum/line-splitter.ts';
import { feerateOf, genesisOf, headersOf, historyOf, historyStatus, merkleOf, serverTipOf, speaksOurVersion, statusOf, transactionOf } from '../../../core/io/electrum/protocol.ts';
import { isRecord, parseForeignJson } from '../../../core/io/foreign-json.ts';
import { parseChainSpec } from '../../../core/io/chain-sources.ts';
import { publishResultOf } from '../../../core/io/publish-errors.ts';
import { concat, fromUtf8, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { ok } from '../../../core/lib/result.ts';
import { sat } from '../../../core/lib/units.ts';
import { mutate, type Random } from '../../support/mutate.ts';
import { type AnyTarget, bytesTarget, isClean, nonsense, takes, textTarget } from '../target.ts';
import { mutateJson } from './json.ts';

const script = new Uint8Array(34).fill(3);
const tx: Tx = {
  version: 2, locktime: 7, outputs: [{ amountSat: sat(1n), script }, { amountSat: sat(5_000n), script: new Uint8Array(22).fill(1) }],
  inputs: [{ ...unsignedInput({ txid: 'bb'.repeat(32), vout: 1 }, 0), witness: [new Uint8Array(72).fill(4), new Uint8Array(33).fill(2)] }, { ...unsignedInput({ txid: 'cc'.repeat(32), vout: 0 }, 0), witness: [] }],
}; // prettier-ignore
const rawTx = encodeTx(tx);
const id = txid(tx);
const header = new Uint8Array(80).fill(9);
const block = concat(header, Uint8Array.of(2), rawTx, rawTx);
const hash = '5a'.repeat(32);

interface Case {
  readonly name: string;
  readonly truth: unknown;
  readonly read: (answer: unknown) => unknown;
}
/** What each question's answer looks like, and who reads it. */
const ELECTRUM: readonly Case[] = [
  { name: 'server.version', truth: ['server 1', '1.4'], read: (answer) => speaksOurVersion(answer) || undefined },
  { name: 'server.features', truth: { genesis_hash: hash, hash_function: 'sha256' }, read: genesisOf },
  { name: 'headers.subscribe', truth: { height: 5, hex: toHex(header) }, read: serverTipOf },
  { name: 'block.headers', truth: { count: 2, hex: toHex(header).repeat(2), max: 2016 }, read: (answer) => headersOf(answer, 2) },
  { name: 'scripthash.subscribe', truth: hash, read: (answer) => (statusOf(answer) === false ? undefined : true) },
  {
    name: 'get_history', truth: [{ tx_hash: hash, height: 5 }, { tx_hash: id, height: 0 }],
    read: (answer) => historyOf(answer) && (historyStatus(answer) ?? 'none'),
  },
  { name: 'transaction.get', truth: toHex(rawTx), read: (answer) => transactionOf(answer, id) },
  {
    name: 'get_merkle', truth: { block_height: 5, pos: 1, merkle: [hash, hash] },
    read: (answer) => {
      const proof = merkleOf(answer);
      if (proof) verifyMerkleBranch({ tx, txid: id, ...proof, merkleRoot: new Uint8Array(32) });
      return proof;
    },
  },
  { name: 'estimatefee', truth: 0.0001, read: feerateOf },
]; // prettier-ignore

const mutatedLine = (value: unknown, random: Random): Uint8Array => mutate(utf8(`${JSON.stringify(value)}\n`), random);

function electrumTargets(): AnyTarget[] {
  const message = { jsonrpc: '2.0', id: 1, result: ELECTRUM[5]!.truth, error: { code: 1, message: 'no \u202e' } };
  return [
    bytesTarget('Electrum line', (random) => mutatedLine(message, random), (input) => {
      const lines = new LineSplitter(400).push(Buffer.from(input));
      return (lines ?? []).some((line) => {
        const parsed = parseForeignJson(line);
        return parsed.ok && isRecord(parsed.value);
      });
    }),
    ...ELECTRUM.map(({ name, truth, read }) => ({
      name: `Electrum ${name}`,
      input: (random: Random) => (random.below(2) ? mutateJson(truth, random) : lenient(mutatedLine(truth, random))),
      sizeOf: (answer: unknown) => JSON.stringify(answer)?.length ?? 0,
      feed: (answer: unknown) => read(answer) !== undefined,
    })),
    textTarget('refusal of a broadcast', (random) => fromUtf8(mutate(utf8('mempool min fee not met, 100 < 200'), random)), (text) => publishResultOf(text).ok),
  ]; // prettier-ignore
}

/** What a line says, if it says anything: the reader of lines has a target of its own. */
function lenient(line: Uint8Array): unknown {
  const parsed = parseForeignJson(Buffer.from(line));
  return parsed.ok ? parsed.value : undefined;
}

/** A node that answers every question with what it is given. */
const answering = (answers: Readonly<Record<string, unknown>>): BitcoindRpc => {
  const call = (method: string): Promise<RpcResult> => Promise.resolve(answerOf({ id: 0, result: answers[method] }, 0));
  return { call, batch: async (calls: readonly (readonly [string])[]) => ok(await Promise.all(calls.map(([method]) => call(method)))) } as unknown as BitcoindRpc;
};

async function round(task: () => Promise<unknown>): Promise<boolean> {
  try {
    await task();
    return true;
  } catch (error) {
    if (error instanceof RoundFault || isClean(error)) return false;
    throw error;
  }
}

const NODE: Readonly<Record<string, unknown>> = {
  getbestblockhash: hash, getblockhash: hash, getblockheader: { height: 3, time: 1_700_000_000, confirmations: 1, chainwork: hash }, getblock: toHex(block),
  getrawmempool: [id], getrawtransaction: toHex(rawTx),
}; // prettier-ignore

function bitcoindTargets(): AnyTarget[] {
  const body = { id: 7, result: NODE['getblockheader'], error: null };
  const env = chainEnvironment('regtest', {});
  return [
    {
      name: 'bitcoind body',
      input: (random: Random) => ({ status: random.pick([200, 401, 500, 503]), bytes: mutate(utf8(JSON.stringify(random.pick([body, { ...body, error: { code: -5, message: 'x' } }]))), random) }),
      sizeOf: ({ bytes }: { readonly bytes: Uint8Array }) => bytes.length,
      feed: ({ status, bytes }: { readonly status: number; readonly bytes: Uint8Array }) => {
        const read = bodyOf(status, Buffer.from(bytes));
        return read.ok && answerOf(read.value, 7).ok;
      },
    },
    {
      name: 'bitcoind blocks and mempool',
      input: (random: Random) => mutateJson(NODE, random),
      sizeOf: (answers: unknown) => JSON.stringify(answers)?.length ?? 0,
      feed: async (answers: unknown) => {
        const rpc = answering(isRecord(answers) ? answers : {});
        const ledger = new ScriptLedger();
        ledger.add(script, 0);
        const blocks = new BlockFollower(rpc, env, ledger);
        const followed = await round(() => blocks.advance());
        return (await round(() => new MempoolWatch(rpc, ledger).update())) && followed;
      },
    },
    {
      name: 'block',
      input: (random: Random) => mutate(block, random),
      sizeOf: (bytes: Uint8Array) => bytes.length,
      feed: (bytes: Uint8Array) => round(() => decodeBlock(bytes)),
    },
    bytesTarget('transaction', (random) => mutate(rawTx, random), (input) =>
      takes(() => {
        const read = decodeTx(input);
        if (toHex(encodeTx(read)) !== toHex(input)) nonsense('written differently');
      })),
  ]; // prettier-ignore
}

export function chainTargets(): readonly AnyTarget[] {
  const headers = concat(header, header, header);
  return [
    ...electrumTargets(),
    ...bitcoindTargets(),
    bytesTarget('block headers', (random) => mutate(headers, random), (input) => {
      const whole = input.subarray(0, input.length - (input.length % 80));
      return new HeaderChain(chainParams.regtest).accept(1, whole, 1_700_000_000).ok;
    }),
    bytesTarget('stored block headers', (random) => mutate(headers, random), (input) => HeaderChain.fromBytes(chainParams.regtest, input, 1_700_000_000).tipHeight > 0),
    textTarget('chain source', (random) => fromUtf8(mutate(utf8(random.pick(['electrum:tls://[::1]:50002', 'bitcoind:http://user:p%40ss@host:8332', 'bitcoind:http://host:1?cookie=/a'])), random)), (text) =>
      parseChainSpec(text, 'regtest').ok),
  ]; // prettier-ignore
}
