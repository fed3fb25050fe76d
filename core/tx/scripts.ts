/** Witness scripts, laid out as BOLT 3 prints them. Keys are 33 bytes; local is the owner of the commitment. */
import { hash160, ripemd160 } from '../crypto/hash.ts';
import { compare } from '../lib/bytes.ts';
import { script } from '../bitcoin/script.ts';
import type { CommitmentKeys } from './keys.ts';
import type { ChannelType } from './weights.ts';

/** 2-of-2 of both funding keys, the lesser first (BOLT 3, "Funding Transaction Output"). */
export function fundingScript(pubkeyA: Uint8Array, pubkeyB: Uint8Array): Uint8Array {
  const [lesser, greater] = compare(pubkeyA, pubkeyB) < 0 ? [pubkeyA, pubkeyB] : [pubkeyB, pubkeyA];
  return script(2, lesser, greater, 2, 'CHECKMULTISIG');
}

/** Also the output of HTLC transactions (BOLT 3, "to_local Output" and "HTLC-Timeout and HTLC-Success Transactions"). */
// prettier-ignore
export const toLocalScript = (
  { revocationPubkey, localDelayedPubkey }: Pick<CommitmentKeys, 'revocationPubkey' | 'localDelayedPubkey'>,
  toSelfDelay: number,
): Uint8Array =>
  script(
    'IF',
        // revoked: the other party at once
        revocationPubkey,
    'ELSE',
        { number: toSelfDelay },
        'CHECKSEQUENCEVERIFY',
        'DROP',
        localDelayedPubkey,
    'ENDIF',
    'CHECKSIG',
  );

/** With `option_anchors`; without it `to_remote` is P2WPKH (BOLT 3, "to_remote Output"). */
export const toRemoteAnchorsScript = (remotePaymentPubkey: Uint8Array): Uint8Array =>
  script(remotePaymentPubkey, 'CHECKSIGVERIFY', 1, 'CHECKSEQUENCEVERIFY');

/** BOLT 3, "to_local_anchor and to_remote_anchor Output". */
// prettier-ignore
export const anchorScript = (fundingPubkey: Uint8Array): Uint8Array =>
  script(
    fundingPubkey, 'CHECKSIG', 'IFDUP',
    'NOTIF',
        16, 'CHECKSEQUENCEVERIFY',
    'ENDIF',
  );

type HtlcKeys = Pick<CommitmentKeys, 'revocationPubkey' | 'localHtlcPubkey' | 'remoteHtlcPubkey'>;

/** Makes the HTLC scripts of one commitment: what all of them share is hashed once. */
export interface HtlcScripts {
  readonly offered: (paymentHash: Uint8Array) => Uint8Array;
  readonly received: (paymentHash: Uint8Array, cltvExpiry: number) => Uint8Array;
}

/** BOLT 3, "Offered HTLC Outputs" and "Received HTLC Outputs". */
// prettier-ignore
export function htlcScripts(keys: HtlcKeys, channelType: ChannelType): HtlcScripts {
  const revocationHash = hash160(keys.revocationPubkey);
  const { localHtlcPubkey, remoteHtlcPubkey } = keys;
  const oneBlockDelay = channelType === 'anchors' ? ([1, 'CHECKSEQUENCEVERIFY', 'DROP'] as const) : [];
  return {
    offered: (paymentHash) =>
      script(
        // remote, by the revocation key
        'DUP', 'HASH160', revocationHash, 'EQUAL',
        'IF',
            'CHECKSIG',
        'ELSE',
            remoteHtlcPubkey, 'SWAP', 'SIZE', { number: 32 }, 'EQUAL',
            'NOTIF',
                // local, by the HTLC-timeout transaction
                'DROP', 2, 'SWAP', localHtlcPubkey, 2, 'CHECKMULTISIG',
            'ELSE',
                // remote, by the preimage
                'HASH160', ripemd160(paymentHash), 'EQUALVERIFY',
                'CHECKSIG',
            'ENDIF',
            ...oneBlockDelay,
        'ENDIF',
      ),
    received: (paymentHash, cltvExpiry) =>
      script(
        // remote, by the revocation key
        'DUP', 'HASH160', revocationHash, 'EQUAL',
        'IF',
            'CHECKSIG',
        'ELSE',
            remoteHtlcPubkey, 'SWAP', 'SIZE', { number: 32 }, 'EQUAL',
            'IF',
                // local, by the HTLC-success transaction
                'HASH160', ripemd160(paymentHash), 'EQUALVERIFY',
                2, 'SWAP', localHtlcPubkey, 2, 'CHECKMULTISIG',
            'ELSE',
                // remote, once expired
                'DROP', { number: cltvExpiry }, 'CHECKLOCKTIMEVERIFY', 'DROP',
                'CHECKSIG',
            'ENDIF',
            ...oneBlockDelay,
        'ENDIF',
      ),
  };
}
