import { fromHex, reversed } from '../lib/bytes.ts';

export type NetworkName = 'mainnet' | 'testnet' | 'signet' | 'regtest';

export interface Network {
  readonly name: NetworkName;
  /** Hash of the genesis block in wire order: the `chain_hash` of BOLT messages. */
  readonly chainHash: Uint8Array;
  readonly bech32Prefix: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
  /** Version byte of a private key in wallet import format. */
  readonly wif: number;
  /** Prefix of a BOLT 11 invoice behind `ln`. */
  readonly invoicePrefix: string;
  /** SLIP 44 coin type of derivation paths. */
  readonly coinType: 0 | 1;
  readonly defaultPort: number;
}

const network = (name: NetworkName, genesisHash: string, bech32Prefix: string, invoicePrefix: string): Network => {
  const main = name === 'mainnet';
  return {
    name, bech32Prefix, invoicePrefix, chainHash: reversed(fromHex(genesisHash)),
    pubKeyHash: main ? 0x00 : 0x6f, scriptHash: main ? 0x05 : 0xc4, wif: main ? 0x80 : 0xef, coinType: main ? 0 : 1,
    defaultPort: { mainnet: 9735, testnet: 19735, signet: 39735, regtest: 19846 }[name],
  }; // prettier-ignore
};

export const networks: Readonly<Record<NetworkName, Network>> = {
  mainnet: network('mainnet', '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f', 'bc', 'bc'),
  testnet: network('testnet', '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943', 'tb', 'tb'),
  signet: network('signet', '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6', 'tb', 'tbs'),
  regtest: network('regtest', '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206', 'bcrt', 'bcrt'),
};
