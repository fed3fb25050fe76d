import { combineFeeEstimates, FEE_TARGETS } from '../../chain/fees.ts';
import type { ChainFault, ChainListener, ChainTip, FeeEstimates, PublishResult } from '../../chain/port.ts';
import { Backoff } from '../backoff.ts';
import { contained, type BlobStore, type ChainEnvironment } from '../chain-options.ts';
import { isRecord } from '../foreign-json.ts';
import { bestResult, publishResultOf, unreachableResult } from '../publish-errors.ts';
import type { RankedSource } from '../ranked-source.ts';
import { BlockFollower } from './blocks.ts';
import { RoundFault } from './failure.ts';
import { ScriptLedger } from './ledger.ts';
import { MempoolWatch } from './mempool.ts';
import { decodeProgress, encodeProgress } from './progress.ts';
import { BitcoindRpc, isUnknownMethod, type BitcoindServer } from './rpc.ts';

const SAVE_EVERY_SECONDS = 30;
const MAX_RETRIES = 20;

/** A full node of the user's own: every block and mempool transaction is looked at here, so it learns nothing about us. */
export class BitcoindSource implements RankedSource {
  readonly name: string;
  readonly #env: ChainEnvironment;
  readonly #rpc: BitcoindRpc;
  readonly #ledger = new ScriptLedger();
  readonly #blocks: BlockFollower;
  readonly #mempool: MempoolWatch;
  readonly #progress: BlobStore;
  readonly #backoff: Backoff;
  readonly #asked: { readonly script: Uint8Array; readonly fromHeight: number }[] = [];
  #restored = false;
  #running: Promise<void> = Promise.resolve();
  #listener: ChainListener | undefined;
  #stopped = false;
  #networkChecked = false;
  #toldTip: ChainTip | undefined;
  #toldFault: ChainFault['code'] | undefined;
  #owesSynced = true;
  #hurry = false;
  #wake: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #savedSeconds = 0;
  #available = false;

  constructor(server: BitcoindServer, env: ChainEnvironment) {
    this.#env = env;
    this.name = `bitcoind ${server.host}:${server.port}`;
    this.#rpc = new BitcoindRpc(server, env);
    this.#blocks = new BlockFollower(this.#rpc, env, this.#ledger);
    this.#mempool = new MempoolWatch(this.#rpc, this.#ledger);
    this.#progress = env.blob(`bitcoind-${server.host}-${server.port}`);
    this.#backoff = new Backoff(env);
  }

  get tipWork(): bigint {
    return this.#toldTip ? this.#blocks.work : 0n;
  }

  get isAvailable(): boolean {
    return this.#available;
  }

