import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;
const COLOURS = 256;
/** Buckets of 5, 6 and 5 bits: nobody sees the difference within one. */
const BUCKETS = 65_536;
const bucketOf = (r: number, g: number, b: number): number => ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3);

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel. */
  readonly rgb: Uint8Array;
}

/** PNG, "Filter type 4: Paeth". */
function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}

/** Undoes the filter of each row in place; a row begins with one byte that names it. */
function unfilter(raw: Uint8Array, rowBytes: number, pixelBytes: number): void {
  for (let start = 0; start < raw.length; start += rowBytes + 1) {
    const filter = raw[start];
    for (let at = start + 1; at <= start + rowBytes; at++) {
      const isFirst = at - start <= pixelBytes;
      const left = isFirst ? 0 : (raw[at - pixelBytes] ?? 0);
      const up = start === 0 ? 0 : (raw[at - rowBytes - 1] ?? 0);
      const corner = isFirst || start === 0 ? 0 : (raw[at - rowBytes - 1 - pixelBytes] ?? 0);
      const add = filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
      raw[at] = (raw[at] ?? 0) + add;
    }
  }
}

/** A screenshot: 8 bits a channel, with or without an opaque fourth one. */
function decode(png: Buffer): Picture {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const pixelBytes = png[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts));
  unfilter(raw, width * pixelBytes, pixelBytes);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = y * (width * pixelBytes + 1) + 1; x < width; x++, from += pixelBytes, to += 3) rgb.set(raw.subarray(from, from + 3), to);
  }
  return { width, height, rgb };
}

/** The colours that are there most, each one exactly as it is somewhere, and for every bucket the nearest of them. */
function paletteOf(rgb: Uint8Array): { readonly palette: Uint8Array; readonly nearest: Uint8Array } {
  const exact = new Map<number, number>();
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);
    exact.set(colour, (exact.get(colour) ?? 0) + 1);
  }
  const buckets = new Map<number, { count: number; most: number; colour: number }>();
  for (const [colour, count] of exact) {
    const key = bucketOf(colour >> 16, (colour >> 8) & 255, colour & 255);
    const bucket = buckets.get(key);
    if (!bucket) buckets.set(key, { count, most: count, colour });
    else {
      bucket.count += count;
      if (count > bucket.most) Object.assign(bucket, { most: count, colour });
    }
  }
  const kept = [...buckets.values()].sort((a, b) => b.count - a.count).slice(0, COLOURS);
  const palette = Uint8Array.from(kept.flatMap(({ colour }) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const nearest = new Uint8Array(BUCKETS);
  for (const [key, { colour }] of buckets) {
    let best = Infinity;
    for (let index = 0; index < kept.length; index++) {
      const distance = [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 255) - (((kept[index]?.colour ?? 0) >> shift) & 255)) ** 2, 0);
      if (distance < best) [best, nearest[key]] = [distance, index];
    }
  }
  return { palette, nearest };
}

function chunk(type: string, body: Uint8Array): Buffer {
  const head = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), body, Buffer.alloc(4)]);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(crc32(head.subarray(4, head.length - 4)), head.length - 4);
  return head;
}

/** The same screenshot with at most 256 colours: half the bytes or less, and no difference to the eye. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, rgb } = decode(png);
  const { palette, nearest } = paletteOf(rgb);
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, to = y * (width + 1) + 1; x < width; x++, to++, from += 3) rows[to] = nearest[bucketOf(rgb[from] ?? 0, rgb[from + 1] ?? 0, rgb[from + 2] ?? 0)] ?? 0;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // 8 bits, palette
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), chunk('IHDR', header), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', new Uint8Array(0))]);
}
