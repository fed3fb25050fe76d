/** bitcoind's error codes and the checks of its parameters. */
import { scriptOf } from './regtest-address.ts';

/** Bitcoin Core's JSON-RPC error codes, as far as the test network gives them. */
export const RPC = {
  misc: -1,
  type: -3,
  invalidAddressOrKey: -5,
  invalidParameter: -8,
  deserialization: -22,
  /** Missing inputs, fee over the caller's limit, bad package. */
  verifyError: -25,
  rejected: -26,
  alreadyInChain: -27,
  invalidRequest: -32600,
  unknownMethod: -32601,
  internal: -32603,
  parse: -32700,
} as const;

export class RpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const wholeNumber = (value: unknown, what: string): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new RpcError(
      RPC.type,
      `JSON value of type ${value === null ? 'null' : typeof value} is not of expected type number (${what})`,
    );
  return value;
};
export const hash256 = (value: unknown, what: string): string => {
  if (typeof value !== 'string')
    throw new RpcError(RPC.type, `JSON value of type ${typeof value} is not of expected type string (${what})`);
  if (!/^[0-9a-f]{64}$/i.test(value))
    throw new RpcError(RPC.invalidParameter, `${what} must be of length 64 (not ${value.length}, for '${value}')`);
  return value.toLowerCase();
};

/** The script of raw(hex) or addr(address), with or without checksum. */
export function descriptorScript(descriptor: string): string {
  const [, kind, content] = /^(raw|addr)\(([0-9A-Za-z]+)\)(?:#[0-9a-z]{8})?$/.exec(descriptor) ?? [];
  const scriptHex =
    kind === 'raw' && /^([0-9a-f]{2})+$/.test(content!) ? content : kind === 'addr' ? scriptOf(content!) : undefined;
  if (scriptHex === undefined)
    throw new RpcError(
      RPC.invalidAddressOrKey,
      `'${descriptor}' is not a valid descriptor here: raw(script) or addr(address)`,
    );
  return scriptHex;
}
