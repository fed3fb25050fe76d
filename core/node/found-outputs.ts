import { outPointKey } from '../bitcoin/transaction.ts';
import type { ScriptHistory } from '../chain/port.ts';
import type { ChannelKeys } from '../channel/keys.ts';
import { outputsPaying, paymentScript } from '../channel/onchain/scripts.ts';
import { toRemoteClaim } from '../channel/onchain/their-commitment.ts';
import { publicKey } from '../crypto/secp256k1.ts';
import { toHex } from '../lib/bytes.ts';
import { must } from '../lib/result.ts';
import type { Store } from '../store/port.ts';
import type { DesiredClaim } from '../tx/desired-claim.ts';
import type { ChannelType } from '../tx/weights.ts';
import type { NodeLog } from './ports.ts';
import type { Sweeps } from './sweeps.ts';
import type { Turn } from './turns.ts';

export interface FoundOutputsOptions {
  readonly keysOf: (channelNumber: number) => ChannelKeys;
  readonly isKnown: (channelNumber: number) => boolean;
  /** Asks the chain for all that ever happened to a script. */
  readonly watch: (script: Uint8Array) => void;
  /** A wallet script that nobody was given before. */
  readonly freshScript: (turn: Turn) => Uint8Array;
  readonly sweeps: Sweeps;
  readonly log: NodeLog;
}

interface Place {
  readonly channelNumber: number;
  readonly channelType: ChannelType;
  claims: readonly DesiredClaim[];
}

const SCRIPT_KEY = 'foundOutputsScript';
const CHANNEL_TYPES: readonly ChannelType[] = ['anchors', 'static_remotekey'];
/** Numbers that are looked at past the last one with something found: a wallet that was made here counts its channels from 0. */
const GAP = 30;

/**
 * Of a wallet that was made from words, and of which no backup file tells anything: what commitments of peers have paid to
 * its first channels. The seed and the number give the script and the key, so nothing else is needed to take it.
 */
export class FoundOutputs {
  readonly #options: FoundOutputsOptions;
  readonly #places = new Map<string, Place>();
  readonly #outPoints = new Set<string>();
  #watched = 0;
  #destination: Uint8Array | undefined;

  constructor(options: FoundOutputsOptions) {
    this.#options = options;
  }

  async load(store: Store): Promise<void> {
    this.#destination = await store.get('meta', SCRIPT_KEY);
  }

  start(): void {
    this.#watchBelow(GAP);
  }

  /** Whether `txid:vout` is one of them. */
  has(key: string): boolean {
    return this.#outPoints.has(key);
  }

  #watchBelow(end: number): void {
    for (; this.#watched < end; this.#watched++) {
      const key = publicKey(this.#options.keysOf(this.#watched).paymentBasepointSecret);
      for (const channelType of CHANNEL_TYPES) {
        const script = paymentScript(channelType, key);
        this.#places.set(toHex(script), { channelNumber: this.#watched, channelType, claims: [] });
        this.#options.watch(script);
      }
    }
  }

  history(turn: Turn, history: ScriptHistory): void {
    const place = this.#places.get(toHex(history.script));
    const { isKnown, sweeps } = this.#options;
    // A channel that a file brought back meanwhile takes what is its own.
    if (!place || isKnown(place.channelNumber)) return;
    const claims = this.#claimsOf(turn, place, history);
    if (claims.length === 0 && place.claims.length === 0) return;
    place.claims = claims;
    const ofNumber = [...this.#places.values()].filter(({ channelNumber }) => channelNumber === place.channelNumber);
    sweeps.wantClaims(turn, place.channelNumber, ofNumber.flatMap((one) => one.claims));
  }

  /** What a block holds and no other block takes. */
  #claimsOf(turn: Turn, { channelNumber, channelType }: Place, { script, entries }: ScriptHistory): readonly DesiredClaim[] {
    const taken = new Set(entries.flatMap(({ tx, height }) => (height === undefined ? [] : tx.inputs.map(outPointKey))));
    return entries.flatMap(({ txid, tx, height }) => outputsPaying(tx, script).flatMap((vout) => {
      const outPoint = { txid, vout };
      const key = outPointKey(outPoint);
      if (!this.#outPoints.has(key)) this.#options.log.info('an output of a lost channel was found', { channelNumber, txid });
      this.#outPoints.add(key);
      this.#watchBelow(channelNumber + 1 + GAP);
      if (height === undefined || taken.has(key)) return [];
      const paid = { channelNumber, channelType, outPoint, amountSat: must(tx.outputs[vout], 'the output').amountSat, height, destinationScript: this.#destinationOf(turn) };
      return [toRemoteClaim(paid, this.#options.keysOf(channelNumber).paymentBasepointSecret)];
    })); // prettier-ignore
  }

  /** The same for all of them and after every start, so that repeated transactions are the same. */
  #destinationOf(turn: Turn): Uint8Array {
    if (this.#destination) return this.#destination;
    this.#destination = this.#options.freshScript(turn);
    turn.write('meta', SCRIPT_KEY, this.#destination);
    return this.#destination;
  }
}
