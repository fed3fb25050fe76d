import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/chain/mainnet-headers.json' with { type: 'json' };
import { txidFromBytes } from '../../../core/bitcoin/transaction.ts';
import { chainParams, type ChainParams } from '../../../core/chain/chain-params.ts';
import {
  bitsOfTarget, HEADER_BYTES, headerHash, meetsTarget, parseHeader, retargetBits, targetOfBits, workOfTarget,
} from '../../../core/chain/header.ts'; // prettier-ignore
import { HeaderChain } from '../../../core/chain/headers.ts';
import { concat, fromHex, toHex } from '../../../core/lib/bytes.ts';
import { must } from '../../../core/lib/result.ts';
import { extend, lastOf, mineHeader, REGTEST_BITS, REGTEST_GENESIS } from './mini-chain.ts';

const NOW = 2_000_000_000;
const headerAt = (height: number): Uint8Array => fromHex(must(vectors.headers.find((h) => h.height === height), 'vector').hex);
const regtest = (): HeaderChain => {
  const chain = new HeaderChain(chainParams.regtest);
  expect(chain.accept(0, REGTEST_GENESIS, NOW).ok).toBe(true);
  return chain;
};

describe('real mainnet headers', () => {
  it.each(vectors.headers)('$height hashes to its id and has its work', ({ hex, hash }) => {
    const bytes = fromHex(hex);
    const wire = headerHash(bytes);
    expect(txidFromBytes(wire)).toBe(hash);
    expect(meetsTarget(wire, must(targetOfBits(parseHeader(bytes).bits), 'target'))).toBe(true);
  });

  it.each([[554400, 556415, 556416], [556416, 558431, 558432]])('the period %i to %i sets the target of %i', (first, last, next) => {
    const lastHeader = parseHeader(headerAt(last));
    const period = { firstTimeSeconds: parseHeader(headerAt(first)).timeSeconds, lastTimeSeconds: lastHeader.timeSeconds, lastBits: lastHeader.bits };
    expect(retargetBits(period, 0x1d00ffff).toString(16)).toBe(parseHeader(headerAt(next)).bits.toString(16));
  }); // prettier-ignore

  it('follow from a checkpoint below them, and nothing else does', () => {
    const at = (bits: number | undefined, pin?: string): HeaderChain =>
      new HeaderChain({
        ...chainParams.mainnet,
        checkpoint: {
          height: 556416, bits, previousHash: headerHash(headerAt(556415)),
          pinned: new Map(pin === undefined ? [] : [[556416, fromHex(pin)]]),
        },
      }); // prettier-ignore
    expect(at(0x173218a5).accept(556416, headerAt(556416), NOW).ok).toBe(true);
    expect(at(undefined).accept(556416, headerAt(556416), NOW).ok).toBe(true);
    expect(at(0x173218a6).accept(556416, headerAt(556416), NOW)).toMatchObject({ error: { code: 'wrong_bits' } });
    expect(at(undefined, '11'.repeat(32)).accept(556416, headerAt(556416), NOW)).toMatchObject({ error: { code: 'checkpoint' } });
    expect(at(undefined).accept(556416, headerAt(558432), NOW)).toMatchObject({ error: { code: 'checkpoint' } });
  });
});

describe('targets', () => {
  it('compact form refuses negative, zero and too large, and round-trips', () => {
    for (const bits of [0, 0x01000000, 0x04800001, 0x2100ffff + 0x01000000, 0xff123456]) expect(targetOfBits(bits)).toBeUndefined();
    for (const bits of [0x1d00ffff, 0x207fffff, 0x1e0377ae, 0x170240c3, 0x1b0404cb]) expect(bitsOfTarget(must(targetOfBits(bits), 'target'))).toBe(bits);
  });

  it('a retarget moves by four at most and never over the limit', () => {
    const period = (seconds: number) => ({ firstTimeSeconds: 1_000_000, lastTimeSeconds: 1_000_000 + seconds, lastBits: 0x1b0404cb });
    const target = must(targetOfBits(0x1b0404cb), 'target');
    expect(retargetBits(period(1), 0x1d00ffff)).toBe(bitsOfTarget(target / 4n));
    expect(retargetBits(period(-50), 0x1d00ffff)).toBe(bitsOfTarget(target / 4n));
    expect(retargetBits(period(1e9), 0x1d00ffff)).toBe(bitsOfTarget(target * 4n));
    expect(retargetBits({ ...period(1e9), lastBits: 0x1d00ffff }, 0x1d00ffff)).toBe(0x1d00ffff);
  });
});

