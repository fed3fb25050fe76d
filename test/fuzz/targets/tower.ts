import { type Tx, txid, txidBytes } from '../../../core/bitcoin/transaction.ts';
import { must } from '../../../core/lib/result.ts';
import { caseAfterBlock, decodeCase, encodeCase, openCase, publications } from '../../../core/tower/case.ts';
import { decodeJustice, encodeJustice } from '../../../core/tower/justice.ts';
import { type TowerMessage, decodeTowerMessage, encodeTowerMessage } from '../../../core/tower/messages.ts';
import { openBlob } from '../../../core/tower/seal.ts';
import { mutate } from '../../support/mutate.ts';
import { appointed, breachWith } from '../../unit/tower/kit.ts';
import { type AnyTarget, bytesTarget, takes } from '../target.ts';

const session = new Uint8Array(16).fill(1);
const MESSAGES: readonly TowerMessage[] = [
  { name: 'tower_hello', version: 1, chainHash: new Uint8Array(32) },
  { name: 'tower_terms', version: 1, maxChannels: 1, maxBlobBytes: 2, maxBlobsPerChannel: 3, maxBytesPerChannel: 4n, retentionSeconds: 5 },
  { name: 'tower_upload', session, appointments: [0n, 1n].map((sequence) => ({ sequence, part: 0, isLast: true, hint: session, blob: new Uint8Array(60) })) },
  { name: 'tower_ack', session, nextSequence: 9n },
  { name: 'tower_status', blockHeight: 5, isWatching: true },
  { name: 'tower_error', session, code: 3, detail: 'why' },
];

/** What a hostile client, or a hostile tower, can send, down to the inside of a blob whose transaction it knows. */
export function towerTargets(): readonly AnyTarget[] {
  const messages = bytesTarget('message between wallet and tower', (random) => mutate(encodeTowerMessage(random.pick(MESSAGES)), random), (input) => takes(() => decodeTowerMessage(input)));
  const breach = breachWith('static_remotekey', [{ by: 'alice', amountSat: 20_000 }, { by: 'bob', amountSat: 30_000 }]);
  const tx: Tx = breach.tx;
  const plains = (['signed', 'own'] as const).flatMap((grade) => appointed(breach, grade).blobs.map((blob) => must(openBlob(txidBytes(txid(tx)), blob), 'the plain text')));
  const records = plains.map((plain) => encodeCase(publications(must(openCase(tx, 100, [plain]), 'the case'), 100, 300)[0]));
  return [
    messages,
    bytesTarget('justice in a blob', (random) => mutate(random.pick(plains), random), (input) => {
      const opened = openCase(tx, 100, [input]);
      if (opened) publications(caseAfterBlock(opened, 101, new Map([[txid(tx), tx]])), 101, 300);
      return takes(() => encodeJustice(decodeJustice(input)));
    }), // prettier-ignore
    bytesTarget('stored case', (random) => mutate(random.pick(records), random), (input) => takes(() => decodeCase(input))),
  ];
}
