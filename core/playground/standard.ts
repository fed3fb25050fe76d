/** Bitcoin Core's relay policy for one transaction by itself: what its nodes would not pass on. */
import type { ChainTx, TxOutput } from './raw-tx.ts';

export type ScriptType =
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'nulldata'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'anchor'
  | 'witness_unknown'
  | 'nonstandard';

const PATTERNS: readonly (readonly [ScriptType, RegExp])[] = [
  ['pubkeyhash', /^76a914[0-9a-f]{40}88ac$/],
  ['scripthash', /^a914[0-9a-f]{40}87$/],
  ['witness_v0_keyhash', /^0014[0-9a-f]{40}$/],
  ['witness_v0_scripthash', /^0020[0-9a-f]{64}$/],
  ['witness_v1_taproot', /^5120[0-9a-f]{64}$/],
  ['anchor', /^51024e73$/],
  ['pubkey', /^(21(02|03)[0-9a-f]{64}|4104[0-9a-f]{128})ac$/],
  ['multisig', /^5[1-3]((21(02|03)[0-9a-f]{64}|4104[0-9a-f]{128})){1,3}5[1-3]ae$/],
];

/** Name as in Bitcoin Core's JSON. */
export function scriptTypeOf(scriptHex: string): ScriptType {
  for (const [type, pattern] of PATTERNS) if (pattern.test(scriptHex)) return type;
  if (scriptHex.startsWith('6a') && pushesOnly(scriptHex.slice(2))) return 'nulldata';
  const program = /^(5[1-9a-f]|60)([0-9a-f]{2})(([0-9a-f]{2})+)$/.exec(scriptHex);
  const length = program ? Number.parseInt(program[2]!, 16) : 0;
  return program && length >= 2 && length <= 40 && program[3]!.length === 2 * length
    ? 'witness_unknown'
    : 'nonstandard';
}

/** Only data pushes; OP_1 to OP_16 and OP_1NEGATE count as such. */
export function pushesOnly(scriptHex: string): boolean {
  const script = Buffer.from(scriptHex, 'hex');
  let at = 0;
  while (at < script.length) {
    const op = script[at++]!;
    if (op > 0x60) return false;
    if (op < 0x4c) at += op;
    else if (op === 0x4c) at += 1 + (script[at] ?? 0);
    else if (op === 0x4d) at += 2 + (at + 2 <= script.length ? script.readUInt16LE(at) : 0);
    else if (op === 0x4e) at += 4 + (at + 4 <= script.length ? script.readUInt32LE(at) : 0);
  }
  return at === script.length;
}

const DUST_SAT_PER_VB = 3n;

/** What an output needs at least: its own size plus that of the input which spends it, at 3 sat/vB. */
export function dustLimitSat(scriptHex: string): bigint {
  if (scriptHex.startsWith('6a')) return 0n;
  const scriptLength = scriptHex.length / 2;
  const outputBytes = 8 + (scriptLength < 0xfd ? 1 : 3) + scriptLength;
  const witness =
    /^(00|5[1-9a-f]|60)([0-9a-f]{2}){3,41}$/.test(scriptHex) &&
    Number.parseInt(scriptHex.slice(2, 4), 16) === scriptLength - 2;
  return (
    BigInt(outputBytes + (witness ? 32 + 4 + 1 + Math.floor(107 / 4) + 4 : 32 + 4 + 1 + 107 + 4)) * DUST_SAT_PER_VB
  );
}

export const dustOutputs = (tx: ChainTx): number[] =>
  tx.outputs.flatMap((o, vout) => (o.valueSat < dustLimitSat(o.scriptHex) ? [vout] : []));

const MAX_WEIGHT = 400_000;
const MIN_BASE_SIZE = 65;
const MAX_SCRIPTSIG_BYTES = 1650;
const MAX_OP_RETURN_SCRIPT_BYTES = 83;

/** Core's reject reason, or undefined. Dust is not judged here: it depends on the fee and the package. */
export function whyNotStandard(tx: ChainTx): string | undefined {
  if (tx.version < 1 || tx.version > 3) return 'version';
  if (tx.weight > MAX_WEIGHT) return 'tx-size';
  if (tx.baseSize < MIN_BASE_SIZE) return 'tx-size-small';
  for (const { scriptSigHex } of tx.inputs) {
    if (scriptSigHex.length / 2 > MAX_SCRIPTSIG_BYTES) return 'scriptsig-size';
    if (!pushesOnly(scriptSigHex)) return 'scriptsig-not-pushonly';
  }
  let opReturns = 0;
  for (const { scriptHex } of tx.outputs) {
    const type = scriptTypeOf(scriptHex);
    if (type === 'nonstandard') return 'scriptpubkey';
    if (type !== 'nulldata') continue;
    // Core 30 lets more through, but most of the network still runs nodes that do not.
    if (scriptHex.length / 2 > MAX_OP_RETURN_SCRIPT_BYTES) return 'scriptpubkey';
    if (++opReturns > 1) return 'multi-op-return';
  }
  return undefined;
}

/** Rules on what is spent; `spent` are the outputs in the order of the inputs. */
export function whyNotStandardInputs(tx: ChainTx, spent: readonly TxOutput[]): string | undefined {
  for (const [i, { witness, scriptSigHex }] of tx.inputs.entries()) {
    const type = scriptTypeOf(spent[i]!.scriptHex);
    if (type === 'nonstandard' || type === 'witness_unknown') return 'bad-txns-nonstandard-inputs';
    if (witness.length === 0) continue;
    if (type === 'anchor') return 'bad-witness-nonstandard'; // anybody could stuff it
    if (type === 'witness_v0_scripthash' || (type === 'scripthash' && scriptSigHex.startsWith('220020'))) {
      const stack = witness.slice(0, -1);
      if (witness.at(-1)!.length / 2 > 3600 || stack.length > 100 || stack.some((item) => item.length / 2 > 80))
        return 'bad-witness-nonstandard';
    }
    // BIP 341: an annex is not relayed.
    if (type === 'witness_v1_taproot' && witness.length > 1 && witness.at(-1)!.startsWith('50'))
      return 'bad-witness-nonstandard';
  }
  return undefined;
}
