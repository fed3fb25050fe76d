/** What somebody typed, pasted or dropped, as the screen that it belongs to. Whether it is valid the engine decides. */
export type Recognised =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'invoice'; readonly invoice: string }
  | { readonly kind: 'address'; readonly address: string; readonly amountSat?: bigint; readonly label?: string; readonly invoice?: string }
  | { readonly kind: 'peer'; readonly peer: string }
  | { readonly kind: 'transaction'; readonly txid: string }
  | { readonly kind: 'later'; readonly what: 'offer' | 'lnurl' | 'name' }
  | { readonly kind: 'seed' }
  | { readonly kind: 'unknown' };

const INVOICE = /^ln(?:bc|tb|tbs|bcrt|sb)[0-9]*[munp]?1[02-9ac-hj-np-z]+$/iu;
const ADDRESS = /^(?:(?:bc|tb|bcrt)1[02-9ac-hj-np-z]{6,100}|[123mn][1-9A-HJ-NP-Za-km-z]{25,40})$/iu;
const PEER = /^(?:02|03)[0-9a-f]{64}(?:@.{1,300})?$/iu;
const BTC = /^(\d{1,8})(?:\.(\d{1,8}))?$/u;

/** Codes hold segwit addresses in capitals, since these make a smaller picture; a person compares the usual letters. */
const usualLetters = (address: string): string => (/^(?:BC|TB|BCRT)1[0-9A-Z]+$/u.test(address) ? address.toLowerCase() : address);

/** Decimal bitcoins of BIP 21 to satoshi, exactly. */
export function satOfBtc(text: string): bigint | undefined {
  const found = BTC.exec(text);
  return found ? BigInt(found[1] ?? '0') * 100_000_000n + BigInt((found[2] ?? '').padEnd(8, '0')) : undefined;
}

function recogniseBip21(rest: string): Recognised {
  const [address = '', query = ''] = rest.replace(/^\/\//u, '').split('?', 2);
  const fields = new URLSearchParams(query);
  // BIP 21: who does not understand a `req-` field must not pay.
  if ([...fields.keys()].some((name) => name.startsWith('req-'))) return { kind: 'unknown' };
  const invoice = fields.get('lightning') ?? undefined;
  const amountSat = satOfBtc(fields.get('amount') ?? '');
  const label = fields.get('label') ?? fields.get('message') ?? undefined;
  if (address === '' && invoice !== undefined) return { kind: 'invoice', invoice };
  if (!ADDRESS.test(address)) return { kind: 'unknown' };
  return { kind: 'address', address: usualLetters(address), ...(amountSat === undefined ? {} : { amountSat }), ...(label === undefined ? {} : { label }), ...(invoice === undefined ? {} : { invoice }) };
}

export function recognise(input: string): Recognised {
  const text = input.trim();
  if (text === '') return { kind: 'nothing' };
  const [, scheme, rest = ''] = /^(lightning|bitcoin):(.*)$/isu.exec(text) ?? [];
  if (scheme?.toLowerCase() === 'bitcoin') return recogniseBip21(rest);
  const bare = scheme ? rest.replace(/^\/\//u, '') : text;
  if (INVOICE.test(bare)) return { kind: 'invoice', invoice: bare.toLowerCase() };
  if (/^lno1/iu.test(bare)) return { kind: 'later', what: 'offer' };
  if (/^lnurl1/iu.test(bare)) return { kind: 'later', what: 'lnurl' };
  if (PEER.test(bare)) return { kind: 'peer', peer: bare };
  if (/^[0-9a-f]{64}$/iu.test(bare)) return { kind: 'transaction', txid: bare.toLowerCase() };
  if (ADDRESS.test(bare)) return { kind: 'address', address: usualLetters(bare) };
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(bare)) return { kind: 'later', what: 'name' };
  if (/^(?:[a-z]{3,8}\s+){11,23}[a-z]{3,8}$/iu.test(bare)) return { kind: 'seed' };
  return { kind: 'unknown' };
}
