/** What Electrum's commands answer, as far as tests read it. */

export interface ElectrumChannel {
  type: 'CHANNEL' | 'BACKUP';
  channel_point: string;
  short_channel_id: string | null;
  state: string;
  peer_state: string;
  local_balance: number;
  remote_balance: number;
  local_reserve: number;
  remote_reserve: number;
  local_ctn: number;
  remote_ctn: number;
  local_unsettled_sent: number;
  remote_unsettled_sent: number;
  remote_pubkey: string;
}
export interface ElectrumPayment {
  success: boolean;
  preimage: string | null;
  payment_hash: string;
  log: unknown[];
}
export interface ElectrumPeer {
  node_id: string;
  features: string;
  initialized: boolean;
  channels: string[];
}
/** Sat. `unconfirmed` also counts sweeps that Electrum has only planned: assert on `confirmed`. */
export interface ElectrumBalance {
  confirmed: bigint;
  unconfirmed: bigint;
  unmatured: bigint;
  lightning: bigint;
}

export interface ElectrumOptions {
  /** Keys of Electrum's config file, over ours; null leaves one out. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The command and what stands before Electrum's own arguments. */
  readonly program?: readonly string[];
}
