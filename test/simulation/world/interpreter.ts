import { createRequire } from 'node:module';
import { fromDer } from '../../../core/bitcoin/der.ts';
import { concat } from '../../../core/lib/bytes.ts';
import { nativeProvider } from '../../../core/io/native-curve.ts';
import { scriptVerdict } from '../../unit/tx/interpreter.ts';

const native = nativeProvider();
/** A package of bcoin's own, found from there. */
const CURVE_OF_BCOIN = 'bcrypto/lib/secp256k1';
const bcoin = createRequire(createRequire(import.meta.url).resolve('bcoin/lib/script/script'));
const curve = bcoin(CURVE_OF_BCOIN) as { verifyDER: (hash: Uint8Array, signature: Uint8Array, key: Uint8Array) => boolean };

// bcoin's interpreter does everything but the curve's work: in plain JavaScript a signature takes 3 ms, in libsecp256k1
// 40 µs. So every script of every transaction is run, none is left out as a sample. Where the binding does not load,
// bcoin's own arithmetic stays.
if (native) {
  curve.verifyDER = (hash, signature, key) => {
    const compact = fromDer(concat(signature, Uint8Array.of(1)));
    return compact !== undefined && native.verify(compact.signature, hash, key);
  };
}

export { scriptVerdict };
