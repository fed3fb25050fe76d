import type { ApiError } from '../../core/api.ts';
import type { MessageKey } from '../i18n/en.ts';
import { amountText } from './amounts.ts';

type Unit = 'sat' | 'btc';
type Facts = NonNullable<ApiError['data']>;

export interface FaultWords {
  readonly key: MessageKey;
  readonly values: Readonly<Record<string, string>>;
}

/** To the millisatoshi, with its unit. */
export function exactAmount(msat: bigint, unit: Unit): string {
  const { whole, fraction, unit: name } = amountText(msat, unit, true);
  return `${whole}${fraction === undefined ? '' : `.${fraction}`}\u2009${name}`;
}

const LIMITS: ReadonlySet<string> = new Set(['no_channel', 'offline', 'htlc_count', 'in_flight', 'reserve_and_fee', 'needs_multi_part']);
/** Of these the amount is the reason: paying less would do. */
const BY_AMOUNT: ReadonlySet<string> = new Set(['htlc_count', 'in_flight', 'reserve_and_fee', 'needs_multi_part']);
const FILES: ReadonlySet<string> = new Set(['no_backup', 'damaged', 'other_wallet', 'other_network', 'newer_version', 'keys_taken']);
const BOUNDS: ReadonlySet<string> = new Set(['amount_below_minimum', 'amount_too_low', 'amount_too_high']);

/** The same refusal of an invoice that names its amount: nobody can pay less than that. */
export const ofFixedAmount = ({ code, message, data }: ApiError): ApiError => ({ code, message, data: { ...data, amount: 'fixed' } });

function balanceKey(fault: string, { amount, possibleMsat }: Facts): MessageKey | undefined {
  if (!LIMITS.has(fault)) return undefined;
  const kind = !BY_AMOUNT.has(fault) ? '' : possibleMsat === '0' && fault !== 'needs_multi_part' ? 'nothing.' : amount === 'fixed' ? 'fixed.' : '';
  return `fault.balance.${kind}${fault}` as MessageKey;
}

/** Which sentence says it, where that depends on more than the code. */
function keyOf(code: ApiError['code'], data: Facts): MessageKey | undefined {
  const fault = String(data['fault'] ?? '');
  const reason = String(data['reason'] ?? '');
  if (data['parameter'] === 'file' && FILES.has(reason)) return `fault.backup.${reason}` as MessageKey;
  switch (code) {
    case 'insufficient_balance':
      return balanceKey(fault, data);
    case 'amount_out_of_bounds':
      return BOUNDS.has(fault) ? (`fault.amount.${fault}` as MessageKey) : undefined;
    case 'fee_limit_too_low':
      return 'neededMsat' in data ? 'fault.feeLimit.way' : 'fault.feeLimit.chain';
    case 'below_reserve':
      return !('possibleSat' in data) ? 'fault.reserve.kept' : fault === 'open' ? 'fault.reserve.open' : 'fault.reserve.send';
    case 'insufficient_funds':
      return 'fault.funds';
    case 'dust_amount':
      return 'fault.dust';
    case 'fee_absurd':
      return 'limitPercent' in data ? 'fault.feeShare' : undefined;
    case 'funding_too_small':
      return 'fault.funding.small';
    case 'funding_too_large':
      return 'fault.funding.large';
    default:
      return undefined;
  }
}

/**
 * The sentence of a refusal that names amounts, with these in the unit of the settings; undefined where the code alone says
 * it all. `wantedMsat` and `wantedSat` both fill in `wanted`.
 */
export function faultWords({ code, data }: Pick<ApiError, 'code' | 'data'>, unit: Unit): FaultWords | undefined {
  const key = data && keyOf(code, data);
  if (!key) return undefined;
  const values = Object.entries(data).map(([name, value]): [string, string] => {
    const [, bare, scale] = /^(\w+?)(Msat|Sat|Percent)$/u.exec(name) ?? [];
    if (bare === undefined || !/^\d{1,20}$/u.test(String(value))) return [name, String(value)];
    if (scale === 'Percent') return ['percent', String(value)];
    return [bare, exactAmount(BigInt(value) * (scale === 'Sat' ? 1000n : 1n), unit)];
  });
  return { key, values: Object.fromEntries(values) };
}
