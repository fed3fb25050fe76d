/** What a test tells our node's process to do at one message, and what that tells back. */

export interface TapOrder {
  readonly direction: 'in' | 'out';
  /** before: the message is lost with all after it; after: it has gone out, or its handling has begun. */
  readonly when: 'before' | 'after';
  /** Name of the message in the BOLTs. */
  readonly message: string;
  /** The how many-th of these from now on. */
  readonly occurrence: number;
  /** kill: the process is gone; cut: the connection; hold: nothing passes any more, until `release` cuts; lose: one of ours alone never arrives. */
  readonly action: 'kill' | 'cut' | 'hold' | 'lose';
}

/**
 * Ends a hold (the connection is cut), moves the process's wall clock from now on, or withholds received HTLCs: they stay
 * in their channel unanswered, as those of a payee that takes its time, until `withhold` is false.
 */
export type ChildOrder = TapOrder | { readonly release: true } | { readonly clockShiftMs: number } | { readonly withhold: boolean };

export type TapReport =
  | { readonly kind: 'message'; readonly direction: 'in' | 'out'; readonly name: string }
  | { readonly kind: 'reached' }
  | { readonly kind: 'understood' };
