/** Coins that need no signature, for tests about the chain and its servers. */
import type { ChainHandle } from '../../../core/playground/chain-client.ts';
import { parseTx, serializeTx, sha256, type TxDraft } from '../../../core/playground/raw-tx.ts';

export interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly valueSat: bigint;
  readonly witness: readonly string[];
}

export const p2wsh = (witnessScript: string): string =>
  `0020${sha256(Buffer.from(witnessScript, 'hex')).toString('hex')}`;
/** <tag> OP_DROP OP_TRUE: whoever knows the script may spend. */
export const openScript = (tag: number): string => `02${tag.toString(16).padStart(4, '0')}7551`;
export const OPEN = p2wsh(openScript(1));
export const SINK = `0014${'22'.repeat(20)}`;

/** A confirmed coin on `witnessScript`, or on the open script. */
export async function coin(chain: ChainHandle, valueSat: bigint, witnessScript = openScript(1)): Promise<Coin> {
  const txid = await chain.pay(p2wsh(witnessScript), valueSat);
  await chain.mine(1);
  return { txid, vout: 0, valueSat, witness: [witnessScript] };
}

interface Spend {
  readonly feeSat: bigint;
  readonly to?: string;
  readonly sequence?: number;
  readonly extra?: TxDraft['outputs'];
  readonly version?: number;
  readonly locktime?: number;
}

/** Everything in `coins` but the fee and the extra outputs, to one script. */
export function spend(
  coins: readonly Coin[],
  { feeSat, to = OPEN, sequence = 0xffff_fffd, extra = [], version, locktime }: Spend,
): string {
  const inSat = coins.reduce((sum, c) => sum + c.valueSat, 0n);
  const outSat = extra.reduce((sum, o) => sum + o.valueSat, 0n);
  return serializeTx({
    ...(version === undefined ? {} : { version }),
    ...(locktime === undefined ? {} : { locktime }),
    inputs: coins.map(({ txid, vout, witness }) => ({ txid, vout, witness, sequence })),
    outputs: [{ scriptHex: to, valueSat: inSat - feeSat - outSat }, ...extra],
  });
}

/** Output 0 of a transaction that pays the open script. */
export function outputOf(rawHex: string, vout = 0): Coin {
  const { txid, outputs } = parseTx(rawHex);
  return { txid, vout, valueSat: outputs[vout]!.valueSat, witness: [openScript(1)] };
}

export const txidOf = (rawHex: string): string => parseTx(rawHex).txid;
