import type { HdNode } from '../crypto/hd.ts';
import type { Network } from '../bitcoin/network.ts';
import { p2wpkh } from '../bitcoin/script.ts';
import { p2trKeyPath } from '../bitcoin/taproot.ts';
import type { AccountKind, Branch, ScriptPath } from './accounts.ts';

/** Every derivation path of the project, from the master key. `coin'` is SLIP 44: 0 on the main network, 1 elsewhere. */
export const derivationPaths = {
  /** BIP 84 and BIP 86, first account. */
  account: (network: Network, kind: AccountKind): string => `m/${kind === 'p2wpkh' ? 84 : 86}'/${network.coinType}'/0'`,
  node: (network: Network): string => `m/9735'/${network.coinType}'/0'/0`,
  channel: (network: Network, channelIndex: number): string => `m/9735'/${network.coinType}'/1'/${channelIndex}'`,
  backup: (network: Network): string => `m/9735'/${network.coinType}'/2'`,
} as const;

/** 32-byte secrets of one channel (BOLT 3, "Key Derivation"): they depend on the seed and the channel's index alone. */
export interface ChannelKeys {
  readonly fundingSecret: Uint8Array;
  readonly revocationBasepointSecret: Uint8Array;
  readonly paymentBasepointSecret: Uint8Array;
  readonly delayedPaymentBasepointSecret: Uint8Array;
  readonly htlcBasepointSecret: Uint8Array;
  /** Grows the per-commitment secrets, so it stands on a hardened branch: nothing else leads to it. */
  readonly commitmentSeed: Uint8Array;
}

const MAX_CHANNEL_INDEX = 0x7fff_ffff;

/** `channelIndex`: 0 to 2^31 - 1, never used for two channels. */
export function channelKeys(master: HdNode, network: Network, channelIndex: number): ChannelKeys {
  if (!Number.isInteger(channelIndex) || channelIndex < 0 || channelIndex > MAX_CHANNEL_INDEX) {
    throw new RangeError(`channel index ${channelIndex}`);
  }
  const channel = master.derive(derivationPaths.channel(network, channelIndex));
  const secret = (path: string): Uint8Array => channel.derive(path).privateKey;
  return {
    fundingSecret: secret('0'),
    revocationBasepointSecret: secret('1'),
    paymentBasepointSecret: secret('2'),
    delayedPaymentBasepointSecret: secret('3'),
    htlcBasepointSecret: secret('4'),
    commitmentSeed: secret("5'"),
  };
}

/** Overwrites the secrets; they are unusable afterwards. */
export const wipeChannelKeys = (keys: ChannelKeys): void =>
  Object.values(keys).forEach((secret: Uint8Array) => secret.fill(0));

/** 32-byte secret of the node's identity. */
export const nodeSecret = (master: HdNode, network: Network): Uint8Array =>
  master.derive(derivationPaths.node(network)).privateKey;

/** 32-byte key that seals backups. */
export const backupKey = (master: HdNode, network: Network): Uint8Array =>
  master.derive(derivationPaths.backup(network)).privateKey;

/** The on-chain wallet's keys: scripts to watch, and secrets to sign with. */
export interface WalletKeys {
  readonly scriptOf: (path: ScriptPath) => Uint8Array;
  /** A fresh copy of the 32-byte secret, before any Taproot tweak: the caller zeroes it after use. */
  readonly secretOf: (path: ScriptPath) => Uint8Array;
  /** Extended public key of an account, version bytes `xpub`. */
  readonly extendedPublicKey: (kind: AccountKind) => string;
}

const BRANCH_NUMBER: Readonly<Record<Branch, number>> = { receive: 0, change: 1 };
const SCRIPT_OF: Readonly<Record<AccountKind, (publicKey: Uint8Array) => Uint8Array>> = { p2wpkh, p2tr: p2trKeyPath };

export function walletKeys(master: HdNode, network: Network): WalletKeys {
  const accountOf = (kind: AccountKind) => {
    const account = master.derive(derivationPaths.account(network, kind));
    // One derivation step an address instead of two.
    const branches = {
      receive: account.derive(`${BRANCH_NUMBER.receive}`),
      change: account.derive(`${BRANCH_NUMBER.change}`),
    };
    return { account, branches };
  };
  const accounts = { p2wpkh: accountOf('p2wpkh'), p2tr: accountOf('p2tr') };
  const nodeOf = ({ kind, branch, index }: ScriptPath): HdNode => accounts[kind].branches[branch].derive(`${index}`);
  return {
    scriptOf: (path) => SCRIPT_OF[path.kind](nodeOf(path).publicKey),
    secretOf: (path) => nodeOf(path).privateKey,
    extendedPublicKey: (kind) => accounts[kind].account.extendedPublicKey(),
  };
}
