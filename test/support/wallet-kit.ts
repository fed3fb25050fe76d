import { networks } from '../../core/bitcoin/network.ts';
import { p2wpkhScriptCode } from '../../core/bitcoin/script.ts';
import { SIGHASH_ALL, sighashV0 } from '../../core/bitcoin/sighash.ts';
import type { SpentOutput } from '../../core/bitcoin/signer.ts';
import { fromDer } from '../../core/bitcoin/der.ts';
import type { Tx } from '../../core/bitcoin/transaction.ts';
import { masterNode } from '../../core/crypto/hd.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { verify } from '../../core/crypto/secp256k1.ts';
import { toHex, utf8 } from '../../core/lib/bytes.ts';
import { sat } from '../../core/lib/units.ts';
import type { AccountKind, ScriptPath } from '../../core/wallet/accounts.ts';
import { walletKeys } from '../../core/wallet/keys.ts';
import type { Coin } from '../../core/wallet/ledger.ts';

export const testKeys = walletKeys(masterNode(new Uint8Array(64).fill(5)), networks.regtest);

const scripts = new Map<string, Uint8Array>();
/** Derived once a test file. */
export function scriptAt(path: ScriptPath): Uint8Array {
  const key = `${path.kind} ${path.branch} ${path.index}`;
  const script = scripts.get(key) ?? testKeys.scriptOf(path);
  scripts.set(key, script);
  return script;
}

/** A confirmed coin; the number makes its outpoint, and the tenth address at most its script. */
export function coinOf(n: number, amountSat: bigint, kind: AccountKind = 'p2wpkh', more: Partial<Coin> = {}): Coin {
  const path: ScriptPath = { kind, branch: 'receive', index: n % 10 };
  return {
    txid: toHex(sha256(utf8(`coin ${n}`))), vout: n % 3, amountSat: sat(amountSat), script: scriptAt(path), path, height: 100,
    isCoinbase: false, isTrusted: true, ...more,
  }; // prettier-ignore
}

export const entropyOf = (n: number): Uint8Array => sha256(utf8(`entropy ${n}`));

/** Checks a P2WPKH witness with our own BIP 143 hash and curve. */
export function p2wpkhSigned(tx: Tx, inputIndex: number, spent: SpentOutput): boolean {
  const [der, key] = tx.inputs[inputIndex]!.witness;
  const parsed = fromDer(der!);
  const hash = sighashV0(tx, inputIndex, p2wpkhScriptCode(key!), spent.amountSat, SIGHASH_ALL);
  return parsed !== undefined && parsed.sighashType === SIGHASH_ALL && verify(parsed.signature, hash, key!);
}
