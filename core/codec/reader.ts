/** Foreign bytes that do not follow their format. Caught at the border where they came in. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Walks over bytes without copying; every length is checked before anything is allocated. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(length: number): number {
    if (length > this.left) throw new DecodeError(`needs ${length} bytes, ${this.left} left`);
    const from = this.#at;
    this.#at += length;
    return from;
  }

  /** A view into the input: copy it before keeping it longer than the input. */
  bytes(length: number): Uint8Array {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }
  rest(): Uint8Array {
    return this.bytes(this.left);
  }
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }
  u32le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  u64le(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }
  end(): void {
    if (this.left > 0) throw new DecodeError(`${this.left} bytes too many`);
  }
}
