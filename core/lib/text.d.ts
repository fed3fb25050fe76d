/**
 * UTF-8, the one thing the pure folders use that every runtime has but the ECMAScript types lack (WHATWG Encoding).
 * Only `core/tsconfig.json` includes this file: the other projects know these names from Node or the DOM.
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label?: 'utf-8', options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean });
  /** Throws a TypeError on malformed input when made with `fatal`, else puts U+FFFD in its place. */
  decode(bytes?: Uint8Array): string;
}
