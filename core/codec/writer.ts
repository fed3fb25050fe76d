/** Grows by doubling; `finish` gives a copy of exactly what was written. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  // Call it before touching #view: growing replaces the view.
  #reserve(length: number): number {
    const from = this.#at;
    const needed = from + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, from));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#at = needed;
    return from;
  }

  bytes(bytes: Uint8Array): void {
    const from = this.#reserve(bytes.length);
    this.#bytes.set(bytes, from);
  }
  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, ranged(value, 0xff));
  }
  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, ranged(value, 0xffff));
  }
  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, ranged(value, 0xffff_ffff));
  }
  u64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, rangedBig(value));
  }
  u32le(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, ranged(value, 0xffff_ffff), true);
  }
  u64le(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, rangedBig(value), true);
  }
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

function ranged(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`${value} is not an integer from 0 to ${max}`);
  return value;
}

function rangedBig(value: bigint): bigint {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} does not fit in 64 bits`);
  return value;
}
