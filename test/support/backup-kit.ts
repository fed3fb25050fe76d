import { networks } from '../../core/bitcoin/network.ts';
import { type StaticChannel, staticPartOf } from '../../core/channel/static-backup.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { publicKey } from '../../core/crypto/secp256k1.ts';
import { utf8 } from '../../core/lib/bytes.ts';
import type { Backup, BackupContext } from '../../core/store/backup-file.ts';
import { type ChannelPair, reachNormal } from './channel-pair.ts';
import { seededRandom } from './mutate.ts';

export const CONTEXT: BackupContext = { backupKey: sha256(utf8('the words of a wallet')), chainHash: networks.regtest.chainHash };
export const OTHER_WORDS: BackupContext = { ...CONTEXT, backupKey: sha256(utf8('other words')) };

export const fixedRandom = (seed = 1): ((length: number) => Uint8Array) => {
  const random = seededRandom(seed);
  return (length) => random.bytes(length);
};

/** A backup as a wallet with channels of both types makes it. */
export function backupOf(pairs: readonly ChannelPair[] = [reachNormal(), reachNormal({ channelType: 'static_remotekey' })]): Backup {
  const channels = pairs.flatMap(({ alice, bob }): StaticChannel[] => [staticPartOf(alice), { ...staticPartOf(bob), shutdownScript: bob.walletScript, fundingHeight: undefined, shortChannelId: undefined }]);
  return {
    madeAtMs: 1_800_000_000_000, nodeId: publicKey(sha256(utf8('node'))), birthdayHeight: 400, nextChannelNumber: 7,
    addressCounts: { p2wpkhReceive: 3, p2wpkhChange: 1, p2trReceive: 0, p2trChange: 5 },
    peers: [{ nodeId: publicKey(sha256(utf8('bob node'))), host: 'node.example', port: 9735 }, { nodeId: publicKey(sha256(utf8('other'))), host: '2001:db8::1', port: 1 }], channels,
  }; // prettier-ignore
}
