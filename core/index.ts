import type { EventData, EventName, Method, Params } from './api.ts';
import { mnemonicFault, mnemonicOf, mnemonicToEntropyBytes, normalizeMnemonic } from './crypto/hd.ts';
import { curveName } from './crypto/secp256k1.ts';
import { dataPaths } from './io/data-folder.ts';
import { type FolderLock, lockFolder } from './io/lock.ts';
import { useFastestCurve } from './io/native-curve.ts';
import { hasDatabase, removeDatabase } from './io/sqlite/open.ts';
import { system } from './io/system.ts';
import { type UnlockedVault, changePassword, createVault, removeVault, unlockVault, vaultStatus } from './io/vault-file.ts';
import { fromUtf8, toHex, utf8 } from './lib/bytes.ts';
import { must } from './lib/result.ts';
import { type App, ApiFailure } from './node/app.ts';
import { backupHandlers } from './node/handlers/backup.ts';
import { channelHandlers } from './node/handlers/channels.ts';
import type { Handlers } from './node/handlers/handler.ts';
import { inTurn } from './node/handlers/handler.ts';
import { historyHandlers } from './node/handlers/history.ts';
import { paymentHandlers } from './node/handlers/payments.ts';
import { towerHandlers } from './node/handlers/towers.ts';
import { walletHandlers } from './node/handlers/wallet.ts';
import type { SfericNode } from './node/node.ts';
import { sleepView } from './node/status.ts';
import { mnemonicFailure, storeFailure } from './node/words.ts';
import { type AppConfig, MADE_HERE, type Running, startNode, wipe } from './running-node.ts';
import { StoreError } from './store/port.ts';
import { type KdfCost, passwordBytes } from './store/vault.ts';

/** What a host puts around the engine; the window's shell imports nothing of core but this file and the contract. */
export { parseChainSpec } from './io/chain-sources.ts';
export { ClockJumps, LOOK_MS } from './io/clock-jumps.ts';
export { writeFileAtomic } from './io/files.ts';
export { openLogFile } from './io/log-file.ts';
export { ApiFailure, type App } from './node/app.ts';
export { decodeWith, dispatch, subscribeWire } from './node/dispatch.ts';
export { createLogger, jsonLine, type Logger } from './node/log.ts';
export type { AppConfig } from './running-node.ts';

export const VERSION = '0.1.0';

const nodeHandlers: Handlers<NodeMethod> = { ...walletHandlers, ...channelHandlers, ...historyHandlers, ...paymentHandlers, ...towerHandlers, ...backupHandlers };
type NodeMethod = Exclude<Method, `node.${string}` | `vault.${string}`>;
const isNodeMethod = (method: Method): method is NodeMethod => method in nodeHandlers;

/** Takes the data folder (one program at a time) and waits for a password. Rejects with ApiFailure. */
export async function createApp(config: AppConfig): Promise<App> {
  useFastestCurve();
  const lock = await mapped(() => lockFolder(config.dataDir));
  return new SfericApp(config, lock);
}

async function mapped<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof StoreError) throw storeFailure(error.fault);
    throw error;
  }
}

