import { sha256 } from '@noble/hashes/sha2.js';
import type { Message, MessageOf } from '../../core/wire/messages.ts';
import { type SecondCommitment, type SecondHtlc, type SecondTerms, hex, pointOfSecret, secondCommitment, signatureFits } from './second-transactions.ts';

export type Party = 'alice' | 'bob';
const other = (party: Party): Party => (party === 'alice' ? 'bob' : 'alice');

type Update = MessageOf<'update_add_htlc' | 'update_fulfill_htlc' | 'update_fail_htlc' | 'update_fail_malformed_htlc' | 'update_fee'> & { readonly by: Party };

interface Held {
  readonly by: Party;
  readonly id: bigint;
  readonly amountMsat: bigint;
  readonly paymentHash: Uint8Array;
  readonly cltvExpiry: number;
}

/** One side's commitment, as the messages that arrived make it. */
class Book {
  readonly msat: Record<Party, bigint>;
  feeratePerKw: number;
  readonly htlcs = new Map<string, Held>();
  number = 0n;
  point: Uint8Array;
  nextPoint: Uint8Array | undefined;
  last: SecondCommitment | undefined;

  constructor(msat: Record<Party, bigint>, feeratePerKw: number, point: Uint8Array) {
    this.msat = { ...msat };
    this.feeratePerKw = feeratePerKw;
    this.point = point;
  }

  apply(update: Update): void {
    const { by } = update;
    if (update.name === 'update_fee') {
      check(by === 'alice', 'the opener alone changes fees');
      this.feeratePerKw = update.feeratePerKw;
      return;
    }
    if (update.name === 'update_add_htlc') {
      const { id, amountMsat, paymentHash, cltvExpiry } = update;
      check(!this.htlcs.has(`${by}${id}`), `HTLC ${id} of ${by} is new`);
      this.htlcs.set(`${by}${id}`, { by, id, amountMsat, paymentHash, cltvExpiry });
      this.msat[by] -= amountMsat;
      check(this.msat[by] >= 0n, `${by} can pay for HTLC ${id}`);
      return;
    }
    const key = `${other(by)}${update.id}`;
    const htlc = this.htlcs.get(key);
    if (!htlc) throw new Error(`second calculator: HTLC ${key} is not in the commitment`);
    this.htlcs.delete(key);
    if (update.name === 'update_fulfill_htlc') {
      check(hex(sha256(update.paymentPreimage)) === hex(htlc.paymentHash), `the preimage of ${key} fits`);
      this.msat[by] += htlc.amountMsat;
    } else this.msat[htlc.by] += htlc.amountMsat;
  }
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`second calculator: not true that ${what}`);
}

/** Updates of one side on their way through the commitments. */
interface Lane {
  /** Arrived, not signed. */
  unsigned: Update[];
  /** Signed for the other's commitment; that one's revocation has not come back. */
  signed: Update[];
  /** A commitment_signed of this side is not answered yet. */
  awaiting: boolean;
  /** Acknowledged: part of this side's own commitment when the other signs next. */
  acknowledged: Update[];
}

const terms = (message: MessageOf<'open_channel'> | MessageOf<'accept_channel'>): SecondTerms & { readonly reserveSat: bigint } => ({
  dustLimitSat: message.dustLimitSatoshis, toSelfDelay: message.toSelfDelay, funding: message.fundingPubkey, revocation: message.revocationBasepoint,
  payment: message.paymentBasepoint, delayed: message.delayedPaymentBasepoint, htlc: message.htlcBasepoint, reserveSat: message.channelReserveSatoshis,
}); // prettier-ignore

/** The secret at `index` that follows from the one at a later index; undefined when it does not follow. */
function secretBelow(secret: Uint8Array, from: bigint, index: bigint): Uint8Array | undefined {
  let bits = 0;
  while (bits < 48 && ((from >> BigInt(bits)) & 1n) === 0n) bits++;
  if (from >> BigInt(bits) !== index >> BigInt(bits)) return undefined;
  let value = secret;
  for (let bit = bits - 1; bit >= 0; bit--) {
    if (((index >> BigInt(bit)) & 1n) === 0n) continue;
    const flipped = Uint8Array.from(value);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    value = sha256(flipped);
  }
  return value;
}

const LAST_INDEX = (1n << 48n) - 1n;
const DUST_CAP_MSAT = 50_000_000n;

/**
 * Follows both commitments of a channel from the messages that arrived, in their order, and checks each
 * commitment_signed: amounts add up to the capacity, nobody is in debt, trimmed value stays under its cap, and the
 * signatures fit transactions that were built by other code than the channel's own. Alice opened.
 */
