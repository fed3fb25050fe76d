/**
 * The part of the package `bip39` that is used, as `core/tsconfig.json` sees it: the package's own types pull Node's
 * into every file of the pure folders. Entropy goes in as hex, since the package takes only that or a Node Buffer.
 */
export declare function mnemonicToSeedSync(mnemonic: string, passphrase?: string): Uint8Array;
export declare function entropyToMnemonic(entropyHex: string, wordlist?: string[]): string;
export declare function mnemonicToEntropy(mnemonic: string, wordlist?: string[]): string;
export declare function validateMnemonic(mnemonic: string, wordlist?: string[]): boolean;
export declare const wordlists: { readonly [language: string]: string[] };
