import { addressToScript, scriptToAddress } from '../../bitcoin/address.ts';
import { sameOutPoint, txid as txidOf, virtualSize } from '../../bitcoin/transaction.ts';
import { must } from '../../lib/result.ts';
import { sat } from '../../lib/units.ts';
import { ApiFailure } from '../app.ts';
import type { SfericNode } from '../node.ts';
import type { Turn } from '../turns.ts';
import { transactionContextOf, transactionView } from '../transaction-view.ts';
import { coinView } from '../views.ts';
import { closeReserveSat, mostPossibleSat, sumSat } from '../reserve.ts';
import { addressFailure, bumpFailure, planFailure, reserveFailure } from '../words.ts';
import { planReplacement } from '../../wallet/bump.ts';
import { isUnspent } from '../../wallet/ledger.ts';
import { type TransactionPlan, signPlan } from '../../wallet/plan.ts';
import { planSend } from '../../wallet/send.ts';
import { type OwnTransaction, labelKey, recordOwnTransaction, setFrozen, setLabel } from '../../wallet/state.ts';
import { type Handlers, inTurn } from './handler.ts';

type WalletMethod =
  | 'wallet.balance' | 'wallet.newAddress' | 'wallet.coins' | 'wallet.transactions' | 'wallet.prepareSend' | 'wallet.send' | 'wallet.prepareBump' | 'wallet.bumpFee'
  | 'wallet.freezeCoin' | 'wallet.label' | 'wallet.feerates'; // prettier-ignore

interface SendParams {
  readonly address: string;
  readonly amountSat?: bigint | undefined;
  readonly feerateSatPerVb?: number | undefined;
  readonly spendReserve?: boolean | undefined;
}

interface BumpParams {
  readonly txid: string;
  readonly feerateSatPerVb: number;
  readonly spendReserve?: boolean | undefined;
}

/** Of the size of every change script; never paid to. */
const ANY_CHANGE = { kind: 'p2wpkh', branch: 'change', index: 0 } as const;

const feeOverLimit = (feeSat: bigint, limitSat: bigint): ApiFailure => new ApiFailure('fee_limit_too_low', `The fee would be ${feeSat} sat, over your limit of ${limitSat} sat. Nothing was sent. Raise the limit, or choose a lower fee rate.`, { feeSat: feeSat.toString(), limitSat: limitSat.toString() });

export function scriptOfAddress(node: SfericNode, address: string): Uint8Array {
  const script = addressToScript(address.trim(), node.config.network);
  if (!script.ok) throw addressFailure(script.error);
  return script.value;
}

/** A plan for a payment; the change address is taken only when `turn` is given and the plan is meant. */
function plan(node: SfericNode, { address, amountSat: wantedSat, feerateSatPerVb, spendReserve }: SendParams, changeScript: Uint8Array): TransactionPlan {
  const script = scriptOfAddress(node, address);
  const coins = node.onchain.spendable();
  const reserveSat = spendReserve === true ? sat(0n) : closeReserveSat(node.channels.all());
  const attempt = (amountSat: bigint | undefined) => planSend({
    coins, outputs: amountSat === undefined ? [] : [{ script, amountSat: sat(amountSat) }],
    ...(amountSat === undefined ? { sweepTo: script } : {}), feerateSatPerVb: feerateSatPerVb ?? node.onchain.satPerVb(6).satPerVb, changeScript,
    tipHeight: node.onchain.height, entropy: node.ports.system.random(32), reserveSat,
  }); // prettier-ignore
  const planned = attempt(wantedSat);
  if (planned.ok) return planned.value;
  if (planned.error.code !== 'below_reserve') throw planFailure(planned.error);
  throw reserveFailure(reserveSat, 'send', mostPossibleSat(wantedSat ?? sumSat(coins), attempt));
}

/** What would take the place of an unconfirmed payment of ours, and that payment. */
function replacement(node: SfericNode, { txid, feerateSatPerVb, spendReserve }: BumpParams, changeScript: Uint8Array): { readonly own: OwnTransaction; readonly planned: TransactionPlan } {
  const own = node.onchain.wallet.ownTransactions.find((known) => known.txid === txid);
  if (!own) throw new ApiFailure('not_found', 'This is not an unconfirmed transaction of this wallet. Nothing was changed.');
  const planned = planReplacement({ own, ledger: node.onchain.ledger, coins: node.onchain.spendable(), feerateSatPerVb, changeScript, entropy: node.ports.system.random(32) });
  if (!planned.ok) throw bumpFailure(planned.error);
  const reserveSat = closeReserveSat(node.channels.all());
  const remainingSat = sumSat(node.onchain.spendable()) - (planned.value.feeSat - own.feeSat);
  if (remainingSat < reserveSat && spendReserve !== true) throw reserveFailure(reserveSat, 'send', undefined);
  return { own, planned: planned.value };
}