export class SecondCalculator {
  readonly terms: Record<Party, SecondTerms & { readonly reserveSat: bigint }>;
  readonly books: Record<Party, Book>;
  readonly lanes: Record<Party, Lane> = {
    alice: { unsigned: [], signed: [], awaiting: false, acknowledged: [] },
    bob: { unsigned: [], signed: [], awaiting: false, acknowledged: [] },
  };
  readonly secrets: Record<Party, Map<bigint, Uint8Array>> = { alice: new Map(), bob: new Map() };
  readonly open: MessageOf<'open_channel'>;
  readonly created: MessageOf<'funding_created'>;
  readonly anchors: boolean;
  /** Bob's HTLCs that have not arrived; for each fee change that has not arrived either, those that it crosses. */
  readonly #offersOnTheirWay = new Set<bigint>();
  readonly #feesOnTheirWay: Set<bigint>[] = [];
  /** Bob's HTLCs that crossed a fee change: neither side could know that they would be trimmed. */
  readonly #offeredUnknowing = new Set<bigint>();
  /** Commitments that were checked. */
  checked = 0;

  constructor(open: MessageOf<'open_channel'>, accept: MessageOf<'accept_channel'>, created: MessageOf<'funding_created'>, signed: MessageOf<'funding_signed'>) {
    this.open = open;
    this.created = created;
    this.anchors = hex(open.tlvs!.channelType!) === '401000';
    this.terms = { alice: terms(open), bob: terms(accept) };
    const msat = { alice: open.fundingSatoshis * 1000n - open.pushMsat, bob: open.pushMsat as bigint };
    this.books = {
      alice: new Book(msat, open.feeratePerKw, open.firstPerCommitmentPoint),
      bob: new Book(msat, open.feeratePerKw, accept.firstPerCommitmentPoint),
    };
    this.#verify('alice', signed.signature, []);
    this.#verify('bob', created.signature, []);
  }

  /** A message of `by` is on its way. */
  sent(by: Party, message: Message): void {
    if (message.name === 'update_fee') this.#feesOnTheirWay.push(new Set(by === 'alice' ? this.#offersOnTheirWay : []));
    if (message.name !== 'update_add_htlc' || by !== 'bob') return;
    this.#offersOnTheirWay.add(message.id);
    this.#offeredUnknowing.delete(message.id);
    for (const crossing of this.#feesOnTheirWay) crossing.add(message.id);
  }

  /** A message of `from` arrived at the other side. */
  arrived(from: Party, message: Message): void {
    const to = other(from);
    if (message.name === 'update_fee') for (const id of this.#feesOnTheirWay.shift() ?? []) this.#offeredUnknowing.add(id);
    if (message.name === 'update_add_htlc' && from === 'bob') this.#offersOnTheirWay.delete(message.id);
    switch (message.name) {
      case 'channel_ready':
        this.books[from].nextPoint ??= message.secondPerCommitmentPoint;
        return;
      case 'update_add_htlc':
      case 'update_fulfill_htlc':
      case 'update_fail_htlc':
      case 'update_fail_malformed_htlc':
      case 'update_fee':
        this.lanes[from].unsigned.push({ ...message, by: from });
        return;
      case 'commitment_signed':
        return this.#commit(to, message);
      case 'revoke_and_ack':
        return this.#revoke(from, message);
      default:
    }
  }

  /** The connection broke: what arrived unsigned never happened. */
  disconnected(): void {
    for (const lane of Object.values(this.lanes)) lane.unsigned = [];
    this.#feesOnTheirWay.length = 0;
    this.#offersOnTheirWay.clear();
  }

  #commit(owner: Party, message: MessageOf<'commitment_signed'>): void {
    const book = this.books[owner];
    const theirs = this.lanes[other(owner)];
    const ours = this.lanes[owner];
    check(book.nextPoint !== undefined, `${owner} announced its next point`);
    check(!theirs.awaiting, `the other side does not sign twice for ${owner} before it hears of the revocation`);
    check(theirs.unsigned.length + ours.acknowledged.length > 0, 'a commitment_signed holds a change');
    for (const update of [...ours.acknowledged, ...theirs.unsigned]) book.apply(update);
    ours.acknowledged = [];
    theirs.signed = theirs.unsigned;
    theirs.awaiting = true;
    theirs.unsigned = [];
    book.number += 1n;
    book.point = book.nextPoint;
    book.nextPoint = undefined;
    this.#verify(owner, message.signature, message.htlcSignatures);
  }

  #revoke(owner: Party, message: MessageOf<'revoke_and_ack'>): void {
    const book = this.books[owner];
    const lane = this.lanes[other(owner)];
    const revoked = book.number - 1n;
    const known = this.secrets[owner];
    check(!known.has(revoked), `commitment ${revoked} of ${owner} is revoked once`);
    check(hex(pointOfSecret(message.perCommitmentSecret)) === this.#pointOf(owner, revoked), 'the secret belongs to the revoked point');
    for (const [number, secret] of known) {
      const follows = secretBelow(message.perCommitmentSecret, LAST_INDEX - revoked, LAST_INDEX - number);
      check(follows === undefined || hex(follows) === hex(secret), `all secrets of ${owner} come from one tree`);
    }
    known.set(revoked, message.perCommitmentSecret);
    lane.acknowledged.push(...lane.signed);
    lane.signed = [];
    lane.awaiting = false;
    book.nextPoint = message.nextPerCommitmentPoint;
  }

  readonly #points: Record<Party, Map<bigint, string>> = { alice: new Map(), bob: new Map() };
  #pointOf(owner: Party, number: bigint): string | undefined {
    return this.#points[owner].get(number);
  }

