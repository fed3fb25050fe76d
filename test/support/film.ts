import { qrRows } from '../../renderer/components/qr-rows.ts';

const WIDTH = 640;
const HEIGHT = 480;
const [DARK, LIGHT, NO_COLOUR] = [16, 235, 128];

/** A film in YUV4MPEG2 that a made-up camera shows over and over: a QR code on a white sheet, or the sheet alone. */
export function filmOf(text?: string): Uint8Array {
  const luma = new Uint8Array(WIDTH * HEIGHT).fill(LIGHT);
  if (text !== undefined) {
    const rows = qrRows(text);
    const size = Math.floor(HEIGHT / rows.length);
    const left = Math.floor((WIDTH - size * rows.length) / 2);
    const top = Math.floor((HEIGHT - size * rows.length) / 2);
    rows.forEach((row, y) => row.forEach((isDark, x) => {
      if (!isDark) return;
      for (let line = 0; line < size; line++) luma.fill(DARK, (top + y * size + line) * WIDTH + left + x * size, (top + y * size + line) * WIDTH + left + (x + 1) * size);
    })); // prettier-ignore
  }
  const colour = new Uint8Array((WIDTH * HEIGHT) / 2).fill(NO_COLOUR);
  const ascii = new TextEncoder();
  const frame = [ascii.encode('FRAME\n'), luma, colour];
  const parts = [ascii.encode(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F20:1 Ip A1:1 C420jpeg\n`), ...frame, ...frame];
  const film = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    film.set(part, at);
    at += part.length;
  }
  return film;
}
