/** A part of a bar: whose it is, and whether it can be used now (solid) or not yet (hatched). */
export interface Part {
  readonly msat: bigint;
  readonly fill: 'local' | 'remote' | 'inflight' | 'onchain' | 'reserve' | 'reserve-remote' | 'onchain-later';
}
