/** A wallet in this process that remembers every commitment it ever had, as a cheater would. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tx } from '../../core/bitcoin/transaction.ts';
import type { ChannelKeys } from '../../core/channel/keys.ts';
import { commitmentParams, signedLocalCommitment } from '../../core/channel/sign.ts';
import { pointAt } from '../../core/channel/keys.ts';
import { VIEW, specOf } from '../../core/channel/spec.ts';
import type { FundedChannel } from '../../core/channel/types.ts';
import { sign } from '../../core/crypto/secp256k1.ts';
import { createApp } from '../../core/index.ts';
import type { App } from '../../core/node/app.ts';
import { Channels } from '../../core/node/channels.ts';
import { silentLogger } from '../../core/node/log.ts';
import { KDF_FLOOR } from '../../core/store/vault.ts';
import { type Commitment, buildCommitment, signedHtlcTx } from '../../core/tx/commitment.ts';
import { derivePrivateKey } from '../../core/tx/keys.ts';
import { freePort } from './guarded-process.ts';

/** One commitment of the cheater's, ready to be published although it is revoked. */
export interface OldState {
  readonly number: number;
  readonly channel: FundedChannel;
  readonly commitment: Commitment;
  readonly tx: Tx;
}

export interface Cheater {
  readonly app: App;
  readonly address: () => Promise<string>;
  /** Numbers of the commitments so far. */
  readonly count: () => number;
  readonly state: (number: number) => OldState;
  /** The HTLC-success transactions of a state whose preimages are given, by hash. They pay no fee with anchors. */
  readonly successes: (state: OldState, preimageOf: (hash: Uint8Array) => Promise<Uint8Array | undefined>) => Promise<readonly Tx[]>;
  readonly stop: () => Promise<void>;
}

/** One channel is remembered, the only one that it has. */
export async function startCheater(chain: string): Promise<Cheater> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sferic-cheater-'));
  const states = new Map<number, FundedChannel>();
  let keys: ChannelKeys | undefined;
  const { command } = Channels.prototype;
  Channels.prototype.command = function (this: Channels, turn, channelNumber, given) {
    command.call(this, turn, channelNumber, given);
    const channel = this.get(channelNumber);
    if (!channel) return;
    keys ??= this.keysOf(channelNumber);
    states.set(channel.commitments.localNumber, channel);
  };
  const port = await freePort();
  const app = await createApp({ network: 'regtest', dataDir, chain: [chain], listen: { host: '127.0.0.1', port }, log: silentLogger, kdf: KDF_FLOOR });
  await app.call('vault.create', { password: 'a cheap password', words: 12, passphrase: '' });
  const state = (number: number): OldState => {
    const channel = states.get(number);
    if (!channel || !keys) throw new Error(`no commitment ${number}`);
    return { number, channel, ...signedLocalCommitment(channel, keys) };
  };
  return {
    app,
    address: async () => `${(await app.call('node.info', {})).nodeId}@127.0.0.1:${port}`,
    count: () => states.size,
    state,
    successes: async ({ channel, number }, preimageOf) => {
      const point = pointAt(keys!, number);
      const spec = specOf(channel.commitments, VIEW.localCurrent, channel.config.isOpener);
      const { htlcs } = buildCommitment(commitmentParams(channel, 'local', { number, point, spec }));
      const secret = derivePrivateKey(keys!.htlcBasepointSecret, point);
      const found: Tx[] = [];
      for (const [index, htlc] of htlcs.entries()) {
        const preimage = htlc.htlc.direction === 'received' ? await preimageOf(htlc.htlc.paymentHash) : undefined;
        if (preimage) found.push(signedHtlcTx(htlc, channel.config.channelType, sign(htlc.localSighash, secret), channel.commitments.localHtlcSignatures[index]!, preimage));
      }
      return found;
    },
    stop: async () => {
      Channels.prototype.command = command;
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