  start(listener: ChainListener): void {
    if (this.#listener || this.#stopped) return;
    this.#listener = listener;
    this.#running = this.#run().catch(this.#env.onBug);
  }

  watchScript(script: Uint8Array, fromHeight: number): void {
    this.#asked.push({ script, fromHeight });
    if (this.#restored) this.#adopt();
    this.#poke();
  }

  async publish(rawTx: Uint8Array): Promise<PublishResult> {
    const answer = await this.#rpc.call('sendrawtransaction', Buffer.from(rawTx).toString('hex'));
    this.#poke();
    if (answer.ok) return { ok: true };
    return answer.error.kind === 'refused' ? publishResultOf(answer.error.text) : unreachableResult(answer.error.reason);
  }

  async publishPackage(rawTxs: readonly Uint8Array[]): Promise<PublishResult> {
    const only = rawTxs.length === 1 ? rawTxs[0] : undefined;
    if (only) return this.publish(only);
    const answer = await this.#rpc.call('submitpackage', rawTxs.map((rawTx) => Buffer.from(rawTx).toString('hex')));
    this.#poke();
    if (answer.ok) return packageResult(answer.value);
    // An older node, or a package of a shape that it does not take as one.
    if (answer.error.kind === 'refused' && (isUnknownMethod(answer.error) || /topology/i.test(answer.error.text))) return this.#oneByOne(rawTxs);
    return answer.error.kind === 'refused' ? publishResultOf(answer.error.text) : unreachableResult(answer.error.reason);
  }

  async feeEstimates(): Promise<FeeEstimates> {
    const calls = FEE_TARGETS.map((target) => ['estimatesmartfee', target] as const);
    const answers = await this.#rpc.batch([['getmempoolinfo'], ...calls]);
    const estimates = new Map<number, number>();
    if (!answers.ok) return estimates;
    const [info, ...rates] = answers.value;
    const least = info?.ok ? (satPerVb(info.value, 'mempoolminfee') ?? 0) : 0;
    for (const [i, target] of FEE_TARGETS.entries()) {
      const answer = rates[i];
      const rate = answer?.ok ? satPerVb(answer.value, 'feerate') : undefined;
      if (rate !== undefined) estimates.set(target, Math.max(rate, least));
    }
    return combineFeeEstimates([estimates]);
  }

  async catchUp(): Promise<boolean> {
    if (!this.#listener || this.#stopped) return false;
    const done = new Promise<void>((resolve) => this.#waiters.push(resolve));
    this.#poke();
    this.#backoff.wake();
    await done;
    return this.#available;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rpc.stop();
    this.#poke();
    this.#backoff.wake();
    await this.#running;
    this.#release();
  }

  async #run(): Promise<void> {
    await this.#restore();
    while (!this.#stopped) {
      this.#hurry = false;
      const failed = await this.#attempt();
      if (this.#stopped) break;
      if (failed) {
        this.#left(failed);
        this.#release();
        if (failed.code === 'other_network') {
          this.#stopped = true;
          return;
        }
        await this.#backoff.pause();
        continue;
      }
      if (this.#hurry) continue;
      this.#release();
      await this.#untilNextPoll();
    }
    if (this.#restored && this.#toldTip) await this.#save();
  }

  /** One round: blocks, old blocks, mempool; then what changed is told. Undefined when it went well. */
  async #attempt(): Promise<ChainFault | undefined> {
    for (let tries = 0; tries < MAX_RETRIES; tries++) {
      try {
        await this.#round();
        return undefined;
      } catch (error) {
        if (!(error instanceof RoundFault)) {
          this.#env.onBug(error);
          return { code: 'unreachable', reason: 'An internal error ended the conversation.' };
        }
        if (error.fault !== 'moved') return error.fault;
      }
    }
    return { code: 'unreachable', reason: "The node's chain changes faster than it can be read." };
  }

  async #round(): Promise<void> {
    if (!this.#networkChecked) await this.#blocks.checkNetwork();
    this.#networkChecked = true;
    await this.#blocks.advance();
    const pruned = await this.#rescan();
    const moreWaiting = await this.#mempool.update();
    // What left the mempool because a block took it must not look as if it were gone.
    if ((await this.#blocks.bestHash()) !== this.#blocks.tip?.hash) throw new RoundFault('moved');
    if (this.#stopped) return;
    this.#tellHistories();
    this.#tellTip();
    if (pruned) throw pruned;
    this.#backoff.reset();
    this.#toldFault = undefined;
    this.#available = true;
    if (this.#blocks.owesRescan || moreWaiting) this.#hurry = true;
    else this.#tellSynced();
    if (this.#env.nowSeconds() - this.#savedSeconds >= SAVE_EVERY_SECONDS) await this.#save();
  }

  /** A block that the node has deleted stops the search, not the following of new blocks. */
  async #rescan(): Promise<RoundFault | undefined> {
    const before = this.#blocks.owesRescan;
    try {
      await this.#blocks.rescanSlice();
    } catch (error) {
      if (error instanceof RoundFault && error.fault !== 'moved' && error.fault.code === 'pruned') return error;
      throw error;
    }
    // Coins that were found just now may be spent by what waits.
    if (before && !this.#blocks.owesRescan) this.#mempool.lookAgain();
    return undefined;
  }

  #adopt(): void {
    for (const { script, fromHeight } of this.#asked.splice(0)) {
      const known = this.#ledger.record(script);
      if (known?.isWatched && known.fromHeight <= fromHeight) continue;
      const record = known ?? this.#ledger.add(script, fromHeight);
      record.fromHeight = fromHeight;
      record.isWatched = true;
      this.#owesSynced = true;
      this.#mempool.lookAgain();
    }
  }

  #left(fault: ChainFault): void {
    this.#networkChecked = false;
    this.#available = false;
    if (fault.code !== 'pruned') this.#owesSynced = true;
    if (this.#toldFault === fault.code) return;
    this.#toldFault = fault.code;
    this.#tell((listener) => listener.onFault({ ...fault, reason: `${this.name}: ${fault.reason}` }, fault.code === 'other_network'));
  }

  #tellHistories(): void {
    for (const history of this.#ledger.takeChanges()) this.#tell((listener) => listener.onHistory(history));
  }

  #tellTip(): void {
    const { tip } = this.#blocks;
    if (!tip || tip.hash === this.#toldTip?.hash) return;
    this.#toldTip = tip;
    this.#tell((listener) => listener.onTip(tip));
  }

  #tellSynced(): void {
    if (!this.#owesSynced) return;
    this.#owesSynced = false;
    this.#savedSeconds = 0;
    this.#tell((listener) => listener.onSynced());
  }

  #tell(task: (listener: ChainListener) => void): void {
    const listener = this.#listener;
    if (listener && !this.#stopped) contained(this.#env.onBug, () => task(listener));
  }

  async #oneByOne(rawTxs: readonly Uint8Array[]): Promise<PublishResult> {
    const results: PublishResult[] = [];
    for (const rawTx of rawTxs) results.push(await this.publish(rawTx));
    return results.find((result) => !result.ok) ?? bestResult(results);
  }

  #poke(): void {
    this.#hurry = true;
    this.#wake?.();
  }

  async #untilNextPoll(): Promise<void> {
    await new Promise<void>((next) => {
      const timer = setTimeout(next, this.#env.tuning.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        next();
      };
    });
    this.#wake = undefined;
  }

  #release(): void {
    for (const done of this.#waiters.splice(0)) done();
  }

  async #restore(): Promise<void> {
    try {
      const bytes = await this.#progress.load();
      if (bytes) this.#blocks.restore(decodeProgress(bytes, this.#ledger));
    } catch (error) {
      this.#env.onBug(error);
    }
    this.#restored = true;
    this.#adopt();
  }

  async #save(): Promise<void> {
    this.#savedSeconds = this.#env.nowSeconds();
    await this.#progress.save(encodeProgress(this.#blocks.recent, this.#ledger)).catch(this.#env.onBug);
  }
}

/** BTC per 1000 vbytes, by the key under which the node tells it. */
function satPerVb(answer: unknown, key: string): number | undefined {
  const rate = isRecord(answer) ? answer[key] : undefined;
  return typeof rate === 'number' && Number.isFinite(rate) && rate > 0 ? rate * 1e5 : undefined;
}

function packageResult(answer: unknown): PublishResult {
  const results = isRecord(answer) && isRecord(answer['tx-results']) ? Object.values(answer['tx-results']) : undefined;
  if (!results) return unreachableResult('The node sent a malformed answer.');
  const refusals = results.flatMap((result) => (isRecord(result) && typeof result['error'] === 'string' ? [publishResultOf(result['error'])] : []));
  return refusals.find((refusal) => !refusal.ok) ?? { ok: true };
}
