import { createRequire } from 'node:module';
import { fromHex } from '../../../core/lib/bytes.ts';

const load = <T>(name: string): T => createRequire(import.meta.url)(`../../vectors/bolt4/${name}.json`) as T;

export const onionVector = load<{
  readonly generate: {
    readonly session_key: string;
    readonly associated_data: string;
    readonly hops: readonly { readonly pubkey: string; readonly payload: string }[];
  };
  readonly onion: string;
  readonly decode: readonly string[];
}>('onion-test');

export const errorVector = load<{
  readonly generate: {
    readonly failure_message: string;
    readonly hops: readonly {
      readonly hop_shared_secret: string;
      readonly ammag_key: string;
      readonly um_key?: string;
      readonly payload?: string;
    }[];
  };
  readonly errorpacket: string;
}>('onion-error-test');

export const attributionVector = load<{
  readonly session_key: string;
  readonly pubkeys: readonly string[];
  readonly hold_times: readonly number[];
  readonly encoded_failure_message: string;
  readonly payload: string;
  readonly um_key: string;
  readonly raw_error_packet: string;
  readonly failure: {
    readonly htlc_msat: number;
    readonly height: number;
    readonly tlv_type: number;
    readonly tlv_length: number;
    readonly tlv_byte: number;
  };
  readonly steps: readonly {
    readonly node: number;
    readonly shared_secret: string;
    readonly ammag_key: string;
    readonly stream: string;
    readonly error_packet: string;
    readonly attribution_data: string;
  }[];
  readonly success: readonly { readonly node: number; readonly attribution_data: string }[];
}>('attribution');

interface BlindedHopVector {
  readonly blinded_node_id: string;
  readonly encrypted_data: string;
}
export const routeBlindingVector = load<{
  readonly generate: {
    readonly hops: readonly (BlindedHopVector & {
      readonly session_key?: string;
      readonly node_id: string;
      readonly encoded_tlvs: string;
      readonly path_privkey: string;
      readonly path_key: string;
      readonly shared_secret: string;
      readonly rho: string;
    })[];
  };
  readonly route: {
    readonly first_node_id: string;
    readonly first_path_key: string;
    readonly hops: readonly BlindedHopVector[];
  };
  readonly unblind: {
    readonly hops: readonly {
      readonly node_privkey: string;
      readonly path_key: string;
      readonly blinded_privkey: string;
      readonly decrypted_data: string;
      readonly next_path_key: string;
      readonly next_path_key_override?: string;
    }[];
  };
}>('route-blinding-test');

export const blindedPaymentVector = load<{
  readonly generate: {
    readonly session_key: string;
    readonly associated_data: string;
    readonly final_amount_msat: number;
    readonly final_cltv: number;
    readonly blinded_payinfo: {
      readonly fee_base_msat: number;
      readonly fee_proportional_millionths: number;
      readonly cltv_expiry_delta: number;
    };
    readonly full_route: {
      readonly hops: readonly { readonly alias: string; readonly pubkey: string; readonly payload: string }[];
    };
    readonly onion: string;
  };
  readonly decrypt: {
    readonly hops: readonly {
      readonly alias: string;
      readonly onion: string;
      readonly node_privkey: string;
      readonly next_path_key?: string;
    }[];
  };
}>('blinded-payment-onion-test');

export const onionMessageVector = load<{
  readonly generate: {
    readonly session_key: string;
    readonly hops: readonly {
      readonly path_key_secret: string;
      readonly encrypted_data_tlv: string;
      readonly blinded_node_id: string;
      readonly E: string;
      readonly encrypted_recipient_data: string;
    }[];
  };
  readonly onionmessage: { readonly unknown_tag_1: string; readonly onion_message_packet: string };
  readonly decrypt: {
    readonly hops: readonly {
      readonly privkey: string;
      readonly onion_message: string;
      readonly next_node_id?: string;
    }[];
  };
}>('blinded-onion-message-onion-test');

/** The payload of a vector, which stands behind its length. */
export function unframed(hex: string): Uint8Array {
  const framed = fromHex(hex);
  return framed.slice(framed[0] === 0xfd ? 3 : 1);
}
