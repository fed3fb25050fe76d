import { describe, expect, test } from 'vitest';
import { equal } from '../../../core/lib/bytes.ts';
import { type SecretStore, commitmentSecret, emptySecretStore, insertSecret, revealedSecret, secretIndexOf } from '../../../core/crypto/commitment-secrets.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { revocationsView } from '../../../core/node/revocations-view.ts';
import { branchOf, derivationOf, treeAround } from '../../../renderer/format/tree.ts';

const SEED = new Uint8Array(32).fill(41);

function storeAfter(states: number): SecretStore {
  let store = emptySecretStore;
  for (let state = 0; state < states; state++) store = insertSecret(store, secretIndexOf(state), commitmentSecret(SEED, state))!;
  return store;
}
const viewOf = (store: SecretStore, states: number) => revocationsView({ commitments: { revealedSecrets: store, remoteNumber: states } } as never);

/** Hashes a stored secret down to a state as BOLT 3 says, and counts. */
function hashed(secret: Uint8Array, slot: number, state: number): { readonly secret: Uint8Array; readonly steps: number } {
  let [value, steps] = [secret, 0];
  for (let bit = slot - 1; bit >= 0; bit--) {
    if (((secretIndexOf(state) >> BigInt(bit)) & 1n) === 0n) continue;
    const flipped = value.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    [value, steps] = [sha256(flipped), steps + 1];
  }
  return { secret: value, steps };
}

describe.each([0, 1, 2, 41, 64, 200])('after %i revoked states', (states) => {
  const store = storeAfter(states);
  const { slots, revokedStates } = viewOf(store, states);

  test('exactly the revoked states have a place from which they follow, in as many steps as hashes', () => {
    expect(revokedStates).toBe(states);
    for (let state = 0; state < states + 70; state++) {
      const derivation = derivationOf(state, slots);
      const known = revealedSecret(store, secretIndexOf(state));
      expect(derivation === undefined, `state ${state}`).toBe(known === undefined);
      if (!derivation || !known) continue;
      const { secret, steps } = hashed(store[derivation.slot]!.secret, derivation.slot, state);
      expect(equal(secret, known)).toBe(true);
      expect(derivation.steps).toBe(steps);
    }
  });

  test('no secret is in what is told, and places and ranges are those of the store', () => {
    const told = JSON.stringify(slots);
    for (const known of store) if (known) expect(told).not.toContain(Buffer.from(known.secret).toString('hex'));
    expect(slots.map(({ slot, index }) => [slot, BigInt(`0x${index}`)])).toEqual(store.flatMap((known, slot) => (known ? [[slot, known.index]] : [])));
    for (const { slot, firstState, lastState } of slots) expect(lastState - firstState + 1).toBe(2 ** slot);
  });

  test('the drawing has every stored place of its branch, and what is drawn as derived can be derived', () => {
    const branch = branchOf(Math.max(0, states - 1));
    const nodes = treeAround(branch, revokedStates, slots, undefined);
    expect(nodes).toHaveLength(127);
    for (const { level, first, kind } of nodes) {
      const last = first + 2 ** level - 1;
      if (kind !== 'unknown') expect(revealedSecret(store, secretIndexOf(last))).toBeDefined();
      else expect(last >= states).toBe(true);
    }
    const stored = nodes.filter(({ kind }) => kind === 'stored').map(({ level, first }) => `${level} ${first}`);
    for (const { slot, firstState } of slots.filter((one) => one.slot < 6 && branchOf(one.firstState) === branch)) expect(stored).toContain(`${slot} ${firstState}`);
  });
});

test('the way to a state leads through the places whose hashes make it', () => {
  const { slots } = viewOf(storeAfter(41), 41);
  expect(derivationOf(32, slots)).toEqual({ slot: 2, steps: 2 });
  const way = treeAround(0, 41, slots, 32).filter(({ isOnWay }) => isOnWay);
  expect(way.map(({ level, first }) => [level, first])).toEqual([[2, 32], [1, 32], [0, 32]]); // prettier-ignore
});
