/** What an alarm means for the money and what to do, by code. */
export const ALARM_TEXT: Readonly<Record<string, string>> = {
  unknown_funding_spend: 'A channel was spent on chain in a way that this wallet does not know. Nothing was done. Keep the wallet running and ask for help.',
  future_commitment: 'A newer state of a channel than this wallet knows was published: this copy of the data is old. Your wallet is taking what is yours.',
  revoked_commitment: 'The peer published an old, revoked state of a channel. As a penalty your wallet is taking everything in it. Keep the wallet running.',
  short_of_coins: 'A channel must be closed on chain and its fees need coins of this wallet, which are missing. Send some to an address of this wallet at once.',
  funding_mismatch: 'The transaction that should fund a channel does not pay what was agreed. The channel is not used.',
  peer_lost_data: 'The peer of a channel has lost its data. The channel cannot be used any more; your wallet closes it with the newest state as soon as the peer asks.',
  we_lost_data: 'This copy of the wallet is older than what the peer knows. The channel was not published; the peer is asked to close it and your balance comes back.',
  deep_reorg: 'The chain was reorganised deeper than expected. Keep the wallet running.',
  part_vanished: 'A part of a payment ended without an answer. Ask the payee before you pay again.',
  settled_htlc_lost: 'A payment that you accepted was taken back on chain.',
  disk_full: 'The disk is full. Channels are frozen to protect your money. Free some space and start again.',
};
