import { describe, expect, test } from 'vitest';
import { ConnectionLimiter } from '../../../core/io/connection-limiter.ts';

const LIMITS = { maxHandshakes: 4, maxHandshakesPerHost: 2, maxPeers: 3, maxPeersPerHost: 2 };

/** Admits connections named by host, and tells which were dropped. */
function limited() {
  const limiter = new ConnectionLimiter(LIMITS);
  const dropped: string[] = [];
  const admit = (host: string, name = host) => limiter.admit(host, () => dropped.push(name));
  return { limiter, dropped, admit };
}

describe('ConnectionLimiter', () => {
  test('beyond the places of one address its oldest handshake goes', () => {
    const { dropped, admit, limiter } = limited();
    for (const name of ['a1', 'a2', 'a3']) admit('10.0.0.1', name);
    expect(dropped).toEqual(['a1']);
    expect(limiter.handshakeCount).toBe(2);
  });

  test('beyond all places the oldest of all goes', () => {
    const { dropped, admit, limiter } = limited();
    for (let i = 0; i < 6; i++) admit(`10.0.0.${i}`);
    expect(dropped).toEqual(['10.0.0.0', '10.0.0.1']);
    expect(limiter.handshakeCount).toBe(4);
  });

  test('whoever was dropped is not promoted any more', () => {
    const { admit } = limited();
    const first = admit('10.0.0.1');
    admit('10.0.0.1');
    admit('10.0.0.1');
    expect(first.promote()).toBe(false);
  });

  test('peers are limited over all and by address, and places come back', () => {
    const { admit, limiter } = limited();
    const places = ['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => {
      const place = admit(host);
      return { place, isIn: place.promote() };
    });
    expect(places.map(({ isIn }) => isIn)).toEqual([true, true, false, true, false]);
    places[0]!.place.release();
    expect(limiter.peerCount).toBe(2);
    expect(admit('10.0.0.1').promote()).toBe(true);
  });

  test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('%s is this machine: only the total counts', (host) => {
    const { admit } = limited();
    expect([1, 2, 3, 4].map(() => admit(host).promote())).toEqual([true, true, true, false]);
  });
});
