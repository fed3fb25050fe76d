import { OP, witnessProgram } from '../bitcoin/script.ts';

/** The forms of `scriptpubkey` that shutdown allows (BOLT 2, "Closing Initiation"). */
export function isShutdownScript(script: Uint8Array, { anySegwit, simpleClose }: { readonly anySegwit: boolean; readonly simpleClose: boolean }): boolean {
  const witness = witnessProgram(script);
  if (witness?.version === 0) return witness.program.length === 20 || witness.program.length === 32;
  if (witness) return anySegwit;
  return simpleClose && isShortOpReturn(script);
}

export function isShortOpReturn(script: Uint8Array): boolean {
  if (script[0] !== OP.RETURN) return false;
  const first = script[1] ?? 0;
  if (first >= 6 && first <= 75) return script.length === 2 + first;
  const length = script[2] ?? 0;
  return first === OP.PUSHDATA1 && length >= 76 && length <= 80 && script.length === 3 + length;
}