/** Signs, stores and only then publishes; a refusal of the network is told, and the transaction stays to be tried again. */
async function sendPlan(node: SfericNode, make: (turn: Turn) => { readonly plan: TransactionPlan; readonly replaces: readonly string[]; readonly label: string | undefined }): Promise<{ txid: string; feeSat: bigint }> {
  const { tx, feeSat } = await inTurn(node, (turn) => {
    const { plan: planned, replaces, label } = make(turn);
    const signed = signPlan(planned, node.keys, node.ports.system.random(32));
    const createdAtSeconds = Math.floor(node.ports.system.nowMs() / 1000);
    node.onchain.update(turn, (state) => {
      const recorded = recordOwnTransaction(state, { tx: signed, feeSat: planned.feeSat, createdAtSeconds, replaces });
      return label === undefined ? recorded : setLabel(recorded, labelKey('tx', txidOf(signed)), label);
    });
    return { tx: signed, feeSat: planned.feeSat };
  });
  const published = await node.onchain.publish('payment', tx);
  if (!published.ok && published.code !== 'unreachable') {
    throw new ApiFailure('publish_refused', `The network did not take the transaction (${published.reason}). It is kept and offered again with every block.`, { txid: txidOf(tx) });
  }
  return { txid: txidOf(tx), feeSat };
}

export const walletHandlers: Handlers<WalletMethod> = {
  'wallet.balance': (node) => node.balance(),
  'wallet.newAddress': (node, { kind }) =>
    inTurn(node, (turn) => ({ address: must(scriptToAddress(node.onchain.newAddress(turn, kind, 'receive').script, node.config.network), 'the address') })),
  'wallet.coins': (node) => node.onchain.coins().map((coin) => coinView(coin, node.onchain.wallet, node.config.network)),
  'wallet.transactions': (node, { limit }) => {
    const context = transactionContextOf(node);
    return node.onchain.transactions().slice(0, limit).map((line) => transactionView(line, context));
  },
  'wallet.prepareSend': (node, params) => {
    const script = scriptOfAddress(node, params.address);
    const planned = plan(node, params, script);
    const change = planned.changeVout === undefined ? undefined : planned.unsigned.outputs[planned.changeVout];
    return {
      amountSat: planned.amountSat, feeSat: planned.feeSat, feerateSatPerVb: Number(planned.feeSat) / planned.vsize, virtualSize: planned.vsize,
      changeSat: change?.amountSat ?? 0n,
    }; // prettier-ignore
  },
  'wallet.send': (node, params) =>
    sendPlan(node, (turn) => {
      // Tried first with any script of that size: a plan that fails must not use an address up.
      const tried = plan(node, params, node.keys.scriptOf(ANY_CHANGE));
      if (params.maxFeeSat !== undefined && tried.feeSat > params.maxFeeSat) throw feeOverLimit(tried.feeSat, params.maxFeeSat);
      const changeScript = node.onchain.newAddress(turn, 'p2wpkh', 'change').script;
      const planned = plan(node, params, changeScript);
      if (params.maxFeeSat !== undefined && planned.feeSat > params.maxFeeSat) throw feeOverLimit(planned.feeSat, params.maxFeeSat);
      return { plan: planned, replaces: [], label: params.label };
    }),
  'wallet.prepareBump': (node, params) => {
    const { own, planned } = replacement(node, params, node.keys.scriptOf(ANY_CHANGE));
    const change = planned.changeVout === undefined ? undefined : planned.unsigned.outputs[planned.changeVout];
    return {
      feeSat: planned.feeSat, extraFeeSat: planned.feeSat - own.feeSat, feerateSatPerVb: Number(planned.feeSat) / planned.vsize, virtualSize: planned.vsize,
      oldFeeSat: own.feeSat, oldFeerateSatPerVb: Number(own.feeSat) / virtualSize(own.tx), changeSat: change?.amountSat ?? 0n,
      coins: planned.coins.map((coin) => ({ txid: coin.txid, vout: coin.vout, amountSat: coin.amountSat, isAdded: !own.tx.inputs.some((input) => sameOutPoint(input, coin)) })),
    }; // prettier-ignore
  },
  'wallet.bumpFee': (node, params) =>
    sendPlan(node, (turn) => {
      const { txid, maxFeeSat } = params;
      const keepsLimit = ({ feeSat }: TransactionPlan): void => {
        if (maxFeeSat !== undefined && feeSat > maxFeeSat) throw feeOverLimit(feeSat, maxFeeSat);
      };
      // Tried first with any script of that size, as above.
      keepsLimit(replacement(node, params, node.keys.scriptOf(ANY_CHANGE)).planned);
      const { planned } = replacement(node, params, node.onchain.newAddress(turn, 'p2wpkh', 'change').script);
      keepsLimit(planned);
      // What a person called the payment is the name of its replacement too.
      return { plan: planned, replaces: [txid], label: node.onchain.wallet.labels.get(labelKey('tx', txid)) };
    }),
  'wallet.freezeCoin': (node, { txid, vout, frozen }) =>
    inTurn(node, (turn) => {
      if (frozen && !isUnspent(node.onchain.ledger, { txid, vout })) throw new ApiFailure('coin_unknown', 'This wallet has no such unspent coin.');
      node.onchain.update(turn, (state) => setFrozen(state, { txid, vout }, frozen));
      return {};
    }),
  'wallet.label': (node, { txid, label }) =>
    inTurn(node, (turn) => {
      node.onchain.update(turn, (state) => setLabel(state, labelKey('tx', txid), label));
      return {};
    }),
  'wallet.feerates': (node) => {
    const [fast, normal, slow] = [2, 6, 144].map((target) => node.onchain.satPerVb(target));
    return {
      fastSatPerVb: must(fast, 'rate').satPerVb, normalSatPerVb: must(normal, 'rate').satPerVb, slowSatPerVb: must(slow, 'rate').satPerVb,
      source: must(fast, 'rate').from === 'fallback' ? 'no estimate: built-in rate' : node.ports.chain.name,
    }; // prettier-ignore
  },
};
