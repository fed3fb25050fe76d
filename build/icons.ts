/// <reference lib="dom" />
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { chromiumPath } from './electron-stand-in/chromium-path.ts';

const ASSETS = fileURLToPath(new URL('../assets', import.meta.url));
export const ICON_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;

/** Windows: a list of pictures, PNG inside. At most 256 pixels wide, which is written as 0. */
export function icoOf(pictures: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const chosen = [...pictures].filter(([size]) => size <= 256);
  const head = Buffer.alloc(6 + 16 * chosen.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(chosen.length, 4);
  let offset = head.length;
  for (const [at, [size, png]] of chosen.entries()) {
    const row = 6 + 16 * at;
    head.writeUInt8(size % 256, row);
    head.writeUInt8(size % 256, row + 1);
    head.writeUInt16LE(1, row + 4);
    head.writeUInt16LE(32, row + 6);
    head.writeUInt32LE(png.length, row + 8);
    head.writeUInt32LE(offset, row + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...chosen.map(([, png]) => png)]);
}

/** macOS: type, length, PNG; the types that take PNG, by size. */
const ICNS_TYPES: readonly (readonly [string, number])[] = [['icp4', 16], ['icp5', 32], ['icp6', 64], ['ic07', 128], ['ic08', 256], ['ic09', 512], ['ic10', 1024]]; // prettier-ignore

export function icnsOf(pictures: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Uint8Array => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(8 + body.length, 4);
    return Buffer.concat([head, body]);
  };
  const chunks = ICNS_TYPES.flatMap(([type, size]) => {
    const png = pictures.get(size);
    return png ? [chunk(type, png)] : [];
  });
  return chunk('icns', Buffer.concat(chunks));
}

/** Draws the program's mark in every size that the systems want. */
async function draw(): Promise<ReadonlyMap<number, Uint8Array>> {
  const svg = `data:image/svg+xml;base64,${readFileSync(join(ASSETS, 'app-icon.svg')).toString('base64')}`;
  const browser = await chromium.launch({ executablePath: chromiumPath(), chromiumSandbox: process.getuid?.() !== 0 });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 1 });
    const pictures = new Map<number, Uint8Array>();
    for (const size of ICON_SIZES) {
      await page.setViewportSize({ width: size, height: size });
      await page.setContent(`<style>*{margin:0}img{display:block;width:100vw;height:100vh}</style><img src="${svg}">`);
      await page.locator('img').evaluate((image) => (image as HTMLImageElement).decode());
      pictures.set(size, await page.screenshot({ omitBackground: true }));
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

if (import.meta.main) {
  const folder = join(ASSETS, 'icons');
  mkdirSync(folder, { recursive: true });
  const pictures = await draw();
  for (const [size, png] of pictures) writeFileSync(join(folder, `${size}x${size}.png`), png);
  writeFileSync(join(folder, 'icon.ico'), icoOf(pictures));
  writeFileSync(join(folder, 'icon.icns'), icnsOf(pictures));
  console.log(`${pictures.size} sizes, icon.ico and icon.icns: ${folder}`);
}
