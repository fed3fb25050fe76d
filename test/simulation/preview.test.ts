import { describe, expect, test } from 'vitest';
import type { Answer } from '../../core/api.ts';
import { type Tx, outPointKey, txWeight } from '../../core/bitcoin/transaction.ts';
import { htlcKey } from '../../core/channel/types.ts';
import { toHex } from '../../core/lib/bytes.ts';
import { must } from '../../core/lib/result.ts';
import { CrashRig } from '../support/crash-rig.ts';
import { cutOff } from '../support/crash-enforcement.ts';
import { type SETTINGS, isIdle } from '../support/crash-scenarios.ts';
import { onChainSat } from '../support/invariants-at-rest.ts';

type Preview = Answer<'channel.previewForceClose'>;
type Previewed = Preview['previews'][number]['transactions'][number];

const nothing = (): void => undefined;
const silent = { onSend: nothing, onDelivered: nothing, onDurable: nothing, onStarted: nothing, onPublish: nothing, onLog: nothing };
/** The middle one is the chain's; at an odd one nothing comes out even. */
const RATES = [1, 20.13, 200] as const;
const RATE = 1;
/** A signature may come out two bytes shorter than counted with. */
const SHORTER_AT_MOST = 2;

interface Done {
  readonly txid: string;
  readonly tx: Tx;
  readonly height: number;
  readonly feeSat: bigint;
}

/** Two channels' ends that are cut off from each other with HTLCs both ways; what A was shown, and what then came of it. */
async function closed(setting: keyof typeof SETTINGS, by: 'A' | 'B') {
  const start = await cutOff(setting);
  const rig = new CrashRig(start.image, { without: start.without, isolated: true }, {}, silent);
  rig.chain.feerate = RATES[RATE];
  await rig.settle(() => isIdle(rig));
  const channelOf = (side: 'A' | 'B') => must(rig.node(side).channels.all()[0], 'the channel');
  const channelId = toHex(channelOf('A').channelId);
  const beforeSat = onChainSat(rig, 'A');
  const call = rig.call('A', 'channel.previewForceClose', { channelId, commitment: by === 'A' ? 'ours' : 'theirs', feeratesSatPerVb: [...RATES] });
  await rig.drain();
  expect(call.state, String(call.answer)).toBe('answered');
  const preview = call.answer as Preview;
  const htlcs = [...channelOf('B').commitments.htlcs].map(([key, { removal }]) => [key, removal?.what.kind === 'fulfill'] as const);
  rig.call(by, 'channel.forceClose', { channelId });
  await rig.settle(() => isIdle(rig));
  for (let block = 0; block < 1_500 && channelOf('A').phase !== 'closed'; block++) {
    rig.chain.mine();
    await rig.settle(() => isIdle(rig));
  }
  expect(channelOf('A').phase).toBe('closed');
  const { byScript } = rig.node('A').onchain.view.book;
  const commitment = must(rig.chain.spenderOf(channelOf('A').fundingOutPoint), 'the commitment');
  const family = new Set([commitment]);
  const done = rig.chain.all().flatMap(({ txid, tx, height }): Done[] => {
    if (height === undefined || (txid !== commitment && !tx.inputs.some((input) => family.has(input.txid)))) return [];
    family.add(txid);
    const inSat = tx.inputs.reduce((sum, input) => sum + must(rig.chain.outputOf(outPointKey(input)), 'the coin').amountSat, 0n);
    return [{ txid, tx, height, feeSat: inSat - tx.outputs.reduce((sum, { amountSat }) => sum + amountSat, 0n) }];
  });
  const paysUs = ({ tx }: Done): boolean => tx.outputs.some(({ script }) => byScript.has(toHex(script)));
  // Without anchors an HTLC transaction alone pays nobody yet.
  const leadsToUs = (one: Done): boolean => done.some((after) => paysUs(after) && after.tx.inputs.some((input) => input.txid === one.txid));
  const ours = done.filter((one) => paysUs(one) || leadsToUs(one));
  // What B knows of the HTLCs that A offered, A cannot foresee.
  const known = new Map(htlcs.filter(([key]) => key.startsWith('r')).map(([key, fulfilled]) => [`o${key.slice(1)}`, fulfilled]));
  return { preview, ours, commitment, known, gainedSat: onChainSat(rig, 'A') - beforeSat };
}

describe('what channel.previewForceClose says is what happens', () => {
  test.each([['anchors', 'A'], ['anchors', 'B'], ['static', 'A'], ['static', 'B']] as const)('%s, closed by %s, HTLCs both ways', { timeout: 120_000 }, async (setting, by) => {
    const { preview, ours, commitment, known, gainedSat } = await closed(setting, by);
    const shown = must(preview.previews[0], 'the preview');
    expect(preview.feeratesSatPerVb).toEqual(RATES);
    const cameTrue = ({ htlc }: Previewed): boolean => {
      if (!htlc) return true;
      const looks = must(shown.htlcs.find(({ direction, id }) => direction === htlc.direction && id === htlc.id), 'the HTLC').preimageKnown;
      return (known.get(htlcKey(htlc.direction, htlc.id)) ?? looks) === htlc.preimageKnown;
    };
    const foreseen = shown.transactions.filter((tx) => cameTrue(tx) && tx.neededAt[RATE] && !tx.uneconomicAt[RATE] && (tx.by === 'us' || tx.label === 'commitment'));
    const lines = (all: readonly { readonly height: number; readonly feeSat: bigint }[]) => all.map(({ height, feeSat }) => `${height}: ${feeSat} sat`).toSorted();
    expect(lines(ours)).toEqual(lines(foreseen.map((tx) => ({ height: tx.confirmableAtHeight, feeSat: tx.feeSat[RATE] }))));
    for (const { tx, height, feeSat } of ours) {
      const one = must(foreseen.find((other) => other.confirmableAtHeight === height && other.feeSat[RATE] === feeSat), 'what was foreseen');
      expect(one.weight - txWeight(tx)).toBeGreaterThanOrEqual(0);
      expect(one.weight - txWeight(tx)).toBeLessThanOrEqual(SHORTER_AT_MOST * 2 * tx.inputs.length);
    }
    expect(shown.transactions[0]).toMatchObject({ label: 'commitment', txid: commitment });
    expect(gainedSat).toBe(foreseen.reduce((sum, { walletDeltaSat }) => sum + walletDeltaSat[RATE], 0n));
    // The dearer, the more of it goes for fees or is left.
    const [cheap, used, dear] = shown.summary.backSat;
    expect(cheap > used && used > dear).toBe(true);
  });
}); // prettier-ignore
