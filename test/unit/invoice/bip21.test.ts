import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../../../core/lib/bytes.ts';
import { sat } from '../../../core/lib/units.ts';
import { formatBitcoinUri, parseBitcoinUri } from '../../../core/invoice/bip21.ts';
import { FUZZ_COUNT, fuzz, mutate } from '../../support/mutate.ts';

const ADDRESS = '175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W';
const parsed = (text: string) => {
  const uri = parseBitcoinUri(text);
  if (!uri.ok) throw new Error(JSON.stringify(uri.error));
  return uri.value;
};
const faultOf = (text: string) => {
  const uri = parseBitcoinUri(text);
  return uri.ok ? undefined : uri.error;
};
const none = {
  address: undefined,
  amountSat: undefined,
  label: undefined,
  message: undefined,
  lightning: undefined,
  lno: undefined,
};

describe('bitcoin: URI', () => {
  test('reads the examples of BIP 21', () => {
    expect(parsed(`bitcoin:${ADDRESS}`)).toEqual({ ...none, address: ADDRESS });
    expect(parsed(`bitcoin:${ADDRESS}?label=Luke-Jr`)).toEqual({ ...none, address: ADDRESS, label: 'Luke-Jr' });
    expect(parsed(`bitcoin:${ADDRESS}?amount=20.3&label=Luke-Jr`)).toMatchObject({ amountSat: 2_030_000_000n });
    expect(parsed(`bitcoin:${ADDRESS}?amount=50&label=Luke-Jr&message=Donation%20for%20project%20xyz`)).toMatchObject({
      amountSat: 5_000_000_000n,
      message: 'Donation for project xyz',
    });
    expect(faultOf(`bitcoin:${ADDRESS}?req-somethingyoudontunderstand=50&req-somethingelseyoudontget=999`)).toEqual({
      code: 'unknown_required_parameter',
      name: 'somethingyoudontunderstand',
    });
    expect(parsed(`bitcoin:${ADDRESS}?somethingyoudontunderstand=50&somethingelseyoudontget=999`)).toEqual({
      ...none,
      address: ADDRESS,
    });
  });

  test('finds the invoice, also without an address and in capitals', () => {
    expect(parsed('bitcoin:?lightning=lnbc1abc')).toEqual({ ...none, lightning: 'lnbc1abc' });
    expect(parsed('BITCOIN:BC1QABC?AMOUNT=0.001&LIGHTNING=LNBC1ABC&LNO=LNO1ABC')).toEqual({
      ...none,
      address: 'BC1QABC',
      amountSat: 100_000n,
      lightning: 'LNBC1ABC',
      lno: 'LNO1ABC',
    });
    expect(parsed('bitcoin:?req-lightning=lnbc1abc').lightning).toBe('lnbc1abc');
  });

  test('reads amounts to the satoshi and refuses the rest', () => {
    const amountOf = (amount: string) => parseBitcoinUri(`bitcoin:${ADDRESS}?amount=${amount}`);
    for (const [amount, expected] of [
      ['0.00000001', 1n],
      ['1', 100_000_000n],
      ['1.', 100_000_000n],
      ['.5', 50_000_000n],
      ['21000000', 2_100_000_000_000_000n],
    ] as const) {
      expect(amountOf(amount)).toMatchObject({ ok: true, value: { amountSat: expected } });
    }
    for (const amount of ['', '.', '-1', '+1', '1e3', '1,5', '0.000000001', '21000001', '0x10', '1%20', '%'])
      expect([amount, amountOf(amount).ok]).toEqual([amount, false]);
  });

  test('refuses what is no such URI', () => {
    expect(faultOf('lightning:lnbc1')).toEqual({ code: 'not_a_bitcoin_uri' });
    expect(faultOf('bitcoin:')).toEqual({ code: 'nothing_to_pay' });
    expect(faultOf('bitcoin:?lightning=')).toEqual({ code: 'nothing_to_pay' });
    expect(faultOf('bitcoin:a/b')).toEqual({ code: 'malformed', what: 'address' });
    expect(faultOf(`bitcoin:${ADDRESS}?label=%ff`)).toEqual({ code: 'malformed', what: 'parameter' });
    expect(faultOf(`bitcoin:${ADDRESS}?amount=1&AMOUNT=2`)).toEqual({ code: 'duplicate_parameter', name: 'amount' });
    expect(faultOf(`bitcoin:${'a'.repeat(17_000)}`)).toEqual({ code: 'malformed', what: 'length' });
  });

  test('is read back as it was written', () => {
    const uri = {
      address: ADDRESS,
      amountSat: sat(2_030_000_001n),
      label: 'a & b = c?',
      message: 'ナンセンス #1',
      lightning: 'lnbc1abc',
      lno: undefined,
    };
    expect(formatBitcoinUri(uri)).toMatch(/^bitcoin:175t[^?]*\?amount=20\.30000001&label=a%20%26/u);
    expect(parsed(formatBitcoinUri(uri))).toEqual(uri);
    expect(formatBitcoinUri({ address: 'x', amountSat: sat(100_000_000n) })).toBe('bitcoin:x?amount=1');
    expect(formatBitcoinUri({ lightning: 'lnbc1' })).toBe('bitcoin:?lightning=lnbc1');
    expect(() => formatBitcoinUri({ label: '\ud800' })).not.toThrow();
  });

  test('survives hostile texts', () => {
    const valid = utf8(
      formatBitcoinUri({
        address: ADDRESS,
        amountSat: sat(123_456_789n),
        label: 'a & b',
        message: 'é',
        lightning: 'lnbc1abc',
      }),
    );
    expect(
      fuzz({
        name: 'parseBitcoinUri',
        input: (random) => fromUtf8(mutate(valid, random)),
        run: (text) => void parseBitcoinUri(text),
      }),
    ).toBe(FUZZ_COUNT);
  });
});
