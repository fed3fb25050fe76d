import { networks } from '../../core/bitcoin/network.ts';
import { type HdNode, masterNode } from '../../core/crypto/hd.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { type WalletKeys, channelKeys, nodeSecret, walletKeys } from '../../core/wallet/keys.ts';
import { useRememberingCurve } from './remembering-curve.ts';

useRememberingCurve();

export type SideName = 'A' | 'B';
export const SIDES = ['A', 'B'] as const;
export const otherSide = (side: SideName): SideName => (side === 'A' ? 'B' : 'A');

const cached = (node: HdNode): HdNode => {
  const children = new Map<string, HdNode>();
  const derive = (path: string): HdNode => {
    const known = children.get(path) ?? cached(node.derive(path));
    children.set(path, known);
    return known;
  };
  return { publicKey: node.publicKey, extendedPublicKey: node.extendedPublicKey, derive, get privateKey() {
    return node.privateKey.slice();
  } }; // prettier-ignore
};

const network = networks.regtest;
export const masters: Readonly<Record<SideName, HdNode>> = { A: cached(masterNode(sha256(utf8('seed of A')))), B: cached(masterNode(sha256(utf8('seed of B')))) };
const idOf = (side: SideName): Uint8Array => publicKey(nodeSecret(masters[side], network));
export const NODE_IDS: Readonly<Record<SideName, Uint8Array>> = { A: idOf('A'), B: idOf('B') };
export const sideOf = (nodeId: Uint8Array): SideName | undefined => SIDES.find((side) => toHex(NODE_IDS[side]) === toHex(nodeId));

const keysByChannel = new Map<string, ReturnType<typeof channelKeys>>();
export function keysOf(side: SideName, channelNumber: number): ReturnType<typeof channelKeys> {
  const known = keysByChannel.get(`${side}${channelNumber}`) ?? channelKeys(masters[side], network, channelNumber);
  keysByChannel.set(`${side}${channelNumber}`, known);
  return known;
}

const keys: Readonly<Record<SideName, WalletKeys>> = { A: walletKeys(masters.A, network), B: walletKeys(masters.B, network) };
const scripts = new Map<string, Uint8Array>();
/** Scripts of a side's wallet, made once for all runs. */
export const scriptOf = (side: SideName): WalletKeys['scriptOf'] => (path) => {
  const key = `${side} ${path.kind} ${path.branch} ${path.index}`;
  const known = scripts.get(key) ?? keys[side].scriptOf(path);
  scripts.set(key, known);
  return known;
};
