import { z } from 'zod';

export const digits = z.string().regex(/^(0|[1-9]\d{0,19})$/, 'digits');
export const signedDigits = z.string().regex(/^-?(0|[1-9]\d{0,19})$/, 'digits');
export const amount = z.codec(digits, z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() });
export const signedAmount = z.codec(signedDigits, z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() });
export const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);
export const text = (max: number) => z.string().max(max);
export const name = z.enum;
export const count = z.int().min(0);
export const timeMs = z.int();
export const page = { limit: z.int().min(1).max(1000).default(100), before: text(100).optional() };

export const password = z.string().min(8, 'at least 8 characters').max(1024);
export const feerate = z.number().min(1).max(1000);
export const channelId = hex(32);
export const nodeId = hex(33);
export const paymentHash = hex(32);

export const network = name(['mainnet', 'testnet', 'signet', 'regtest']);
export const outPoint = z.strictObject({ txid: hex(32), vout: count });
export const empty = z.strictObject({});

export const method = <P extends z.ZodType, R extends z.ZodType>(summary: string, params: P, result: R) => ({ summary, params, result }) as const;
