/**
 * Structured-clone semantics over text, since Chromium's debugging bindings carry strings only. Used in this process and, sent as
 * source text, in the page: it may refer to nothing outside itself.
 */
export function cloneCodec(): { readonly enc: (value: unknown) => string; readonly dec: (text: string) => unknown } {
  const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
  const write = (value: unknown): unknown => {
    if (value === undefined) return { $: 'undefined' };
    if (typeof value === 'bigint') return { $: 'bigint', v: String(value) };
    if (typeof value === 'number' && !Number.isFinite(value)) return { $: 'number', v: String(value) };
    if (value === null || typeof value !== 'object') return value;
    const kind = kindOf(value);
    if (kind === 'Date') return { $: 'date', v: Number(value) };
    if (value instanceof Error) return { $: 'error', v: [value.name, value.message] };
    if (value instanceof Map) return { $: 'map', v: [...value].map(write) };
    if (value instanceof Set) return { $: 'set', v: [...value].map(write) };
    if (ArrayBuffer.isView(value)) return { $: 'bytes', v: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
    if (Array.isArray(value)) return value.map(write);
    return { $: 'object', v: Object.entries(value).map(([name, field]) => [name, write(field)]) };
  };
  const read = (value: unknown): unknown => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(read);
    const { $, v } = value as { $: string; v: never };
    switch ($) {
      case 'undefined':
        return undefined;
      case 'bigint':
        return BigInt(v);
      case 'number':
        return Number(v);
      case 'date':
        return new Date(v);
      case 'error':
        return Object.assign(new Error(v[1]), { name: v[0] });
      case 'map':
        return new Map((v as unknown[]).map(read) as [unknown, unknown][]);
      case 'set':
        return new Set((v as unknown[]).map(read));
      case 'bytes':
        return new Uint8Array(v);
      default: {
        // An own `__proto__` stays one, as in a real clone.
        const made = {};
        for (const [name, field] of v as [string, unknown][]) {
          Object.defineProperty(made, name, { value: read(field), enumerable: true, writable: true, configurable: true });
        }
        return made;
      }
    }
  };
  const enc = (value: unknown): string => {
    let copy: unknown;
    try {
      copy = structuredClone(value);
    } catch {
      throw new Error('An object could not be cloned.'); // Electron's own words
    }
    return JSON.stringify(write(copy));
  };
  return { enc, dec: (text) => read(JSON.parse(text)) };
}
