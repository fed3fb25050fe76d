import type { NetworkName } from '../bitcoin/network.ts';
import type { ChainSource } from '../chain/port.ts';
import { err, must, ok, type Result } from '../lib/result.ts';
import type { BitcoindServer } from './bitcoind/rpc.ts';
import { BitcoindSource } from './bitcoind/source.ts';
import { chainEnvironment, type ChainSourceOptions } from './chain-options.ts';
import { CombinedSource } from './combined-source.ts';
import type { ElectrumServer } from './electrum/connection.ts';
import { ElectrumSource } from './electrum/source.ts';
import type { RankedSource } from './ranked-source.ts';

export type ChainSpec = { readonly kind: 'electrum'; readonly server: ElectrumServer } | { readonly kind: 'bitcoind'; readonly server: BitcoindServer };

const BITCOIND_PORTS: Readonly<Record<NetworkName, number>> = { mainnet: 8332, testnet: 18332, signet: 38332, regtest: 18443 };
const ELECTRUM_PORTS = { tcp: 50001, tls: 50002 } as const;

/**
 * `electrum:tcp://host:port`, `electrum:tls://host:port`, `bitcoind:http://user:password@host:port` or
 * `bitcoind:http://host:port?cookie=<file>`. The error is a sentence that never repeats a password.
 */
export function parseChainSpec(spec: string, network: NetworkName): Result<ChainSpec, string> {
  const [, kind, rest] = /^(electrum|bitcoind):(.*)$/.exec(spec) ?? [];
  const url = kind === undefined || rest === undefined || !URL.canParse(rest) ? undefined : new URL(rest);
  if (!url || !url.hostname) return err('A chain source is written electrum:tcp://host:port, electrum:tls://host:port or bitcoind:http://user:password@host:port.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const scheme = url.protocol.slice(0, -1);
  if (kind === 'electrum') {
    if (scheme !== 'tcp' && scheme !== 'tls') return err('An Electrum server is reached by tcp or tls.');
    return ok({ kind, server: { protocol: scheme, host, port: Number(url.port) || ELECTRUM_PORTS[scheme] } });
  }
  if (scheme !== 'http' && scheme !== 'https') return err('bitcoind is reached by http or https.');
  const cookieFile = url.searchParams.get('cookie');
  if (cookieFile === null && url.username === '') return err('bitcoind needs a user name and password, or ?cookie= with the path of its cookie file.');
  const [user, password] = [url.username, url.password].map(decoded);
  if (user === undefined || password === undefined) return err('The user name or password of bitcoind has a % that is not an escape: write %25 for it.');
  const login = cookieFile === null ? { user, password } : { cookieFile };
  return ok({ kind: 'bitcoind', server: { protocol: scheme, host, port: Number(url.port) || BITCOIND_PORTS[network], login } });
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** One source for one spec or for all of several: Electrum servers share a header chain, each bitcoind stands for itself. */
export function createChainSource(
  specs: string | readonly string[], network: NetworkName, options: ChainSourceOptions = {},
): Result<ChainSource, string> { // prettier-ignore
  const electrum: ElectrumServer[] = [];
  const bitcoind: BitcoindServer[] = [];
  for (const text of typeof specs === 'string' ? [specs] : specs) {
    const spec = parseChainSpec(text, network);
    if (!spec.ok) return spec;
    if (spec.value.kind === 'electrum') electrum.push(spec.value.server);
    else bitcoind.push(spec.value.server);
  }
  const env = chainEnvironment(network, options);
  const sources: RankedSource[] = bitcoind.map((server) => new BitcoindSource(server, env));
  if (electrum.length > 0) sources.push(new ElectrumSource(electrum, env));
  if (sources.length === 0) return err('No chain source is given.');
  return ok(sources.length === 1 ? must(sources[0], 'source') : new CombinedSource(sources, env));
}
