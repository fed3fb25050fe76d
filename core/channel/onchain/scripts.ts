import { p2wpkh, p2wsh } from '../../bitcoin/script.ts';
import type { Tx } from '../../bitcoin/transaction.ts';
import { equal } from '../../lib/bytes.ts';
import { toRemoteAnchorsScript } from '../../tx/scripts.ts';
import type { ChannelType } from '../../tx/weights.ts';
import type { ChannelConfig } from '../types.ts';

/** What a commitment pays whoever did not publish it (BOLT 3, "to_remote Output"): the payment basepoint alone decides, no number. */
export const paymentScript = (channelType: ChannelType, paymentBasepoint: Uint8Array): Uint8Array =>
  channelType === 'anchors' ? p2wsh(toRemoteAnchorsScript(paymentBasepoint)) : p2wpkh(paymentBasepoint);

export const toRemoteScript = ({ channelType, local, remote }: ChannelConfig, whom: 'us' | 'peer'): Uint8Array =>
  paymentScript(channelType, (whom === 'us' ? local : remote).basepoints.paymentBasepoint);

/** Every output that pays a script, by index. */
export const outputsPaying = (tx: Tx, script: Uint8Array): readonly number[] =>
  tx.outputs.flatMap((output, vout) => (equal(output.script, script) ? [vout] : []));
export const pays = (tx: Tx, script: Uint8Array): boolean => outputsPaying(tx, script).length > 0;
export const paysUsAsRemote = (config: ChannelConfig, tx: Tx): boolean => pays(tx, toRemoteScript(config, 'us'));
export const paysPeerAsRemote = (config: ChannelConfig, tx: Tx): boolean => pays(tx, toRemoteScript(config, 'peer'));
