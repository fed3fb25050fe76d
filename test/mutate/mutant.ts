/** One deliberate fault, and the test files of which at least one must then fail. */
export interface Mutant {
  /** What the faulty program does. */
  readonly fault: string;
  /** What forbids it: an invariant, a row of the catalogue, a rule of a BOLT. */
  readonly against: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Paths under `test/`, quickest first. */
  readonly tests: readonly string[];
}