describe('the header chain', () => {
  it('starts with the genesis block only', () => {
    const chain = new HeaderChain(chainParams.regtest);
    const other = mineHeader({ previousHash: new Uint8Array(32), timeSeconds: 1_300_000_000 });
    expect(chain.accept(0, other, NOW)).toMatchObject({ error: { code: 'checkpoint', height: 0 } });
    expect(chain.tip).toBeUndefined();
    expect(regtest().tip).toEqual({ height: 0, hash: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206', timeSeconds: 1296688602 });
  });

  it('grows, and knows what it is told again', () => {
    const chain = regtest();
    const headers = extend(REGTEST_GENESIS, 30);
    expect(chain.accept(1, headers, NOW)).toEqual({ ok: true, value: { isBest: true, forkHeight: 0, undone: 0 } });
    expect(chain.accept(0, concat(REGTEST_GENESIS, headers), NOW)).toEqual({ ok: true, value: { isBest: false, forkHeight: 30, undone: 0 } });
    expect(chain.tipHeight).toBe(30);
    expect(chain.work).toBe(31n * workOfTarget(must(targetOfBits(REGTEST_BITS), 'target')));
    expect(chain.header(7)?.timeSeconds).toBe(1296688602 + 7 * 600);
    expect(chain.medianTimeSeconds(30)).toBe(1296688602 + 25 * 600);
  });

  it('follows the branch with the most work, in one piece or in pieces, and only when it has more', () => {
    const chain = regtest();
    const first = extend(REGTEST_GENESIS, 10);
    chain.accept(1, first, NOW);
    const fork = first.subarray(5 * HEADER_BYTES, 6 * HEADER_BYTES); // height 6
    const branch = extend(fork, 6, 9); // to height 12
    const upTo = (height: number): Uint8Array => branch.subarray(0, (height - 6) * HEADER_BYTES);
    expect(chain.accept(7, upTo(10), NOW)).toEqual({ ok: true, value: { isBest: false, forkHeight: 6, undone: 0 } });
    expect(chain.tip?.hash).toBe(txidFromBytes(headerHash(lastOf(first))));
    expect(chain.accept(7, upTo(12), NOW)).toEqual({ ok: true, value: { isBest: true, forkHeight: 6, undone: 4 } });
    expect(chain.tip?.hash).toBe(txidFromBytes(headerHash(lastOf(branch))));
    expect(chain.work).toBe(13n * 2n);
    expect(chain.accept(7, first.subarray(6 * HEADER_BYTES), NOW)).toMatchObject({ value: { isBest: false } });
  });

  const mutations: readonly (readonly [string, (parent: Uint8Array) => Uint8Array])[] = [
    ['unconnected', () => mineHeader({ previousHash: new Uint8Array(32).fill(7), timeSeconds: 1_400_000_000 })],
    ['no_work', (parent) => mineHeader({ previousHash: headerHash(parent), timeSeconds: 1_400_000_000, withoutWork: true })],
    ['wrong_bits', (parent) => mineHeader({ previousHash: headerHash(parent), timeSeconds: 1_400_000_000, bits: 0x2000ffff })],
    ['time_too_old', (parent) => mineHeader({ previousHash: headerHash(parent), timeSeconds: 1296688602 + 15 * 600 })],
    ['time_too_new', (parent) => mineHeader({ previousHash: headerHash(parent), timeSeconds: NOW + 7201 })],
  ];
  it.each(mutations)('refuses %s and keeps what it has', (code, make) => {
    const chain = regtest();
    const headers = extend(REGTEST_GENESIS, 20);
    chain.accept(1, headers, NOW);
    const before = toHex(chain.toBytes());
    const bad = make(lastOf(headers));
    expect(chain.accept(21, bad, NOW)).toMatchObject({ ok: false, error: { code, height: 21 } });
    // The whole branch is refused, also its good beginning.
    const good = extend(lastOf(headers), 1);
    expect(chain.accept(21, concat(good, make(good)), NOW)).toMatchObject({ ok: false, error: { code, height: 22 } });
    expect(toHex(chain.toBytes())).toBe(before);
  });

  it('refuses a piece that does not touch it, half headers and heights below its start', () => {
    const chain = regtest();
    const headers = extend(REGTEST_GENESIS, 5);
    expect(chain.accept(4, headers.subarray(3 * HEADER_BYTES), NOW)).toMatchObject({ error: { code: 'unconnected', height: 4 } });
    expect(chain.accept(1, headers.subarray(1), NOW)).toMatchObject({ error: { code: 'length' } });
    expect(chain.accept(-1, headers, NOW)).toMatchObject({ error: { code: 'length' } });
  });

  it('survives as bytes; damage costs the rest, never the truth', () => {
    const chain = regtest();
    chain.accept(1, extend(REGTEST_GENESIS, 40), NOW);
    const bytes = chain.toBytes();
    const again = HeaderChain.fromBytes(chainParams.regtest, bytes, NOW);
    expect(again.tip).toEqual(chain.tip);
    expect(again.work).toBe(chain.work);
    const damaged = bytes.slice();
    damaged[4 + 20 * HEADER_BYTES + 10]! ^= 1;
    expect(HeaderChain.fromBytes(chainParams.regtest, damaged, NOW).tipHeight).toBe(-1);
    expect(HeaderChain.fromBytes(chainParams.mainnet, bytes, NOW).tip).toBeUndefined();
    expect(HeaderChain.fromBytes(chainParams.regtest, new Uint8Array(3), NOW).tip).toBeUndefined();
  });

  it('takes older headers that its checkpoint commits to, and no others', () => {
    const headers = concat(REGTEST_GENESIS, extend(REGTEST_GENESIS, 30));
    const params: ChainParams = {
      ...chainParams.regtest,
      checkpoint: { height: 20, bits: REGTEST_BITS, pinned: new Map(), previousHash: headerHash(headers.subarray(19 * HEADER_BYTES, 20 * HEADER_BYTES)) },
    };
    const chain = new HeaderChain(params);
    expect(chain.accept(20, headers.subarray(20 * HEADER_BYTES), NOW).ok).toBe(true);
    const between = (from: number, to: number): Uint8Array => headers.subarray(from * HEADER_BYTES, to * HEADER_BYTES);
    const forged = between(12, 20).slice();
    forged[3 * HEADER_BYTES + 40]! ^= 1;
    expect(chain.prepend(forged)).toBe(false);
    expect(chain.prepend(between(12, 19))).toBe(false);
    expect(chain.prepend(between(12, 20))).toBe(true);
    expect(chain.prepend(between(0, 12))).toBe(true);
    expect(chain.lowestHeight).toBe(0);
    for (const height of [0, 5, 11, 12, 19, 20, 30]) expect(toHex(must(chain.headerBytes(height), 'header'))).toBe(toHex(between(height, height + 1)));
    expect(chain.tipHeight).toBe(30);
  });
});

describe("testnet's easy blocks", () => {
  const EASY = 0x207fffff;
  const HARD = 0x207ffff0;
  const params: ChainParams = {
    ...chainParams.testnet, powLimitBits: EASY,
    checkpoint: { height: 2016 * 5, previousHash: new Uint8Array(32).fill(1), bits: HARD, pinned: new Map() },
  }; // prettier-ignore

  it('may take the limit 20 minutes after their parent, and the next one returns to the hard target', () => {
    const chain = new HeaderChain(params);
    let height = params.checkpoint.height;
    let parent = params.checkpoint.previousHash;
    let timeSeconds = 1_700_000_000;
    const next = (bits: number, later: number): string => {
      const header = mineHeader({ previousHash: parent, timeSeconds: timeSeconds + later, bits });
      const accepted = chain.accept(height, header, NOW);
      if (!accepted.ok) return accepted.error.code;
      [height, parent, timeSeconds] = [height + 1, headerHash(header), timeSeconds + later];
      return 'ok';
    };
    expect([next(HARD, 0), next(EASY, 1200), next(EASY, 1201), next(EASY, 60), next(HARD, 60), next(HARD, 1201)])
      .toEqual(['ok', 'wrong_bits', 'ok', 'wrong_bits', 'ok', 'wrong_bits']); // prettier-ignore
  });
});
