import { base64 } from '@scure/base';

/** With padding, on one line (RFC 4648, section 4). */
export const toBase64 = (bytes: Uint8Array): string => base64.encode(bytes);

/** Line breaks and spaces, which mail and editors put in, are passed over; undefined for anything else that is not base64. */
export function tryFromBase64(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text.replaceAll(/\s+/gu, ''));
  } catch {
    return undefined;
  }
}
