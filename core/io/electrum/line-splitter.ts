const NEWLINE = 0x0a;

/** Cuts a byte stream into lines; keeps at most `maxBytes` of an unfinished one. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that this chunk completes, without their ends; undefined when one is too long: then nothing more can be read. */
  push(chunk: Buffer): Buffer[] | undefined {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      if (this.#length + at - from > this.#maxBytes) return undefined;
      lines.push(Buffer.concat([...this.#parts, chunk.subarray(from, at)]));
      this.#parts = [];
      this.#length = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      this.#parts.push(chunk.subarray(from));
      this.#length += chunk.length - from;
    }
    return this.#length > this.#maxBytes ? undefined : lines;
  }
}
