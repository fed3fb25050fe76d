import { describe, expect, it } from 'vitest';
import vectors from '../../vectors/bolt3/funding.json' with { type: 'json' };
import { decodeTx, outputSumSat, txHex, txid, txWeight } from '../../../core/bitcoin/transaction.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { feeOfWeight, feeratePerKw } from '../../../core/lib/units.ts';
import { fundingOutputScript, fundingScript } from '../../../core/tx/funding.ts';
import { scriptVerdict } from './interpreter.ts';

const localKey = fromHex(vectors.localFundingPubkey);
const remoteKey = fromHex(vectors.remoteFundingPubkey);
const fundingTx = decodeTx(fromHex(vectors.fundingTx));

describe('BOLT 3 appendix B', () => {
  it('makes the funding script whichever key comes first', () => {
    expect(toHex(fundingScript(localKey, remoteKey))).toBe(vectors.fundingWitnessScript);
    expect(toHex(fundingScript(remoteKey, localKey))).toBe(vectors.fundingWitnessScript);
  });

  it('finds the funding output in the transaction', () => {
    expect(fundingTx.outputs[vectors.fundingOutputIndex]).toEqual({
      amountSat: BigInt(vectors.fundingSat),
      script: fundingOutputScript(localKey, remoteKey),
    });
    expect(fundingTx.outputs[1]!.amountSat).toBe(BigInt(vectors.changeSat));
  });

  it('reads and writes the transaction and computes its id', () => {
    expect(txHex(fundingTx)).toBe(vectors.fundingTx);
    expect(txid(fundingTx)).toBe(vectors.txid);
    expect(fundingTx.inputs[0]!.txid).toBe(vectors.inputTxid);
  });

  it('agrees on the weight that the fee pays for', () => {
    const paidSat = BigInt(vectors.inputSat) - outputSumSat(fundingTx);
    expect(feeOfWeight(txWeight(fundingTx), feeratePerKw(vectors.feeratePerKw))).toBe(paidSat);
  });

  it('spends the coinbase output of block 1', () => {
    const coinbase = decodeTx(fromHex(vectors.block1CoinbaseTx));
    expect(txid(coinbase)).toBe(vectors.inputTxid);
    expect(scriptVerdict(fundingTx, coinbase.outputs)).toBe('valid');
  });
});
