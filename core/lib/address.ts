import { toHex, tryFromHex } from './bytes.ts';
import { type Result, err, ok } from './result.ts';

/** Where a node is reached: 33-byte node id, host (IPv4, IPv6 without brackets, or a name) and TCP port. */
export interface PeerAddress {
  readonly nodeId: Uint8Array;
  readonly host: string;
  readonly port: number;
}

export interface AddressFault {
  readonly code: 'bad_node_id' | 'missing_host' | 'bad_host' | 'bad_port';
  readonly expected: string;
  readonly actual: string;
}

export const DEFAULT_PORT = 9735;
const NODE_ID_BYTES = 33;
const fault = (code: AddressFault['code'], expected: string, actual: string): Result<never, AddressFault> =>
  err({ code, expected, actual: actual.slice(0, 100) });

/** `nodeid@host:port`; an IPv6 address stands in brackets, the port may be left out. Spaces around are dropped. */
export function parsePeerAddress(text: string, defaultPort = DEFAULT_PORT): Result<PeerAddress, AddressFault> {
  const trimmed = text.trim();
  const at = trimmed.indexOf('@');
  const idText = at < 0 ? trimmed : trimmed.slice(0, at);
  const nodeId = parseNodeId(idText);
  if (!nodeId) return fault('bad_node_id', '66 hex digits starting with 02 or 03', idText);
  const target = at < 0 ? '' : trimmed.slice(at + 1);
  const split = splitHostPort(target);
  if (!split) return fault('bad_host', 'an IPv6 address in brackets', target);
  const [host, portText] = split;
  if (host === '') return fault('missing_host', 'node id, @, host and port', target);
  if (!isHost(host, target.startsWith('['))) return fault('bad_host', 'an IP address or a host name', host);
  const port = portText === undefined ? defaultPort : parsePort(portText);
  if (port === undefined) return fault('bad_port', 'a port from 1 to 65535', portText ?? '');
  return ok({ nodeId, host: host.toLowerCase(), port });
}

/** Undefined when it cannot be a node id; whether it lies on the curve is for core/crypto to say. */
export function parseNodeId(text: string): Uint8Array | undefined {
  const nodeId = text.length === 2 * NODE_ID_BYTES ? tryFromHex(text) : undefined;
  return nodeId && (nodeId[0] === 2 || nodeId[0] === 3) ? nodeId : undefined;
}

export function formatPeerAddress({ nodeId, host, port }: PeerAddress): string {
  return `${toHex(nodeId)}@${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Host and, if given, port text; undefined when brackets or colons do not fit. */
function splitHostPort(target: string): readonly [host: string, port: string | undefined] | undefined {
  const parts = target.startsWith('[')
    ? /^\[([^\]]*)\](?::(.*))?$/s.exec(target)
    : /^([^:]*)(?::([^:]*))?$/s.exec(target);
  return parts ? [parts[1]!, parts[2]] : undefined;
}

const isHost = (host: string, bracketed: boolean): boolean => (bracketed ? isIpv6(host) : isIpv4(host) || isName(host));

const isIpv4 = (host: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(host) && host.split('.').every((part) => Number(part) <= 255);

/** Groups of up to four hex digits, `::` at most once, perhaps an IPv4 address at the end, perhaps a zone. */
function isIpv6(host: string): boolean {
  const [address = '', zone, ...more] = host.split('%');
  if (more.length > 0 || (zone !== undefined && !/^[\w.-]{1,32}$/.test(zone))) return false;
  const embedded = /(?<=:)[^:]*\.[^:]*$/.exec(address)?.[0];
  if (embedded !== undefined && !isIpv4(embedded)) return false;
  const hexOnly = embedded === undefined ? address : `${address.slice(0, -embedded.length)}0:0`;
  const halves = hexOnly.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
}

/** Labels of letters, digits and hyphens (RFC 1123); the last is not all digits, else a bad IPv4 address would pass. */
const isName = (host: string): boolean =>
  host.length <= 253 &&
  host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)) &&
  !/(^|\.)\d+$/.test(host);

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
