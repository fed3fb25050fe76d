import type { Answer } from '../api.ts';
import { DIRECTION, HTLC_CHANGE, type JournalEvent, journalEvent } from '../channel/journal.ts';
import { decodeWith } from '../codec/codec.ts';
import { toHex } from '../lib/bytes.ts';
import type { Store } from '../store/port.ts';

type State = Answer<'channel.states'>['states'][number];
type Side = NonNullable<State['ours']>;
type Owner = 'ours' | 'theirs';
interface Row {
  readonly sequence: number;
  readonly timeMs: number;
  readonly event: JournalEvent;
}

type CommitmentEvent = Extract<JournalEvent, { kind: 'local_commitment' | 'remote_commitment_signed' }>;
const KIND = { ours: 'local_commitment', theirs: 'remote_commitment_signed' } as const;

interface Gathering {
  readonly owners: readonly Owner[];
  readonly to: number;
  readonly sides: Record<Owner, Map<number, Side>>;
  readonly revoked: Record<Owner, Map<number, number>>;
}

/** Rows that one look at the journal takes. */
const LOOK = 48;
const READ = 256;
const GATHER = 128;
/** Looks that guess by proportion; then the middle is taken, so that a strange spread costs no more than halving does. */
const GUESSES = 6;
/** Two sides that lie this close are read in one go. */
const NEAR = 256;

const commitmentOf = ({ event }: Row, owner: Owner): CommitmentEvent | undefined => (event.kind === KIND[owner] ? (event as CommitmentEvent) : undefined);

const nameOf = <N extends string>(names: Readonly<Record<N, number>>, value: number): N => (Object.keys(names) as N[]).find((name) => names[name] === value)!;

const sideOf = (event: CommitmentEvent, timeMs: number): Side => ({
  ourMsat: event.ourMsat, theirMsat: event.theirMsat, htlcs: event.htlcCount, feeratePerKw: event.feeratePerKw, signedAtMs: timeMs,
  changes: event.changes.map(({ direction, id, amountMsat, paymentHash, change }) => ({
    direction: nameOf(DIRECTION, direction), id, amountMsat, paymentHash: toHex(paymentHash), change: nameOf(HTLC_CHANGE, change),
  })),
}); // prettier-ignore

/**
 * A channel's states by number, out of its journal. The journal is in order of time and knows no numbers from outside, but the
 * numbers of either side only rise along it: a state is found by a few guesses, however long the journal is.
 */
export class StateHistory {
  readonly #store: Pick<Store, 'journal'>;
  readonly #subject: string;

  constructor(store: Pick<Store, 'journal'>, subject: string) {
    this.#store = store;
    this.#subject = subject;
  }

