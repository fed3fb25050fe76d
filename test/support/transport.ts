import { publicKey } from '../../core/crypto/secp256k1.ts';
import { type SessionKeys, initiate, respond } from '../../core/transport/handshake.ts';

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
export const DIALLER_KEY = key(0x11);
export const LISTENER_KEY = key(0x21);
export const LISTENER_ID = publicKey(LISTENER_KEY);
export const DIALLER_ID = publicKey(DIALLER_KEY);

/** The keys of both ends of a session, as a handshake between fixed keys gives them. */
export function sessionPair(): { readonly dialler: SessionKeys; readonly listener: SessionKeys } {
  const initiator = initiate({ ourKey: DIALLER_KEY, ephemeralKey: key(0x12) }, LISTENER_ID);
  const responder = respond({ ourKey: LISTENER_KEY, ephemeralKey: key(0x22) }, initiator.actOne);
  if (!responder.ok) throw new Error(responder.error.code);
  const dialler = initiator.receiveActTwo(responder.value.actTwo);
  if (!dialler.ok) throw new Error(dialler.error.code);
  const listener = responder.value.receiveActThree(dialler.value.actThree);
  if (!listener.ok) throw new Error(listener.error.code);
  return { dialler: dialler.value.keys, listener: listener.value.keys };
}
