import type { Answer } from '../api.ts';
import type { ClosePreview } from '../channel/onchain/preview.ts';
import type { AtRates, PreviewedTransaction } from '../channel/onchain/previewed.ts';

type View = Answer<'channel.previewForceClose'>['previews'][number];

const three = <T>([slow, medium, fast]: AtRates<T>): [T, T, T] => [slow, medium, fast];

function transactionView({ label, by, txid, weight, feeSat, paysRateAt, confirmableAtHeight, deadlineHeight, valueSat, walletDeltaSat, uneconomicAt, neededAt, dependsOn, htlc }: PreviewedTransaction): View['transactions'][number] {
  return {
    label, by, weight, feeSat: three(feeSat), paysRateAt: three(paysRateAt), confirmableAtHeight, valueSat, walletDeltaSat: three(walletDeltaSat),
    uneconomicAt: three(uneconomicAt), neededAt: three(neededAt), dependsOn: [...dependsOn],
    ...(txid === undefined ? {} : { txid }), ...(deadlineHeight === undefined ? {} : { deadlineHeight }), ...(htlc ? { htlc: { ...htlc } } : {}),
  }; // prettier-ignore
}

/** A close before it is done, as the contract shows it. */
export function previewView({ commitment, commitmentNumber, transactions, htlcs, summary }: ClosePreview): View {
  const { backSat, backAtHeight, lostToDustSat, leftSat, feesSat } = summary;
  const heights = three(backAtHeight);
  return {
    commitment, commitmentNumber, transactions: transactions.map(transactionView), htlcs: htlcs.map((htlc) => ({ ...htlc })),
    summary: {
      backSat: three(backSat), backAtHeight: [heights[0] ?? null, heights[1] ?? null, heights[2] ?? null], lostToDustSat, leftSat: three(leftSat), feesSat: three(feesSat),
    },
  }; // prettier-ignore
}
