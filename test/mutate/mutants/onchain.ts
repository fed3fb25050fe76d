import type { Mutant } from '../mutant.ts';

const ONCHAIN = 'core/channel/onchain/onchain.ts';
const CONFIRMED = 'core/channel/onchain/confirmed.ts';
const SETTLE = 'core/channel/onchain/settle.ts';
const THEIRS = 'core/channel/onchain/their-commitment.ts';
const OURS = 'core/channel/onchain/own-commitment.ts';
const closes = ['states/channel/onchain.test.ts', 'states/channel/onchain-ends.test.ts', 'states/channel/after-the-close.test.ts', 'simulation/grid'];

/** How a channel ends on chain. */
export const onchainMutants: readonly Mutant[] = [
  {
    fault: 'an unknown spend raises no alarm', against: 'I-26', file: ONCHAIN, tests: closes,
    find: "unknown: 'unknown_funding_spend', ", replace: '',
  },
  {
    fault: 'the commitment that the peer has not revoked the one before of is taken for nothing known', against: 'catalogue 13', file: CONFIRMED, tests: closes,
    find: ": isIt('remoteNext') ? 'next_remote'", replace: ": isIt('remoteNext') ? 'unknown'",
  },
  {
    fault: 'a revoked commitment is not recognised', against: 'I-25', file: CONFIRMED, tests: closes,
    find: 'number < commitments.remoteNumber && isRevoked', replace: 'number < commitments.remoteNumber - 1 && isRevoked',
  },
  {
    fault: 'a closing transaction is taken for nothing known', against: 'I-26', file: CONFIRMED, tests: closes,
    find: "if (channel.closingTxids.includes(id)) return { spendClass: 'mutual', commitmentNumber: undefined };", replace: '',
  },
  {
    fault: 'HTLCs end with the first confirmation', against: 'catalogue 13, I-29', file: SETTLE, tests: closes,
    find: 'isReorgSafe(channel.config.fundingSatoshis, height, blockHeight);', replace: 'blockHeight >= height;',
  },
  {
    fault: 'an HTLC that the confirmed commitment does not hold fails at once', against: 'catalogue 13', file: SETTLE, tests: closes,
    find: 'if (output === undefined) return where.isSafe(confirmedAt) ? withoutOutput', replace: 'if (output === undefined) return where.isSafe(0) ? withoutOutput',
  },
  {
    fault: 'two HTLCs with one hash are taken for each other', against: 'I-19, catalogue 15', file: SETTLE, tests: closes,
    find: 'htlc.direction === direction && htlc.id === add.id)?.vout;', replace: 'htlc.direction === direction && htlc.amountMsat === add.amountMsat)?.vout;',
  },
  {
    fault: 'a preimage that the chain shows is not passed on', against: 'catalogue 14, I-16', file: SETTLE, tests: closes,
    find: 'if (!paymentPreimage) continue;', replace: 'if (paymentPreimage ?? true) continue;',
  },
  {
    fault: 'an HTLC whose preimage is out counts as failed when it was removed already', against: 'catalogue 13', file: SETTLE, tests: closes,
    find: "return fulfilled && (isOffered(entry) || !inSpec) ? 'fulfilled' : 'failed';", replace: "return fulfilled && isOffered(entry) ? 'fulfilled' : 'failed';",
  },
  {
    fault: 'only the main output of a breach is taken', against: 'catalogue 12', file: THEIRS, tests: closes,
    find: '[...main, ...htlcs, ...second].map', replace: '[...main].map',
  },
  {
    fault: 'what the cheater has taken to the second stage is left to it', against: 'catalogue 12', file: THEIRS, tests: closes,
    find: '[...main, ...htlcs, ...second].map', replace: '[...main, ...htlcs].map',
  },
  {
    fault: 'of several HTLCs merged in one transaction of the cheater one is punished', against: 'catalogue 12', file: THEIRS, tests: closes,
    find: 'return outputsPaying(stage, p2wsh(delayedScript)).map((vout)', replace: 'return outputsPaying(stage, p2wsh(delayedScript)).slice(0, 1).map((vout)',
  },
  {
    fault: 'our balance in the commitment of the peer is not claimed beside a breach', against: 'I-25', file: THEIRS, tests: closes,
    find: 'return { claims: [...toRemoteClaims(channel, keys, spend), ...unspent(channel, claims)], watches };', replace: 'return { claims: unspent(channel, claims), watches };',
  },
  {
    fault: 'an HTLC in the commitment of the peer is claimed with its script of the other direction', against: 'BOLT 5', file: THEIRS, tests: closes,
    find: "if (htlc.direction === 'received') {", replace: "if (htlc.direction === 'offered') {",
  },
  {
    fault: 'a received HTLC in our commitment is not claimed', against: 'BOLT 5', file: OURS, tests: closes,
    find: "if (!remoteSignature || (htlc.direction === 'received' && !preimage)) return [];", replace: "if (!remoteSignature || htlc.direction === 'received') return [];",
  },
  {
    fault: 'the second stage of our own commitment is not brought home', against: 'BOLT 5', file: OURS, tests: closes,
    find: 'return { claims: unspent(channel, [...main, ...first, ...second])', replace: 'return { claims: unspent(channel, [...main, ...first])',
  },
  {
    fault: 'a claim stops when somebody else only offers a spend of it', against: 'catalogue 19', file: OURS, tests: closes,
    find: 'channel.outputSpends.filter(({ height }) => height !== undefined).map', replace: 'channel.outputSpends.map',
  },
  {
    fault: 'a channel is forgotten at its first confirmation', against: 'catalogue 20', file: 'core/channel/policy.ts', tests: closes,
    find: 'forgetDepth: 100,', replace: 'forgetDepth: 1,',
  },
  {
    fault: 'a close that a reorg takes back leaves the channel closed', against: 'catalogue 20, I-29', file: ONCHAIN, tests: closes,
    find: "if (!channel.spend || channel.phase === 'closed') return stay(channel);", replace: 'if (channel.spend) return stay(channel);',
  },
  {
    fault: 'after a data loss a reorg makes our commitment go out', against: 'I-23', file: ONCHAIN, tests: closes,
    find: "hasLostState(channel) ? 'fallen_behind' : closingTxs", replace: "hasLostState(channel) ? 'failing' : closingTxs",
  },
  {
    fault: 'the books lose a channel before its close is safe', against: 'I-13', file: ONCHAIN, tests: closes,
    find: '!isReorgSafe(channel.config.fundingSatoshis, spend.height, blockHeight)) return stay(channel);', replace: 'blockHeight < spend.height) return stay(channel);',
  },
]; // prettier-ignore
