import type { Mutant } from '../mutant.ts';

const TURNS = 'core/node/turns.ts';
const turns = ['unit/io/turns.test.ts', 'simulation/crash-points.test.ts'];

/** Disk, chain and what the node does between them and the machines. */
export const groundMutants: readonly Mutant[] = [
  {
    fault: 'messages leave before their state is durable', against: 'I-5', file: TURNS, tests: turns,
    find: '      await durable;\n', replace: '',
  },
  {
    fault: 'after a failed write the node goes on', against: 'I-7', file: TURNS, tests: turns,
    find: '    if (this.#frozen) return;\n    for (const effect', replace: '    for (const effect',
  },
  {
    fault: 'a commitment goes out that the second file says is revoked', against: 'I-1, I-23', file: 'core/node/channels.ts', tests: ['simulation/stale-database.test.ts'],
    find: 'return revoked !== undefined && revoked >= commitments.localNumber;', replace: 'return revoked === -1;',
  },
  {
    fault: 'a copy of the database that is older than its notes is used as if nothing were', against: 'catalogue 32', file: 'core/store/fence.ts', tests: ['unit/store/fence.test.ts'],
    find: 'staleMark !== undefined || highest > inside', replace: 'staleMark !== undefined || highest > inside + 1_000_000',
  },
  {
    fault: 'a stored row opens in the place of another', against: 'catalogue 31', file: 'core/store/sealing.ts', tests: ['unit/store/sealing.test.ts'],
    find: 'table.id & 0xff]), utf8(key));', replace: 'table.id & 0xff]));',
  },
  {
    fault: 'HTLCs are not written when they change', against: 'I-6', file: 'core/node/channels.ts', tests: ['simulation/crash-points.test.ts'],
    find: 'if (htlcRecordChanged(before?.get(key), htlc)) turn.write', replace: 'if (!before?.get(key)) turn.write',
  },
  {
    fault: 'payments are not put right with the channels after a start', against: 'I-14', file: 'core/node/payments.ts', tests: ['simulation/lost-channel.test.ts'],
    find: '    this.#options.enqueue((turn) => this.reconcile(turn));\n', replace: '',
  },
  {
    fault: 'an inner node of the Merkle tree passes for a transaction', against: 'catalogue 34', file: 'core/chain/merkle.ts', tests: ['unit/chain/merkle.test.ts'],
    find: "  if (strippedLength(tx) === AMBIGUOUS_BYTES) return err('ambiguous_transaction');\n", replace: '',
  },
  {
    fault: 'a repeated sibling proves a transaction', against: 'catalogue 34', file: 'core/chain/merkle.ts', tests: ['unit/chain/merkle.test.ts'],
    find: "    if (same ? isRight : isLast && !isRight) return err('duplicate_sibling');\n", replace: '',
  },
  {
    fault: 'a chain of less work replaces ours', against: 'I-30', file: 'core/chain/headers.ts', tests: ['unit/chain/headers.test.ts'],
    find: 'if (work.value <= replacedWork) return ok(', replace: 'if (work.value < 0n) return ok(',
  },
  {
    fault: 'what a reorg takes out of a block is not told', against: 'I-29', file: 'core/chain/watcher.ts', tests: ['unit/chain/watcher.test.ts'],
    find: "if (before && !same) events.push({ kind: 'spend_undone'", replace: "if (before && !same && after) events.push({ kind: 'spend_undone'",
  },
  {
    fault: 'a closing fee above our bound is paid', against: 'catalogue 8', file: 'core/channel/negotiation.ts', tests: ['states/channel/closing-legacy.test.ts'],
    find: 'if (feeSat < least || feeSat > most) {', replace: 'if (feeSat < least) {',
  },
  {
    fault: 'a fee rate of any height is taken from the opener', against: 'catalogue 8', file: 'core/channel/updates.ts', tests: ['states/channel/fees.test.ts'],
    find: 'if (feeratePerKw < FEERATE_FLOOR_PER_KW || feeratePerKw > most)', replace: 'if (feeratePerKw < FEERATE_FLOOR_PER_KW)',
  },
]; // prettier-ignore
