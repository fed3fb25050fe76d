import type { Mutant } from '../mutant.ts';

const STATIC = 'core/channel/static-backup.ts';
const ONCHAIN = 'core/channel/onchain/onchain.ts';
const CONFIRMED = 'core/channel/onchain/confirmed.ts';
const BACKUPS = 'core/node/backups.ts';
const machine = ['states/channel/restored.test.ts'];
const nodes = ['simulation/restored-channels.test.ts'];

/** Channels that come back from a backup file. */
export const backupMutants: readonly Mutant[] = [
  {
    fault: 'a channel from a backup counts as one that can be used', against: 'I-23', file: STATIC, tests: machine,
    find: "phase: 'fallen_behind'", replace: "phase: 'normal'",
  },
  {
    fault: 'our own commitment of a lost state is left where it is', against: 'catalogue 32', file: ONCHAIN, tests: machine,
    find: 'return lostCommitmentClaims(channel, ctx.keys, spend);', replace: 'return NOTHING;',
  },
  {
    fault: 'the first commitment of the peer is no close of a restored channel', against: 'I-26', file: CONFIRMED, tests: machine,
    find: 'isRestored(channel) || number > newest', replace: 'number > newest',
  },
  {
    fault: 'a close together before the restore frightens people', against: 'I-26', file: CONFIRMED, tests: machine,
    find: "isRestored(channel) && isSignedByUs(channel, tx) ? 'mutual'", replace: "channel.phase === 'opening' ? 'mutual'",
  },
  {
    fault: 'a new channel takes the keys of a restored one', against: 'I-23', file: BACKUPS, tests: nodes,
    find: 'this.#numbers.keep(turn, backup.nextChannelNumber - 1);', replace: '',
  },
  {
    fault: 'a wallet made from words begins with the keys of its lost channels', against: 'I-23', file: 'core/node/openings-wiring.ts', tests: nodes,
    find: 'isRestored ? first() : 0', replace: 'isRestored ? 0 : 0',
  },
  {
    fault: 'a restore overwrites a channel that is there', against: 'I-23', file: BACKUPS, tests: nodes,
    find: 'const fresh = backup.channels.filter((channel) => channels.byId(staticIdOf(channel)) === undefined);', replace: 'const fresh = backup.channels;',
  },
  {
    fault: 'what a restored channel brings back is booked as a penalty', against: 'I-13', file: 'core/node/close-books.ts', tests: nodes,
    find: 'if (isRestored({ closeReason }))', replace: "if (isRestored({ closeReason }) && spend?.spendClass === 'unknown')",
  },
  {
    fault: 'a wallet made from words looks for nothing that its lost channels were paid', against: 'safety of words', file: 'core/node/node.ts', tests: nodes,
    find: 'if (this.config.isRestored) this.found.start();', replace: '',
  },
  {
    fault: 'an old backup file that is shown takes the place of a better one', against: 'safety of words', file: 'core/node/backups.ts', tests: nodes,
    find: 'if (this.#proven && openIn(this.#proven.channelIds) > openIn(channelIds)) return;', replace: '',
  },
  {
    fault: 'a backup file of another test network opens', against: 'safety of words', file: 'core/store/backup-file.ts', tests: ['unit/store/backup-file.test.ts'],
    find: "if (!equal(header.chainHash, chainHash)) return err('other_network');", replace: '',
  },
  {
    fault: 'a backup file whose keys are no points opens', against: 'catalogue 31', file: STATIC, tests: ['unit/store/backup-file.test.ts'],
    find: "if (!points.every(isPoint)) throw", replace: "if (!points.some(isPoint)) throw",
  },
  {
    fault: 'what a wallet made from words has revoked is forgotten with its process', against: 'I-1', file: 'core/io/high-water-files.ts', tests: ['unit/store/high-water-files.test.ts'],
    find: 'if (block !== undefined) await open(block);', replace: 'if (block === -1) await open(block);',
  },
]; // prettier-ignore
