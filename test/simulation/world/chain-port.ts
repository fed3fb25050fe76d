import type { ChainListener, ChainSource, ChainTip, PublishResult, ScriptHistory } from '../../../core/chain/port.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import type { Sent, SimChain } from './chain.ts';

/** How one node gets to know the chain. Everything is drawn from the world's own chance. */
export interface Delivery {
  /** A block is told once more, or only with a later one. */
  readonly twice: () => boolean;
  readonly skip: () => boolean;
  /** The tip as it was when the block came, and not as it is when the word arrives. */
  readonly asItWas: () => boolean;
  /** A source that lies: what it tells instead of the truth; undefined: nothing at all. */
  readonly history: (history: ScriptHistory) => ScriptHistory | undefined;
  readonly tip: (tip: ChainTip) => ChainTip | undefined;
  readonly feerate: (satPerVb: number) => number;
}

export const honestDelivery: Delivery = {
  twice: () => false, skip: () => false, asItWas: () => false, history: (history) => history, tip: (tip) => tip, feerate: (rate) => rate,
}; // prettier-ignore

export interface SourceOptions {
  readonly chain: SimChain;
  readonly delivery: () => Delivery;
  /** Runs a task later, in order. */
  readonly tell: (task: () => void) => void;
  /** Whether these get out at all: the node may be dead. */
  readonly mayPublish: (rawTxs: readonly Uint8Array[]) => boolean;
  readonly onPublished: (rawTxs: readonly Uint8Array[], results: readonly Sent[]) => void;
}

function resultOf(sent: Sent | undefined): PublishResult {
  if (!sent || sent.ok) return { ok: true };
  const { code, reason } = sent.refusal;
  return { ok: false, code: code === 'invalid' || code === 'not_final' ? 'rejected' : code, reason };
}

/** What one node sees the chain through. */
export function sourceFor({ chain, delivery, tell, mayPublish, onPublished }: SourceOptions): ChainSource {
  const watched = new Map<string, Uint8Array>();
  let listener: ChainListener | undefined;
  let syncing = false;
  let skipped = false;
  const history = (script: Uint8Array): void => {
    // What is told from here on was not known when the last word of being in step was given.
    syncing = false;
    tell(() => {
      const told = delivery().history(chain.historyOf(script));
      if (told) listener?.onHistory(told);
    });
  };
  const tip = (was?: ChainTip): void => {
    tell(() => {
      const told = delivery().tip(was ?? chain.tip);
      if (told) listener?.onTip(told);
    });
  };
  const synced = (): void => {
    if (syncing) return;
    syncing = true;
    tell(() => {
      syncing = false;
      listener?.onSynced();
    });
  };
  const stop = chain.listen({
    touched: (scripts) => {
      for (const script of scripts) {
        const bytes = watched.get(script);
        if (bytes) history(bytes);
      }
    },
    tipChanged: () => {
      if (!listener) return;
      skipped = !skipped && delivery().skip();
      if (skipped) return;
      tip(delivery().asItWas() ? chain.tip : undefined);
      if (delivery().twice()) tip();
    },
  });
  const send = (rawTxs: readonly Uint8Array[], submit: () => readonly Sent[]): Promise<PublishResult> => {
    if (!mayPublish(rawTxs)) return new Promise(() => undefined);
    const results = submit();
    onPublished(rawTxs, results);
    return Promise.resolve(resultOf(results.find(({ ok }) => !ok)));
  };
  return {
    name: 'simulated chain',
    start: (given) => {
      listener = given;
      tip();
      for (const script of watched.values()) if (chain.knows(toHex(script))) history(script);
      synced();
    },
    watchScript: (script) => {
      if (watched.has(toHex(script))) return;
      watched.set(toHex(script), script);
      if (!listener) return;
      if (chain.knows(toHex(script))) history(script);
      synced();
    },
    publish: (rawTx) => send([rawTx], () => [chain.submit(rawTx)]),
    publishPackage: (rawTxs) => send(rawTxs, () => chain.submitPackage(rawTxs)),
    feeEstimates: () => {
      const floor = Math.max(chain.minSatPerVb, chain.minerFloorSatPerVb);
      const rate = delivery().feerate(floor);
      return Promise.resolve(new Map([[1, rate * 2], [2, rate * 1.5], [6, rate * 1.2], [144, rate]])); // prettier-ignore
    },
    catchUp: () => Promise.resolve(true),
    stop: () => {
      stop();
      return Promise.resolve();
    },
  };
}
