import { networks, type NetworkName } from '../bitcoin/network.ts';
import { fromHex, reversed } from '../lib/bytes.ts';

/** Where our header chain begins, always the first block of a retarget period. */
export interface Checkpoint {
  readonly height: number;
  /** Wire order; zeros below the genesis block. */
  readonly previousHash: Uint8Array;
  /** Undefined on test networks: then the first header may claim any target up to the limit. */
  readonly bits: number | undefined;
  /** Blocks that must be the ones: height and hash in wire order. */
  readonly pinned: ReadonlyMap<number, Uint8Array>;
}

export interface ChainParams {
  readonly network: NetworkName;
  readonly genesisHash: Uint8Array;
  /** Easiest target, in compact form. */
  readonly powLimitBits: number;
  readonly retargets: boolean;
  /** Testnet: a block 20 minutes after its parent may take the easiest target. */
  readonly allowsMinDifficulty: boolean;
  readonly checkpoint: Checkpoint;
}

export const RETARGET_INTERVAL = 2016;
export const TARGET_TIMESPAN_SECONDS = 14 * 24 * 60 * 60;

const wireHash = (display: string): Uint8Array => reversed(fromHex(display));

const from = (height: number, previousHash: string, bits: number | undefined, pins: Record<number, string> = {}): Checkpoint => ({
  height, bits, previousHash: wireHash(previousHash),
  pinned: new Map(Object.entries(pins).map(([at, hash]) => [Number(at), wireHash(hash)])),
}); // prettier-ignore

const ZERO = '00'.repeat(32);

/** The genesis block is pinned by its hash wherever the chain starts with it. */
export const chainParams: Readonly<Record<NetworkName, ChainParams>> = {
  mainnet: {
    network: 'mainnet', genesisHash: networks.mainnet.chainHash, powLimitBits: 0x1d00ffff, retargets: true, allowsMinDifficulty: false,
    checkpoint: from(951_552, '0000000000000000000195dd7790358834443ede81e6800d8c497aa58040790d', 0x170240c3, {
      953_567: '00000000000000000001b315e72169bef4867bf780527aa97c625ee9c001dc5d',
    }),
  },
  testnet: {
    network: 'testnet', genesisHash: networks.testnet.chainHash, powLimitBits: 0x1d00ffff, retargets: true, allowsMinDifficulty: true,
    checkpoint: from(5_009_760, '0000000000003ac332c3ac91aac2f9c7b5991ee81c9af86897eb6e922f617439', undefined, {
      5_011_775: '000000000000041b511bf0b926371d5045f70bbc30d36b66f1c84ed30d765886',
    }),
  },
  signet: {
    network: 'signet', genesisHash: networks.signet.chainHash, powLimitBits: 0x1e0377ae, retargets: true, allowsMinDifficulty: false,
    checkpoint: from(306_432, '00000006f04e877d3793db457a61de7f11df44552a9c18fc3484604b59158ebf', undefined, {
      308_447: '0000000fce481bd689af96794ea36ad8e80bc4635f068104aeff53bc17326ecf',
    }),
  },
  regtest: {
    network: 'regtest', genesisHash: networks.regtest.chainHash, powLimitBits: 0x207fffff, retargets: false, allowsMinDifficulty: false,
    checkpoint: from(0, ZERO, 0x207fffff, { 0: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206' }),
  },
}; // prettier-ignore
