import { outPointKey } from '../bitcoin/transaction.ts';
import { decodeWith, encodeWith } from '../codec/codec.ts';
import { FEERATE_FLOOR_PER_KW, feerateFromSatPerVb } from '../lib/units.ts';
import type { Store } from '../store/port.ts';
import type { DesiredClaim, DesiredCommitment } from '../tx/desired-claim.ts';
import type { WalletKeys } from '../wallet/keys.ts';
import { type SweepState, coinsForSweeps, coinsInFlight, emptySweeps, planSweeps, sweepStateCodec } from '../wallet/sweep.ts';
import type { Onchain } from './onchain.ts';
import type { NodeLog } from './ports.ts';
import type { Turn } from './turns.ts';

export interface SweepsOptions {
  readonly onchain: () => Onchain;
  readonly keys: WalletKeys;
  readonly log: NodeLog;
  readonly onShort: (turn: Turn, missingSat: bigint) => void;
}

const STATE_KEY = 'sweeps';

/** Gathers what the channels want on chain and lets the sweeper decide what is published with every block. */
export class Sweeps {
  readonly #options: SweepsOptions;
  readonly #claims = new Map<number, readonly DesiredClaim[]>();
  readonly #commitments = new Map<number, DesiredCommitment>();
  #state: SweepState = emptySweeps;
  /** Whether the chain has told of all our coins since the start. */
  #coinsAreKnown = false;
  /** Counts the plans that were made. */
  #plans = 0;

  constructor(options: SweepsOptions) {
    this.#options = options;
  }

  async load(store: Store): Promise<void> {
    const record = await store.get('wallet', STATE_KEY);
    if (record) this.#state = decodeWith(sweepStateCodec, record);
  }

  wantClaims(turn: Turn, channelNumber: number, claims: readonly DesiredClaim[]): void {
    // Whoever asks for claims has its commitment in a block.
    this.#commitments.delete(channelNumber);
    const known = this.#claims.get(channelNumber) ?? [];
    if (claims.length === 0 && known.length === 0) return;
    this.#claims.set(channelNumber, claims);
    this.#planLate(turn);
  }

  wantCommitment(turn: Turn, desired: DesiredCommitment): void {
    this.#commitments.set(desired.channelNumber, desired);
    this.#claims.delete(desired.channelNumber);
    this.#planLate(turn);
  }

  /** With every block: fees rise with the deadlines, and what was published is offered again. */
  block(turn: Turn): void {
    if (this.#claims.size > 0 || this.#commitments.size > 0) this.#planLate(turn);
  }

  synced(turn: Turn): void {
    if (this.#coinsAreKnown) return;
    this.#coinsAreKnown = true;
    this.block(turn);
  }

  #planLate(turn: Turn): void {
    turn.writeLate('sweeps', () => {
      try {
        this.#plan(turn);
      } catch (error) {
        // A bug of ours here must not take what else the turn has to store with it; the next block tries again.
        this.#options.log.error('sweeps could not be planned', { reason: error instanceof Error ? (error.stack ?? error.message) : 'unknown' });
      }
    });
  }

  #plan(turn: Turn): void {
    const { keys, log, onShort } = this.#options;
    const onchain = this.#options.onchain();
    const claims = [...this.#claims.values()].flat();
    // Before that a coin which a sweep holds would count as lost: only what needs none goes out.
    const coins = this.#coinsAreKnown ? coinsForSweeps(onchain.ledger, onchain.coinsForFees(), this.#state) : [];
    const { state, packages, shortOfCoins } = planSweeps(this.#state, {
      height: onchain.height, claims, commitments: [...this.#commitments.values()],
      feerateFor: (targetBlocks) => feerateFromSatPerVb(onchain.satPerVb(targetBlocks).satPerVb), minRelayFeeratePerKw: FEERATE_FLOOR_PER_KW,
      coins, keys,
    }); // prettier-ignore
    if (state !== this.#state) {
      this.#state = state;
      turn.write('wallet', STATE_KEY, encodeWith(sweepStateCodec, state));
    }
    if (this.#coinsAreKnown) for (const { missingSat } of shortOfCoins) onShort(turn, missingSat);
    const plan = ++this.#plans;
    turn.after(() => {
      // A commit may hold several plans, and the disk then knows the last of them only; that one has all that is wanted.
      if (plan !== this.#plans) return;
      for (const { txs, reason } of packages) void onchain.publishPackage(reason, txs);
    });
    log.debug('sweeps planned', { claims: claims.length, packages: packages.length });
  }

  /** By `txid:vout`: wallet coins in sweeps that may still confirm. */
  heldCoins(): ReadonlySet<string> {
    return new Set(coinsInFlight(this.#state).map(outPointKey));
  }

  /** For views: what is wanted of one channel. */
  claimsOf(channelNumber: number): readonly DesiredClaim[] {
    return this.#claims.get(channelNumber) ?? [];
  }
}
