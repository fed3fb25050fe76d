import { pbkdf2Sync } from 'node:crypto';
import { p2tr } from '@scure/btc-signer';
import { describe, expect, test } from 'vitest';
import { scriptToAddress } from '../../../core/bitcoin/address.ts';
import { networks } from '../../../core/bitcoin/network.ts';
import { p2trKeyPath } from '../../../core/bitcoin/taproot.ts';
import { masterNode, mnemonicFault, mnemonicOf, normalizeMnemonic, seedOf } from '../../../core/crypto/hd.ts';
import { publicKey } from '../../../core/crypto/secp256k1.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import type { AccountKind, Branch } from '../../../core/wallet/accounts.ts';
import { backupKey, channelKeys, nodeSecret, walletKeys, wipeChannelKeys } from '../../../core/wallet/keys.ts';
import bip32 from '../../vectors/bip32.json' with { type: 'json' };
import bip39 from '../../vectors/bip39.json' with { type: 'json' };
import bip84 from '../../vectors/bip84.json' with { type: 'json' };
import bip86 from '../../vectors/bip86.json' with { type: 'json' };

const master = masterNode(seedOf(bip84.mnemonic, ''));

describe('BIP 39', () => {
  test.each(bip39.vectors)('$entropy', ({ entropy, mnemonic, seed }) => {
    expect(mnemonicOf(fromHex(entropy))).toBe(mnemonic);
    expect(mnemonicFault(mnemonic)).toBeUndefined();
    expect(toHex(seedOf(mnemonic, bip39.passphrase))).toBe(seed);
    expect(pbkdf2Sync(mnemonic, `mnemonic${bip39.passphrase}`, 2048, 64, 'sha512').toString('hex')).toBe(seed);
  });

  const good = bip84.mnemonic;
  test.each([
    ['a word too few', good.replace(' about', ''), { code: 'word_count', actual: 11 }],
    ['15 words', `${good} zoo zoo zoo`, { code: 'word_count', actual: 15 }],
    ['an empty text', '', { code: 'word_count', actual: 1 }],
    [
      'a word outside the list',
      good.replace(' about', ' abuot'),
      { code: 'unknown_word', position: 12, word: 'abuot' },
    ],
    ['upper case', good.replace('abandon', 'Abandon'), { code: 'unknown_word', position: 1, word: 'Abandon' }],
    [
      'a name of Object.prototype',
      good.replace(' about', ' constructor'),
      { code: 'unknown_word', position: 12, word: 'constructor' },
    ],
    ['a wrong checksum', good.replace(' about', ' abandon'), { code: 'checksum' }],
    [
      'swapped words',
      'winner legal thank year wave sausage worth useful legal winner thank yellow',
      { code: 'checksum' },
    ],
  ])('refuses %s', (_, mnemonic, fault) => {
    expect(mnemonicFault(mnemonic)).toEqual(fault);
  });

  test('normalizes case and spaces', () => {
    expect(normalizeMnemonic(`  ${good.toUpperCase().replaceAll(' ', '\t \n')} `)).toBe(good);
  });
});

describe('BIP 32', () => {
  const chains = bip32.vectors.flatMap(({ seed, chains }) => chains.map((chain) => ({ seed, ...chain })));
  test.each(chains)('$path of $seed', ({ seed, path, xpub }) => {
    const node = masterNode(fromHex(seed));
    expect((path === 'm' ? node : node.derive(path)).extendedPublicKey()).toBe(xpub);
  });
});

describe('accounts', () => {
  const cases = [
    ...bip84.addresses.map((one) => ({ ...one, kind: 'p2wpkh' as AccountKind })),
    ...bip86.addresses.map((one) => ({ ...one, kind: 'p2tr' as AccountKind })),
  ];
  test.each(cases)('$kind $branch $index is $address', ({ kind, branch, index, address }) => {
    const script = walletKeys(master, networks.mainnet).scriptOf({ kind, branch: branch as Branch, index });
    expect(scriptToAddress(script, networks.mainnet)).toBe(address);
  });

  test('BIP 86 account key', () => {
    expect(walletKeys(master, networks.mainnet).extendedPublicKey('p2tr')).toBe(bip86.accountXpub);
  });

  test('the Taproot output key is the one of btc-signer', () => {
    for (let i = 1; i < 20; i++) {
      const point = publicKey(new Uint8Array(32).fill(i));
      expect(p2trKeyPath(point)).toEqual(new Uint8Array(p2tr(point.slice(1)).script));
    }
  });

  test('zeroing a secret leaves the keys as they are', () => {
    const keys = walletKeys(master, networks.regtest);
    const path = { kind: 'p2wpkh', branch: 'receive', index: 3 } as const;
    const before = toHex(keys.secretOf(path));
    keys.secretOf(path).fill(0);
    expect(toHex(keys.secretOf(path))).toBe(before);
  });
});

describe('Lightning keys', () => {
  const at = (path: string): string => toHex(master.derive(path).privateKey);

  test('stand on the paths of the design', () => {
    expect(toHex(nodeSecret(master, networks.mainnet))).toBe(at("m/9735'/0'/0'/0"));
    expect(toHex(nodeSecret(master, networks.regtest))).toBe(at("m/9735'/1'/0'/0"));
    expect(toHex(backupKey(master, networks.signet))).toBe(at("m/9735'/1'/2'"));
    const keys = channelKeys(master, networks.mainnet, 7);
    expect(Object.values(keys).map((secret: Uint8Array) => toHex(secret))).toEqual(
      ['0', '1', '2', '3', '4', "5'"].map((last) => at(`m/9735'/0'/1'/7'/${last}`)),
    );
  });

  test('of two channels have nothing in common, and those of one channel are all different', () => {
    const secrets = [0, 1, 2 ** 31 - 1].flatMap((index) =>
      Object.values(channelKeys(master, networks.regtest, index)).map((secret: Uint8Array) => toHex(secret)),
    );
    expect(new Set(secrets).size).toBe(18);
  });

  test.each([-1, 0.5, 2 ** 31])('refuse channel index %s', (index) => {
    expect(() => channelKeys(master, networks.regtest, index)).toThrow(RangeError);
  });

  test('can be wiped', () => {
    const keys = channelKeys(master, networks.regtest, 0);
    wipeChannelKeys(keys);
    for (const secret of Object.values(keys)) expect(secret).toEqual(new Uint8Array(32));
    expect(channelKeys(master, networks.regtest, 0).fundingSecret).not.toEqual(new Uint8Array(32));
  });
});
