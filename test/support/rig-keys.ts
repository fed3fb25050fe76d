import { networks } from '../../core/bitcoin/network.ts';
import { type HdNode, masterNode } from '../../core/crypto/hd.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { type WalletKeys, channelKeys, nodeSecret, walletKeys } from '../../core/wallet/keys.ts';
import { useRememberingCurve } from './remembering-curve.ts';

useRememberingCurve();

/** Everybody a rig may hold: two or three honest nodes, and one (M) whose borders an adversary may bend. */
export type NodeName = 'A' | 'B' | 'C' | 'M';
export const NODE_NAMES = ['A', 'B', 'C', 'M'] as const satisfies readonly NodeName[];
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
const forEach = <T>(make: (name: NodeName) => T): Readonly<Record<NodeName, T>> => ({ A: make('A'), B: make('B'), C: make('C'), M: make('M') });
export const masters = forEach((name) => cached(masterNode(sha256(utf8(`seed of ${name}`)))));
const idOf = (side: NodeName): Uint8Array => publicKey(nodeSecret(masters[side], network));
export const NODE_IDS: Readonly<Record<NodeName, Uint8Array>> = forEach(idOf);
export const nameOfNode = (nodeId: Uint8Array): NodeName | undefined => NODE_NAMES.find((side) => toHex(NODE_IDS[side]) === toHex(nodeId));

const keysByChannel = new Map<string, ReturnType<typeof channelKeys>>();
export function keysOf(side: NodeName, channelNumber: number): ReturnType<typeof channelKeys> {
  const known = keysByChannel.get(`${side}${channelNumber}`) ?? channelKeys(masters[side], network, channelNumber);
  keysByChannel.set(`${side}${channelNumber}`, known);
  return known;
}

const keys: Readonly<Record<NodeName, WalletKeys>> = forEach((name) => walletKeys(masters[name], network));
const scripts = new Map<string, Uint8Array>();
/** Scripts of a side's wallet, made once for all runs. */
export const scriptOf = (side: NodeName): WalletKeys['scriptOf'] => (path) => {
  const key = `${side} ${path.kind} ${path.branch} ${path.index}`;
  const known = scripts.get(key) ?? keys[side].scriptOf(path);
  scripts.set(key, known);
  return known;
};
