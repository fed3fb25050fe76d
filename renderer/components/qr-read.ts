import { decodeQR } from 'qr/decode.js';

const MAX_SIDE = 1600;

/** The text of a QR code in a picture that somebody chose or dropped, or undefined. */
export async function readQr(file: Blob): Promise<string | undefined> {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
    const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context?.drawImage(picture, 0, 0, width, height);
    const pixels = context?.getImageData(0, 0, width, height);
    return pixels && decodeQR({ width, height, data: pixels.data });
  } catch {
    // No picture, or none with a code in it.
    return undefined;
  }
}
