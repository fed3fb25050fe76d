import { Address, OutScript } from '@scure/btc-signer';
import type { Network, NetworkName } from './network.ts';
import { networks } from './network.ts';

const signerNetwork = (network: Network) => ({
  bech32: network.bech32Prefix, pubKeyHash: network.pubKeyHash, scriptHash: network.scriptHash, wif: network.wif,
}); // prettier-ignore

export type AddressFault =
  | { readonly code: 'other_network'; readonly network: NetworkName }
  | { readonly code: 'not_an_address' };

function scriptOn(address: string, network: Network): Uint8Array | undefined {
  try {
    return OutScript.encode(Address(signerNetwork(network)).decode(address));
  } catch {
    return undefined;
  }
}

/** Output script of an address of any kind; tells an address of another network from nonsense. */
export function addressToScript(
  address: string,
  network: Network,
): { readonly ok: true; readonly value: Uint8Array } | { readonly ok: false; readonly error: AddressFault } {
  const value = scriptOn(address, network);
  if (value) return { ok: true, value };
  const other = Object.values(networks).find((candidate) => candidate !== network && scriptOn(address, candidate));
  return { ok: false, error: other ? { code: 'other_network', network: other.name } : { code: 'not_an_address' } };
}

/** The address of an output script; undefined when it has none (bare scripts, OP_RETURN). */
export function scriptToAddress(script: Uint8Array, network: Network): string | undefined {
  try {
    return Address(signerNetwork(network)).encode(OutScript.decode(script));
  } catch {
    return undefined;
  }
}
