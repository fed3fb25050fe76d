import { describe, expect, test } from 'vitest';
import { fromHex } from '../../../core/lib/bytes.ts';
import { formatPeerAddress, parsePeerAddress } from '../../../core/lib/address.ts';

const ID = '034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa';

describe('parsePeerAddress', () => {
  test.each([
    [`${ID}@127.0.0.1:9736`, '127.0.0.1', 9736],
    [`${ID}@127.0.0.1`, '127.0.0.1', 9735],
    [`  ${ID.toUpperCase()}@Node.Example.com:1 \n`, 'node.example.com', 1],
    [`${ID}@localhost:65535`, 'localhost', 65535],
    [`${ID}@[::1]:9735`, '::1', 9735],
    [`${ID}@[2001:DB8::a:1]`, '2001:db8::a:1', 9735],
    [`${ID}@[::ffff:10.0.0.1]:9`, '::ffff:10.0.0.1', 9],
    [`${ID}@[fe80::1%eth0]:9`, 'fe80::1%eth0', 9],
    [`${ID}@[1:2:3:4:5:6:7:8]:9`, '1:2:3:4:5:6:7:8', 9],
    [
      `${ID}@2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion:9735`,
      '2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion',
      9735,
    ],
  ])('%s', (text, host, port) => {
    expect(parsePeerAddress(text)).toEqual({ ok: true, value: { nodeId: fromHex(ID), host, port } });
  });

  test.each([
    ['', 'bad_node_id'],
    ['127.0.0.1:9735', 'bad_node_id'],
    [`${ID.slice(2)}@127.0.0.1`, 'bad_node_id'],
    [`${ID}00@127.0.0.1`, 'bad_node_id'],
    [`04${ID.slice(2)}@127.0.0.1`, 'bad_node_id'],
    [`${ID.slice(0, 65)}g@127.0.0.1`, 'bad_node_id'],
    [ID, 'missing_host'],
    [`${ID}@`, 'missing_host'],
    [`${ID}@:9735`, 'missing_host'],
    [`${ID}@[]:9735`, 'missing_host'],
    [`${ID}@::1`, 'bad_host'],
    [`${ID}@::1:9735`, 'bad_host'],
    [`${ID}@[::1`, 'bad_host'],
    [`${ID}@[::1]9735`, 'bad_host'],
    [`${ID}@[1::2::3]:9735`, 'bad_host'],
    [`${ID}@[12345::]:9735`, 'bad_host'],
    [`${ID}@[1:2:3:4:5:6:7]:9735`, 'bad_host'],
    [`${ID}@[127.0.0.1]:9735`, 'bad_host'],
    [`${ID}@256.0.0.1:9735`, 'bad_host'],
    [`${ID}@1.2.3:9735`, 'bad_host'],
    [`${ID}@a b:9735`, 'bad_host'],
    [`${ID}@http//x:9735`, 'bad_host'],
    [`${ID}@-x.com:9735`, 'bad_host'],
    [`${ID}@x..com:9735`, 'bad_host'],
    [`${ID}@${'a'.repeat(254)}:9735`, 'bad_host'],
    [`${ID}@user@host:9735`, 'bad_host'],
    [`${ID}@host:0`, 'bad_port'],
    [`${ID}@host:65536`, 'bad_port'],
    [`${ID}@host:`, 'bad_port'],
    [`${ID}@host:-1`, 'bad_port'],
    [`${ID}@host:97x`, 'bad_port'],
    [`${ID}@host:1e3`, 'bad_port'],
  ])('%s -> %s', (text, code) => {
    expect(parsePeerAddress(text)).toMatchObject({ ok: false, error: { code } });
  });

  test('the default port can be that of the network', () => {
    expect(parsePeerAddress(`${ID}@host`, 39735)).toMatchObject({ value: { port: 39735 } });
  });

  test.each([`${ID}@[2001:db8::1]:9735`, `${ID}@example.com:1`])('formats back to %s', (text) => {
    const parsed = parsePeerAddress(text);
    expect(parsed.ok && formatPeerAddress(parsed.value)).toBe(text);
  });
});
