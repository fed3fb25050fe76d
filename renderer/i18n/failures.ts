type Table = Readonly<Record<string, string>>;

/** Why a payment ended without arriving, by the reason that the engine gives. */
// prettier-ignore
export const FAILURES: { readonly 'zh-Hans': Table; readonly 'zh-Hant': Table } = {
  'zh-Hans': {
    no_route: '所有到达收款人的路径都失败了。资金没有离开钱包。',
    insufficient_balance: '通道无法承载该金额。资金没有离开钱包。',
    needs_multi_part: '该金额需要同时使用多条通道，而收款人不接受。',
    amount_below_minimum: '金额低于路径可承载的最小值。',
    fee_limit_too_low: '剩余的路径费用都超过你的上限。',
    onion_too_large: '到达收款人的路径过长。',
    refused_by_payee: '收款人拒绝了付款：发票未知、已支付或金额不符。资金没有离开钱包。请索取新的发票。',
    invoice_expired: '付款到达之前发票已过期。资金没有离开钱包。',
    deadline_passed: '付款耗时过长，已放弃。资金没有离开钱包。',
    attempts_exhausted: '尝试次数过多。资金没有离开钱包。请稍后再试。',
    cancelled: '付款已取消。资金没有离开钱包。',
    outcome_unknown: '无法确定付款是否到达。再次付款前请询问收款人。',
    other: '付款失败。资金没有离开钱包。',
  },
  'zh-Hant': {
    no_route: '所有到達收款人的路徑都失敗了。資金沒有離開錢包。',
    insufficient_balance: '通道無法承載該金額。資金沒有離開錢包。',
    needs_multi_part: '該金額需要同時使用多條通道，而收款人不接受。',
    amount_below_minimum: '金額低於路徑可承載的最小值。',
    fee_limit_too_low: '剩餘的路徑費用都超過你的上限。',
    onion_too_large: '到達收款人的路徑過長。',
    refused_by_payee: '收款人拒絕了付款：發票未知、已支付或金額不符。資金沒有離開錢包。請索取新的發票。',
    invoice_expired: '付款到達之前發票已過期。資金沒有離開錢包。',
    deadline_passed: '付款耗時過長，已放棄。資金沒有離開錢包。',
    attempts_exhausted: '嘗試次數過多。資金沒有離開錢包。請稍後再試。',
    cancelled: '付款已取消。資金沒有離開錢包。',
    outcome_unknown: '無法確定付款是否到達。再次付款前請詢問收款人。',
    other: '付款失敗。資金沒有離開錢包。',
  },
};
