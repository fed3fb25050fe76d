import { ENGINE_FLAGS } from '../../../build/engine-flags.mjs';
import { startHeadlessPair, fund, openChannel, until } from '../../support/headless-pair.ts';
import type { HeadlessProcess } from '../../support/headless-process.ts';
import { type Figure, atLeast, below, figure, percentile } from '../figures.ts';
import { usageOf } from '../process-usage.ts';

const SEQUENTIAL = 1000;
const PARALLEL = 4000;
const AT_ONCE = 50;
const WARM_UP = 200;
/** Over every dust limit, so that each HTLC has an output and signatures. */
const AMOUNT_MSAT = 1_000_000n;
const CAPACITY_SAT = 16_000_000n;

/** Written before the clock runs. */
async function invoicesOf(payee: HeadlessProcess, count: number): Promise<readonly string[]> {
  const invoices: string[] = [];
  while (invoices.length < count) {
    const made = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - invoices.length) }, () =>
        payee.rpc.call('invoice.create', { amountMsat: AMOUNT_MSAT }),
      ),
    );
    invoices.push(...made.map(({ invoice }) => invoice));
  }
  return invoices;
}

async function pay(payer: HeadlessProcess, invoice: string): Promise<void> {
  const { state } = await payer.rpc.call('payment.send', { invoice });
  if (state !== 'succeeded') throw new Error(`a payment ended as ${state}`);
}

async function oneAfterAnother(
  payer: HeadlessProcess,
  invoices: readonly string[],
): Promise<{ readonly perSecond: number; readonly latenciesMs: readonly number[] }> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  for (const invoice of invoices) {
    const sentAt = performance.now();
    await pay(payer, invoice);
    latenciesMs.push(performance.now() - sentAt);
  }
  return { perSecond: (invoices.length / (performance.now() - startedAt)) * 1000, latenciesMs };
}

async function atOnce(payer: HeadlessProcess, invoices: readonly string[], count: number): Promise<number> {
  const waiting = [...invoices];
  const startedAt = performance.now();
  const worker = async (): Promise<void> => {
    for (let invoice = waiting.pop(); invoice !== undefined; invoice = waiting.pop()) await pay(payer, invoice);
  };
  await Promise.all(Array.from({ length: count }, worker));
  return (invoices.length / (performance.now() - startedAt)) * 1000;
}

export interface PaymentsOptions {
  /** For both nodes, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  readonly only?: 'sequential' | 'parallel' | undefined;
}

/** Two nodes over loopback, one channel, durable commits; this process only asks. */
export async function measurePayments({ nodeArgs = [], only }: PaymentsOptions = {}): Promise<readonly Figure[]> {
  const pair = await startHeadlessPair({ source: 'electrum', nodeArgs: [...ENGINE_FLAGS, ...nodeArgs] });
  const { alice, bob } = pair;
  try {
    await fund(pair, alice, CAPACITY_SAT + 1_000_000n);
    await openChannel(pair, CAPACITY_SAT, `${bob.nodeId}@127.0.0.1:${bob.port}`);
    const invoices = await invoicesOf(bob, WARM_UP + SEQUENTIAL + PARALLEL);
    await atOnce(alice, invoices.slice(0, WARM_UP), 4);
    const figures: Figure[] = [];
    if (only !== 'parallel') {
      const before = usageOf(alice.pid).cpuSeconds;
      const { perSecond, latenciesMs } = await oneAfterAnother(alice, invoices.slice(WARM_UP, WARM_UP + SEQUENTIAL));
      figures.push(
        atLeast(60, 'payments_sequential_per_s', perSecond, '1/s'),
        figure('payment_latency_p50_ms', percentile(latenciesMs, 0.5), 'ms'),
        figure('payment_latency_p95_ms', percentile(latenciesMs, 0.95), 'ms'),
        figure('payment_latency_p99_ms', percentile(latenciesMs, 0.99), 'ms'),
        figure(
          'payer_cpu_per_sequential_payment_ms',
          ((usageOf(alice.pid).cpuSeconds - before) / SEQUENTIAL) * 1000,
          'ms',
        ),
      );
    }
    if (only !== 'sequential') {
      const before = usageOf(alice.pid).cpuSeconds;
      figures.push(
        atLeast(
          400,
          'payments_50_parallel_per_s',
          await atOnce(alice, invoices.slice(WARM_UP + SEQUENTIAL), AT_ONCE),
          '1/s',
        ),
        figure('payer_cpu_per_parallel_payment_ms', ((usageOf(alice.pid).cpuSeconds - before) / PARALLEL) * 1000, 'ms'),
      );
    }
    await until('the channel to be quiet', () => alice.rpc.call('channel.list', {}), ([channel]) => channel?.pendingHtlcs === 0); // prettier-ignore
    const [payer, payee] = [usageOf(alice.pid), usageOf(bob.pid)];
    return [
      ...figures,
      below(250, 'node_rss_mb', payer.rssMb, 'MB'),
      below(250, 'payee_rss_mb', payee.rssMb, 'MB'),
      figure('node_cpu_s', payer.cpuSeconds, 's'),
    ];
  } finally {
    await pair.stop();
  }
}
