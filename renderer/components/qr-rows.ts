import { encodeQR } from 'qr';

const QUIET = 4;

/** A QR code with its quiet zone, row by row; true is dark. */
export const qrRows = (text: string): readonly (readonly boolean[])[] => encodeQR(text, 'raw', { ecc: 'low', border: QUIET });
