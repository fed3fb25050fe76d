import { p2wpkh, p2wsh } from '../../bitcoin/script.ts';
import type { Tx } from '../../bitcoin/transaction.ts';
import { equal } from '../../lib/bytes.ts';
import { toRemoteAnchorsScript } from '../../tx/scripts.ts';
import type { ChannelConfig } from '../types.ts';

/** What a commitment of the other side pays `whom`: independent of the commitment's number (BOLT 3, "to_remote Output"). */
export function toRemoteScript(config: ChannelConfig, whom: 'us' | 'peer'): Uint8Array {
  const key = (whom === 'us' ? config.local : config.remote).basepoints.paymentBasepoint;
  return config.channelType === 'anchors' ? p2wsh(toRemoteAnchorsScript(key)) : p2wpkh(key);
}

/** Every output that pays a script, by index. */
export const outputsPaying = (tx: Tx, script: Uint8Array): readonly number[] =>
  tx.outputs.flatMap((output, vout) => (equal(output.script, script) ? [vout] : []));
export const pays = (tx: Tx, script: Uint8Array): boolean => outputsPaying(tx, script).length > 0;
export const paysUsAsRemote = (config: ChannelConfig, tx: Tx): boolean => pays(tx, toRemoteScript(config, 'us'));
export const paysPeerAsRemote = (config: ChannelConfig, tx: Tx): boolean => pays(tx, toRemoteScript(config, 'peer'));