  #verify(owner: Party, signature: Uint8Array, htlcSignatures: readonly Uint8Array[]): void {
    const book = this.books[owner];
    const peer = other(owner);
    this.#points[owner].set(book.number, hex(book.point));
    const htlcs: SecondHtlc[] = [...book.htlcs.values()].map(({ by, ...htlc }) => ({ ...htlc, byOwner: by === owner }));
    const commitment = secondCommitment({
      anchors: this.anchors, capacitySat: this.open.fundingSatoshis, fundingTxid: this.created.fundingTxid, fundingOutputIndex: this.created.fundingOutputIndex,
      owner: this.terms[owner], other: this.terms[peer], ownerIsOpener: owner === 'alice', number: book.number, point: book.point,
      feeratePerKw: book.feeratePerKw, ownerMsat: book.msat[owner], otherMsat: book.msat[peer], htlcs,
    }); // prettier-ignore
    book.last = commitment;
    this.checked++;
    this.#checkAmounts(owner, book, commitment);
    check(signatureFits(signature, commitment.sighash, this.terms[peer].funding), `commitment ${book.number} of ${owner} is signed as computed here`);
    check(htlcSignatures.length === commitment.htlcSighashes.length, 'there is one signature for every HTLC output');
    for (const [i, { hash, key }] of commitment.htlcSighashes.entries()) check(signatureFits(htlcSignatures[i]!, hash, key), `HTLC signature ${i} fits`);
  }

  /** I-10 to the millisatoshi, I-11 and I-12. */
  #checkAmounts(owner: Party, book: Book, commitment: SecondCommitment): void {
    const capacityMsat = this.open.fundingSatoshis * 1000n;
    const inHtlcs = [...book.htlcs.values()].reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
    check(book.msat.alice >= 0n && book.msat.bob >= 0n, 'no balance is below zero');
    check(book.msat.alice + book.msat.bob + inHtlcs === capacityMsat, 'balances and HTLCs add up to the capacity');

    const paidSat = commitment.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n);
    const feeSat = this.open.fundingSatoshis - paidSat;
    const has = (kind: string): boolean => commitment.outputs.some((output) => output.kind === kind);
    const anchorsSat = this.anchors ? 660n : 0n;
    const available = book.msat.alice / 1000n;
    const cost = commitment.baseFeeSat + anchorsSat;
    const openerKind = owner === 'alice' ? 'to_local' : 'to_remote';
    const accepterKind = owner === 'alice' ? 'to_remote' : 'to_local';
    const openerLeft = available > cost ? available - cost : 0n;
    const lost =
      (has(openerKind) ? 0n : openerLeft) + (has(accepterKind) ? 0n : book.msat.bob / 1000n) +
      (this.anchors ? (has('local_anchor') ? 0n : 330n) + (has('remote_anchor') ? 0n : 330n) : 0n); // prettier-ignore
    const trimmedMsat = commitment.trimmed.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
    const fractions = (book.msat.alice % 1000n) + (book.msat.bob % 1000n) + [...book.htlcs.values()].filter((htlc) => !commitment.trimmed.some((gone) => gone.byOwner === (htlc.by === owner) && gone.id === htlc.id)).reduce((sum, { amountMsat }) => sum + (amountMsat % 1000n), 0n);
    const base = available >= cost ? commitment.baseFeeSat : available - anchorsSat;
    check(feeSat * 1000n === base * 1000n + lost * 1000n + trimmedMsat + fractions, `fee ${feeSat} of commitment ${book.number} of ${owner} is accounted for`);

    const exposure = (by: Party): bigint => {
      const known = commitment.trimmed.filter((htlc) => htlc.byOwner === (by === owner) && !(by === 'bob' && this.#offeredUnknowing.has(htlc.id)));
      return known.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);
    };
    // Each side keeps its own offers under the cap; two sides that offer at the same moment may add up to twice of it.
    check(exposure('alice') <= DUST_CAP_MSAT && exposure('bob') <= DUST_CAP_MSAT, 'what one side offered and was trimmed is under the cap');
  }
}
