import { createRequire } from 'node:module';
import { fromDer } from '../../../core/bitcoin/der.ts';
import { verify } from '../../../core/crypto/secp256k1.ts';