class SfericApp implements App {
  readonly #config: AppConfig;
  readonly #lock: FolderLock;
  readonly #listeners = new Set<(name: EventName, data: never) => void>();
  #running: Running | undefined;
  /** Vault operations one after another: two at once could start two nodes on one folder. */
  #busy: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(config: AppConfig, lock: FolderLock) {
    this.#config = config;
    this.#lock = lock;
  }

  get #vaultPath(): string {
    return dataPaths(this.#lock.folder).vault;
  }

  call<M extends Method>(method: M, params: Params<M>): ReturnType<App['call']> & Promise<never> {
    return this.#call(method, params as never) as never;
  }

  async #call(method: Method, params: never): Promise<unknown> {
    if (this.#stopped && method !== 'node.stop') throw new ApiFailure('stopping', 'The engine is stopping.');
    return mapped(async () => {
      if (isNodeMethod(method)) {
        const node = this.#node();
        const handler = nodeHandlers[method] as (node: SfericNode, given: never) => unknown;
        return node.turns.unlessFrozen(handler(node, params));
      }
      const handler = this.#own[method as Exclude<Method, NodeMethod>] as (given: never) => unknown;
      return handler(params);
    });
  }

  subscribe(listener: <N extends EventName>(name: N, data: EventData<N>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly #emit = <N extends EventName>(name: N, data: EventData<N>): void => {
    for (const listener of this.#listeners) listener(name, data as never);
  };

  #node(): SfericNode {
    if (!this.#running) throw new ApiFailure('locked', 'The wallet is locked, so nothing was done. Unlock it with its password.');
    const frozen = this.#running.node.turns.frozen;
    if (frozen) throw storeFailure(frozen);
    return this.#running.node;
  }

  readonly #own = {
    'node.info': () => this.#info(),
    'node.stop': async () => {
      await this.stop();
      return {};
    },
    // Subscribing is the transport's business: it calls `subscribe`.
    'node.subscribe': () => ({}),
    'vault.status': () => this.#status(),
    'vault.create': (params: Params<'vault.create'>) => this.#exclusive(() => this.#create(params)),
    'vault.restore': (params: Params<'vault.restore'>) => this.#exclusive(() => this.#restore(params)),
    'vault.unlock': (params: Params<'vault.unlock'>) => this.#exclusive(() => this.#unlock(params)),
    'vault.lock': () => this.#exclusive(async () => {
      await this.#stopNode();
      this.#emit('vault.updated', await this.#status());
      return {};
    }),
    'vault.changePassword': ({ password, newPassword }: Params<'vault.changePassword'>) => this.#exclusive(async () => {
      await this.#needVault();
      await changePassword(this.#vaultPath, { oldPassword: passwordBytes(password), newPassword: passwordBytes(newPassword), random: system.random, ...this.#kdf() });
      return {};
    }),
    'vault.revealSeed': async ({ password }: Params<'vault.revealSeed'>) => {
      await this.#needVault();
      const vault = await unlockVault(this.#vaultPath, passwordBytes(password));
      try {
        return { mnemonic: mnemonicOf(vault.entropy), hasPassphrase: vault.passphrase.length > 0 };
      } finally {
        wipe(vault);
      }
    },
    'vault.checkPassword': async ({ password }: Params<'vault.checkPassword'>) => {
      await this.#needVault();
      wipe(await unlockVault(this.#vaultPath, passwordBytes(password)));
      return {};
    },
    'vault.confirmSeed': async () => {
      const node = this.#node();
      await inTurn(node, (turn) => turn.write('setting', 'seedConfirmedAtMs', utf8(`${system.nowMs()}`)));
      return {};
    },
  } satisfies { readonly [K in Exclude<Method, NodeMethod>]: (params: Params<K>) => unknown }; // prettier-ignore

  #exclusive<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#busy.then(task);
    this.#busy = run.catch(() => undefined);
    return run;
  }

  #kdf(): { readonly kdf?: KdfCost } {
    return this.#config.kdf ? { kdf: this.#config.kdf } : {};
  }

  async #status(): Promise<EventData<'vault.updated'>> {
    const file = await vaultStatus(this.#vaultPath);
    const node = this.#running?.node;
    const confirmed = await this.#running?.opened.store.get('setting', 'seedConfirmedAtMs');
    return {
      state: file.kind === 'missing' ? 'missing' : node ? 'unlocked' : 'locked', network: this.#config.network,
      ...(confirmed ? { seedConfirmedAtMs: Number(fromUtf8(confirmed)) } : {}),
      ...(node?.config.recoveryReason === undefined ? {} : { recoveryReason: node.config.recoveryReason }),
    }; // prettier-ignore
  }

  async #info() {
    const node = this.#running?.node;
    const sleep = node && sleepView(node);
    const live = node?.channels.all().filter(({ phase }) => phase !== 'closed') ?? [];
    const views = node ? await nodeHandlers['channel.list'](node, { includeClosed: false }) : [];
    return {
      version: VERSION, network: this.#config.network, vault: await this.#status(), channels: live.length,
      peers: node?.peers.views().filter(({ connected }) => connected).length ?? 0, curve: curveName(),
      sendableMsat: views.reduce((sum, { sendableMsat }) => sum + sendableMsat, 0n), receivableMsat: views.reduce((sum, { receivableMsat }) => sum + receivableMsat, 0n),
      ...(node ? { nodeId: toHex(node.nodeId), chain: node.chainStatus() } : {}), ...(sleep ? { sleep } : {}),
      ...(node?.listenPort === undefined ? {} : { listen: `${must(this.#config.listen, 'the address').host}:${node.listenPort}` }),
    }; // prettier-ignore
  }

  async #needVault(): Promise<void> {
    if ((await vaultStatus(this.#vaultPath)).kind === 'missing') throw new ApiFailure('vault_missing', 'There is no wallet in this folder, so nothing was done. Create or restore one, or choose the folder where it lies.');
  }

  async #make(entropy: Uint8Array, password: string, passphrase: string, birthdayHeight: number): Promise<void> {
    if ((await vaultStatus(this.#vaultPath)).kind !== 'missing') throw new ApiFailure('vault_exists', 'There is a wallet in this folder already. Nothing was changed. Unlock it, or choose another folder.');
    const hadDatabase = await hasDatabase(this.#lock.folder);
    const vault = await createVault(this.#vaultPath, {
      password: passwordBytes(password), mnemonicEntropy: entropy, passphrase: utf8(passphrase.normalize('NFKD')), network: this.#config.network, birthdayHeight,
      random: system.random, ...this.#kdf(),
    }); // prettier-ignore
    try {
      await this.#start(vault);
    } catch (error) {
      // Nobody has seen its words and nothing was received: half a wallet would only stand in the way of a whole one.
      await removeVault(this.#vaultPath);
      if (!hadDatabase) await removeDatabase(this.#lock.folder);
      throw error;
    }
  }

  async #create({ password, words, passphrase }: Params<'vault.create'>) {
    const entropy = system.random(words === 12 ? 16 : 32);
    try {
      const mnemonic = mnemonicOf(entropy);
      await this.#make(entropy, password, passphrase, MADE_HERE);
      return { mnemonic };
    } finally {
      entropy.fill(0);
    }
  }

  async #restore({ password, mnemonic, passphrase, birthdayHeight }: Params<'vault.restore'>) {
    const words = normalizeMnemonic(mnemonic);
    const fault = mnemonicFault(words);
    if (fault) throw mnemonicFailure(fault);
    const entropy = mnemonicToEntropyBytes(words);
    try {
      await this.#make(entropy, password, passphrase, birthdayHeight ?? 0);
      return {};
    } finally {
      entropy.fill(0);
    }
  }

  async #unlock({ password }: Params<'vault.unlock'>) {
    if (this.#running) throw new ApiFailure('unlocked', 'The wallet is open already. Nothing was changed; just go on.');
    await this.#needVault();
    await this.#start(await unlockVault(this.#vaultPath, passwordBytes(password)));
    return {};
  }

  async #start(vault: UnlockedVault): Promise<void> {
    this.#running = await startNode({ config: this.#config, folder: this.#lock.folder, vault, emit: this.#emit }).finally(() => wipe(vault));
    try {
      await this.#running.node.start();
    } catch (error) {
      const { highWater, opened } = this.#running;
      this.#running = undefined;
      await highWater.close();
      await opened.store.close();
      throw error;
    }
    this.#emit('vault.updated', await this.#status());
  }

  async #stopNode(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    await running.node.stop();
    await running.highWater.close();
    await running.opened.store.close();
  }

  suspended(): void {
    this.#running?.node.sleep();
  }

  async resumed(): Promise<void> {
    await this.#running?.node.wake();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#exclusive(async () => {
      await this.#stopNode();
      await this.#lock.release();
    });
    return this.#stopped;
  }
}