  async #rows(afterSequence: number, limit: number): Promise<readonly Row[]> {
    const entries = await this.#store.journal({ subject: this.#subject, afterSequence, limit });
    return entries.map(({ sequence, timeMs, event }) => ({ sequence, timeMs, event: decodeWith(journalEvent, event) }));
  }

  async *#walk(afterSequence: number, chunk: number): AsyncGenerator<Row> {
    for (let after = afterSequence; ; ) {
      const rows = await this.#rows(after, chunk);
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < chunk) return;
      after = last.sequence;
    }
  }

  /** The last row of all, to guess from. */
  async #end(): Promise<number> {
    const [last] = await this.#store.journal({ subject: this.#subject, limit: 1, reverse: true });
    return last?.sequence ?? 0;
  }

  /** The sequence before which nothing of this side has `number` or more; undefined when nothing has. `newest` is its highest number. */
  async #locate(owner: Owner, number: number, newest: number): Promise<number | undefined> {
    if (number > newest) return undefined;
    let [low, lowNumber] = [0, 0];
    let [high, highNumber] = [await this.#end(), newest];
    for (let look = 0; high - low > LOOK; look++) {
      const share = look < GUESSES ? (number - lowNumber) / Math.max(1, highNumber - lowNumber) : 0.5;
      // A little short of it, so that the look which begins there reaches it.
      const guess = Math.min(high - 1, Math.max(low, Math.floor(low + (high - low) * share) - (look < GUESSES ? LOOK >> 1 : 0)));
      const found = await this.#firstAfter(owner, guess, number);
      if (found?.number === number) return found.sequence - 1;
      if (found === undefined || found.number > number || found.sequence > high) {
        if (guess === low) return low;
        [high, highNumber] = [guess, found && found.number > number ? found.number : highNumber];
      } else [low, lowNumber] = [found.sequence, found.number];
    }
    return low;
  }

  /** `number` itself where one look from there finds it, else the last of the look, else the first after it. */
  async #firstAfter(owner: Owner, after: number, number: number): Promise<{ readonly sequence: number; readonly number: number } | undefined> {
    const rows = await this.#rows(after, LOOK);
    const found = rows.flatMap((row) => {
      const event = commitmentOf(row, owner);
      return event ? [{ sequence: row.sequence, number: Number(event.number) }] : [];
    });
    const exact = found.find((one) => one.number === number);
    if (exact) return exact;
    if (found[0] && found[0].number > number) return found[0];
    if (found.length > 0 || rows.length < LOOK) return found.at(-1);
    // Nothing but connections coming and going here.
    for await (const row of this.#walk(rows.at(-1)?.sequence ?? after, READ)) {
      const event = commitmentOf(row, owner);
      if (event) return { sequence: row.sequence, number: Number(event.number) };
    }
    return undefined;
  }

  /** States `from` to `to`, both included, in order; what the journal does not have is left out. */
  async page(from: number, to: number, newest: Readonly<Record<Owner, number>>): Promise<readonly State[]> {
    const sides: Record<Owner, Map<number, Side>> = { ours: new Map(), theirs: new Map() };
    const revoked: Record<Owner, Map<number, number>> = { ours: new Map(), theirs: new Map() };
    const [ours, theirs] = [await this.#locate('ours', Math.max(1, from), newest.ours), await this.#locate('theirs', Math.max(1, from), newest.theirs)];
    const groups: readonly (readonly [number, readonly Owner[]])[] =
      ours !== undefined && theirs !== undefined && Math.abs(ours - theirs) <= NEAR ? [[Math.min(ours, theirs), ['ours', 'theirs']]]
      : [...(ours === undefined ? [] : [[ours, ['ours']] as const]), ...(theirs === undefined ? [] : [[theirs, ['theirs']] as const])]; // prettier-ignore
    for (const [start, owners] of groups) await this.#gather(start, { owners, to, sides, revoked });
    if (from === 0) await this.#first(sides);
    const states: State[] = [];
    for (let number = from; number <= to; number++) {
      const [own, their] = (['ours', 'theirs'] as const).map((owner) => {
        const side = sides[owner].get(number);
        const revokedAtMs = revoked[owner].get(number);
        return side && revokedAtMs !== undefined ? { ...side, revokedAtMs } : side;
      });
      if (own ?? their) states.push({ number, ...(own ? { ours: own } : {}), ...(their ? { theirs: their } : {}) });
    }
    return states;
  }

  async #gather(start: number, { owners, to, sides, revoked }: Gathering): Promise<void> {
    const open = new Set(owners);
    for await (const row of this.#walk(start, GATHER)) {
      const { event, timeMs } = row;
      for (const owner of owners) {
        const commitment = commitmentOf(row, owner);
        const number = Number(commitment?.number ?? -1n);
        if (commitment && number <= to) sides[owner].set(number, sideOf(commitment, timeMs));
      }
      // Our own is revoked with the message that answers the next one.
      const ended = event.kind === 'local_commitment' ? Number(event.number) - 1 : event.kind === 'remote_commitment_revoked' ? Number(event.number) : undefined;
      if (ended === undefined) continue;
      const owner = event.kind === 'local_commitment' ? 'ours' : 'theirs';
      revoked[owner].set(ended, timeMs);
      if (ended >= to) open.delete(owner);
      if (open.size === 0) return;
    }
  }

  /** State 0 was signed with the opening; its rate is not in the journal. */
  async #first(sides: Record<Owner, Map<number, Side>>): Promise<void> {
    for (const { event, timeMs } of await this.#rows(0, LOOK)) {
      if (event.kind !== 'opened') continue;
      const ours = event.isOpener === 1 ? event.capacitySat * 1000n - event.pushMsat : event.pushMsat;
      const side: Side = { ourMsat: ours, theirMsat: event.capacitySat * 1000n - ours, htlcs: 0, signedAtMs: timeMs, changes: [] };
      sides.ours.set(0, side);
      sides.theirs.set(0, side);
      return;
    }
  }
}
