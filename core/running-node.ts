import type { EventData, EventName } from './api.ts';
import { type NetworkName, networks } from './bitcoin/network.ts';
import type { ChainSource } from './chain/port.ts';
import { masterNode, mnemonicOf } from './crypto/hd.ts';
import { fileBlobs } from './io/blob-files.ts';
import { createChainSource } from './io/chain-sources.ts';
import { dataPaths } from './io/data-folder.ts';
import { openHighWaterFiles } from './io/high-water-files.ts';
import type { HighWater } from './io/high-water.ts';
import { connectPeer, listenPeers } from './io/peer-socket.ts';
import { deriveSeed } from './io/seed.ts';
import { type OpenStoreOptions, type OpenedStore, openStore } from './io/sqlite/open.ts';
import { system } from './io/system.ts';
import type { UnlockedVault } from './io/vault-file.ts';
import { fromUtf8 } from './lib/bytes.ts';
import { ApiFailure } from './node/app.ts';
import type { Logger } from './node/log.ts';
import { SfericNode } from './node/node.ts';
import type { KdfCost } from './store/vault.ts';

export interface AppConfig {
  readonly network: NetworkName;
  /** Made (0700) when it is not there. */
  readonly dataDir: string;
  /** Specs of `createChainSource`; at least one. */
  readonly chain: readonly string[];
  /** Where peers may connect to; nobody may when left out. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  readonly log: Logger;
  /** Cost of the password hash for new vaults; tests choose a lower one. */
  readonly kdf?: KdfCost | undefined;
  /** A folder outside the data folder that remembers the wallet's epoch: a restored copy of the folder is then noticed. */
  readonly fenceFolders?: readonly string[] | undefined;
  /** Bounds of the database, to rehearse a full disk. */
  readonly store?: Pick<OpenStoreOptions, 'maxPageCount' | 'reserveBytes'> | undefined;
  /** For tests and the playground: another source than the one of `chain`. */
  readonly chainSource?: (() => ChainSource) | undefined;
}

export /** Stands in the vault of a wallet that was made and not restored: it has no past, and the first tip seen tells its birthday. */
const MADE_HERE = 0xffff_ffff;

export interface Running {
  readonly node: SfericNode;
  readonly opened: OpenedStore;
  readonly highWater: HighWater;
}

interface Start {
  readonly config: AppConfig;
  readonly folder: string;
  readonly vault: UnlockedVault;
  readonly emit: <N extends EventName>(name: N, data: EventData<N>) => void;
}

/** Everything that a node runs on, opened for an unlocked vault. Rejects with ApiFailure and StoreError; then nothing stays open. */
export async function startNode({ config, folder, vault, emit }: Start): Promise<Running> {
  const { network, log, store, fenceFolders } = config;
  if (vault.network !== network) {
    throw new ApiFailure('chain_other_network', `This wallet belongs to another network (${vault.network}). Nothing was changed. Start Sferic for that network.`);
  }
  const opened = await openStore({
    folder, dataKey: vault.dataKey, random: system.random, ...store, ...(fenceFolders ? { fenceFolders } : {}), onWarning: (text) => log.warn(text),
  }); // prettier-ignore
  let highWater: HighWater | undefined;
  try {
    highWater = await openHighWaterFiles(dataPaths(folder).highWater);
    return { node: await nodeOn({ config, folder, vault, emit }, opened, highWater), opened, highWater };
  } catch (error) {
    await highWater?.close();
    await opened.store.close();
    throw error;
  }
}

async function nodeOn({ config, folder, vault, emit }: Start, opened: OpenedStore, highWater: HighWater): Promise<SfericNode> {
  const { network, log, chain, listen, chainSource } = config;
  const source = chainSource ? { ok: true as const, value: chainSource() } : createChainSource(chain, network, { blob: fileBlobs(dataPaths(folder).chain), onBug: (error) => log.error('chain source failed', { reason: String(error) }) });
  if (!source.ok) throw new ApiFailure('bad_request', source.error);
  const seed = await deriveSeed(mnemonicOf(vault.entropy), fromUtf8(vault.passphrase));
  const master = masterNode(seed);
  seed.fill(0);
  const recoveryReason = opened.fence.kind === 'stale' ? 'This copy of the wallet is older than one that ran before, or two copies run.' : undefined;
  const birthdayHeight = vault.birthdayHeight === MADE_HERE ? undefined : vault.birthdayHeight;
  const node: SfericNode = new SfericNode({ network: networks[network], birthdayHeight, isRestored: birthdayHeight !== undefined, recoveryReason }, {
    store: opened.store, highWater, chain: source.value, log,
    system: { ...system, soon: (task) => void setImmediate(task) },
    network: {
      dial: ({ nodeId, host, port, ourKey = node.ourKey }) => connectPeer({ host, port, nodeId, ourKey }),
      listen: listen && ((onPeer) => listenPeers({ ...listen, ourKey: node.ourKey, onPeer })),
    },
  }, master, emit); // prettier-ignore
  return node;
}

/** Overwrites the secrets of a vault. */
export function wipe({ dataKey, entropy, passphrase }: UnlockedVault): void {
  for (const secret of [dataKey, entropy, passphrase]) secret.fill(0);
}
