/** A value or an expected failure; `throw` is kept for our own bugs. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error });

/** Closes an exhaustive switch: does not type-check while a case is missing. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${String(value)}`);
};

/** Narrows what our own code guarantees to be there; failing is a bug of ours, never bad input. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`bug: ${what} is missing`);
  return value;
}
