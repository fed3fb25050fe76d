/** Regtest addresses of the usual script types, both ways (BIP 173, BIP 350, base58check). */
import { base58, bech32, bech32m } from '@scure/base';
import { doubleSha256 } from './raw-tx.ts';

const HRP = 'bcrt';
const PUBKEY_HASH = 0x6f;
const SCRIPT_HASH = 0xc4;

function base58check(version: number, hashHex: string): string {
  const body = Buffer.concat([Buffer.from([version]), Buffer.from(hashHex, 'hex')]);
  return base58.encode(Buffer.concat([body, doubleSha256(body).subarray(0, 4)]));
}

/** Undefined for scripts that have no address. */
export function addressOf(scriptHex: string): string | undefined {
  const legacy = /^76a914([0-9a-f]{40})88ac$/.exec(scriptHex) ?? undefined;
  if (legacy) return base58check(PUBKEY_HASH, legacy[1]!);
  const wrapped = /^a914([0-9a-f]{40})87$/.exec(scriptHex) ?? undefined;
  if (wrapped) return base58check(SCRIPT_HASH, wrapped[1]!);
  const script = Buffer.from(scriptHex, 'hex');
  const version = script[0] === 0 ? 0 : (script[0] ?? 0) - 0x50;
  if (version < 0 || version > 16 || script.length < 4 || script.length > 42 || script[1] !== script.length - 2)
    return undefined;
  const code = version === 0 ? bech32 : bech32m;
  return code.encode(HRP, [version, ...code.toWords(script.subarray(2))]);
}

/** Undefined when it is not an address of this network. */
export function scriptOf(address: string): string | undefined {
  const separator = address.lastIndexOf('1');
  if (address.slice(0, separator).toLowerCase() === HRP) {
    for (const [code, fits] of [
      [bech32, (v: number) => v === 0],
      [bech32m, (v: number) => v > 0 && v <= 16],
    ] as const) {
      const decoded = code.decodeUnsafe(address);
      const program = decoded ? code.fromWordsUnsafe(decoded.words.slice(1)) : undefined;
      if (!decoded || !program || !fits(decoded.words[0]!)) continue;
      return Buffer.from([decoded.words[0] === 0 ? 0 : 0x50 + decoded.words[0]!, program.length, ...program]).toString(
        'hex',
      );
    }
    return undefined;
  }
  if (!/^[1-9A-HJ-NP-Za-km-z]{20,40}$/.test(address)) return undefined;
  const raw = Buffer.from(base58.decode(address));
  if (raw.length !== 25 || !doubleSha256(raw.subarray(0, 21)).subarray(0, 4).equals(raw.subarray(21))) return undefined;
  const hash = raw.subarray(1, 21).toString('hex');
  return raw[0] === PUBKEY_HASH ? `76a914${hash}88ac` : raw[0] === SCRIPT_HASH ? `a914${hash}87` : undefined;
}
