import { staticChannel, type StaticChannel } from '../channel/static-backup.ts';
import { type Codec, type TypeOf, bytes, decodeWith, encodeWith, list16, mapped, optional, remaining, struct, text16, u16, u32, u64, u8 } from '../codec/codec.ts';
import { DecodeError } from '../codec/reader.ts';
import { openX, sealX } from '../crypto/aead.ts';
import { hkdfKey } from '../crypto/hash.ts';
import { equal, utf8 } from '../lib/bytes.ts';
import { type Result, err, ok } from '../lib/result.ts';
import type { RandomBytes } from './sealing.ts';

const MAGIC = utf8('SFERICB');
export const BACKUP_VERSION = 1;
const SALT = utf8('sferic backup 1');
const TAG_BYTES = 8;

/** In clear, and bound to what is sealed: which network and which wallet it is for can be said without opening it. */
const head = struct({ magic: bytes(MAGIC.length), version: u8, chainHash: bytes(32), walletTag: bytes(TAG_BYTES) });
/** XChaCha20-Poly1305: nonce, then ciphertext with its tag. */
const file = struct({ head, nonce: bytes(24), sealed: remaining });

const moment: Codec<number> = mapped(u64, (value) => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError(`time ${value}`);
  return Number(value);
}, BigInt); // prettier-ignore
const peerAddress = struct({ nodeId: bytes(33), host: text16, port: u16 });
/** Addresses given out, by branch of the wallet. */
const addressCounts = struct({ p2wpkhReceive: u32, p2wpkhChange: u32, p2trReceive: u32, p2trChange: u32 });

const body = struct({
  madeAtMs: moment, nodeId: bytes(33), birthdayHeight: optional(u32), nextChannelNumber: u32, addressCounts, peers: list16(peerAddress),
  channels: list16(staticChannel),
}); // prettier-ignore

/**
 * What a backup file holds: what of every channel never changes, where its peers were, and how far numbers and addresses of the
 * wallet had come. No secret, and no state of a channel: an old file is as good as a new one for the channels that are in it.
 */
export type Backup = Omit<TypeOf<typeof body>, 'channels'> & { readonly channels: readonly StaticChannel[] };

export type BackupFault = 'no_backup' | 'newer_version' | 'other_network' | 'other_wallet' | 'damaged';

export interface BackupContext {
  /** Of the path for backups: 32 bytes that only the seed gives. */
  readonly backupKey: Uint8Array;
  /** Of the genesis block: seeds are shared by test networks. */
  readonly chainHash: Uint8Array;
}

const sealingKey = (backupKey: Uint8Array): Uint8Array => hkdfKey(SALT, backupKey, utf8('file'));
const walletTag = (backupKey: Uint8Array): Uint8Array => hkdfKey(SALT, backupKey, utf8('wallet')).slice(0, TAG_BYTES);

export function sealBackup(backup: Backup, { backupKey, chainHash }: BackupContext, random: RandomBytes): Uint8Array {
  const header = { magic: MAGIC, version: BACKUP_VERSION, chainHash, walletTag: walletTag(backupKey) };
  const nonce = random(24);
  return encodeWith(file, { head: header, nonce, sealed: sealX(sealingKey(backupKey), nonce, encodeWith(body, backup), encodeWith(head, header)) });
}

/** The whole of a file, or why it is not one of this wallet; never throws, whatever the bytes. */
export function openBackup(bytesOfFile: Uint8Array, context: BackupContext): Result<Backup, BackupFault> {
  if (!equal(bytesOfFile.subarray(0, MAGIC.length), MAGIC)) return err('no_backup');
  const version = bytesOfFile[MAGIC.length] ?? 0;
  if (version > BACKUP_VERSION) return err('newer_version');
  if (version < BACKUP_VERSION) return err('no_backup');
  try {
    return openSealed(decodeWith(file, bytesOfFile), context);
  } catch (error) {
    if (error instanceof DecodeError) return err('damaged');
    throw error;
  }
}

function openSealed({ head: header, nonce, sealed }: TypeOf<typeof file>, { backupKey, chainHash }: BackupContext): Result<Backup, BackupFault> {
  if (!equal(header.chainHash, chainHash)) return err('other_network');
  if (!equal(header.walletTag, walletTag(backupKey))) return err('other_wallet');
  const plain = openX(sealingKey(backupKey), nonce, sealed, encodeWith(head, header));
  return plain ? ok(decodeWith(body, plain)) : err('damaged');
}
