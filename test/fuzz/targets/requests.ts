import { type Method, methods } from '../../../core/api.ts';
import { formatAnswer, parseWords, wireParamsOf } from '../../../core/cli-text.ts';
import { parseListen, parseOptions, UsageError } from '../../../core/headless-options.ts';
import { LineSplitter } from '../../../core/io/electrum/line-splitter.ts';
import { readRequest } from '../../../core/io/rpc-wire.ts';
import { fromUtf8, utf8 } from '../../../core/lib/bytes.ts';
import { ApiFailure } from '../../../core/node/app.ts';
import { decodeParams, dispatch, isMethod } from '../../../core/node/dispatch.ts';
import { mutate, type Random } from '../../support/mutate.ts';
import { type AnyTarget, bytesTarget, nonsense, textTarget } from '../target.ts';
import { mutateJson } from './json.ts';

const names = Object.keys(methods) as Method[];

/** Parameters that fit, or nearly: the mutations take them from there. */
const PARAMS = {
  password: 'correct horse', newPassword: 'battery staple', mnemonic: 'abandon '.repeat(11) + 'about', words: 12, address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  amountSat: '5000', feerateSatPerVb: 2.5, peer: `02${'11'.repeat(32)}@127.0.0.1:9735`, capacitySat: '1000000', channelId: '5a'.repeat(32), invoice: 'lnbcrt1qqqq',
  amountMsat: '1', description: 'té', expirySeconds: 3600, paymentHash: '5a'.repeat(32), limit: 10, txid: '5a'.repeat(32), vout: 0, frozen: true, events: ['alarm'],
}; // prettier-ignore

function paramsOf(method: Method): Record<string, unknown> {
  const known = Object.keys(methods[method].params.shape);
  return Object.fromEntries(Object.entries(PARAMS).filter(([name]) => known.includes(name)));
}

/** Fails as a locked wallet does, so that whatever passes the contract ends somewhere. */
const lockedApp = { call: () => Promise.reject(new ApiFailure('locked', 'The wallet is locked.')) };

const requestOf = (method: Method): object => ({ jsonrpc: '2.0', id: 1, method, params: paramsOf(method) });

interface Asked {
  readonly method: string;
  readonly params: unknown;
}

function rpcTargets(): AnyTarget[] {
  return [
    bytesTarget('JSON-RPC line', (random) => mutate(utf8(`${JSON.stringify(requestOf(random.pick(names)))}\n`), random), (input) => {
      const lines = new LineSplitter(2000).push(Buffer.from(input)) ?? [];
      return lines.some((line) => {
        const request = readRequest(line);
        return request.ok && isMethod(request.value.method) && decodeParams(request.value.method, request.value.params).ok;
      });
    }),
    {
      name: 'JSON-RPC parameters',
      input: (random: Random): Asked => {
        const method = random.pick(names);
        return { method: random.below(50) === 0 ? 'x'.repeat(random.below(300)) : method, params: mutateJson(paramsOf(method), random) };
      },
      sizeOf: ({ params }: Asked) => JSON.stringify(params)?.length ?? 0,
      feed: async ({ method, params }: Asked) => {
        const answer = await dispatch(lockedApp, method, params);
        if (answer.ok || answer.error.code === 'internal') nonsense(`a locked wallet answered ${JSON.stringify(answer)}`);
        if (answer.error.message.length > 400) nonsense('a long message');
        return answer.error.code === 'locked';
      },
    },
  ]; // prettier-ignore
}

const WORDS = ['payment.send', 'invoice=lnbcrt1qqqq', 'payAgain=true', 'timeoutMs=5', 'amountMsat=1000'];
const FLAGS = ['--network', 'regtest', '--data-dir', '/tmp/x', '--listen', '[::1]:9735', '--chain', 'electrum:tcp://127.0.0.1:1', '--log-level', 'debug'];

const mutatedWords = (words: readonly string[], random: Random): readonly string[] =>
  words.flatMap((word) => (random.below(3) > 0 ? [word] : random.below(8) === 0 ? [] : [fromUtf8(mutate(utf8(word), random))]));

const cliTargets = (): AnyTarget[] => [
  {
    name: 'command line of the cli',
    input: (random: Random) => mutatedWords(WORDS, random),
    sizeOf: (words: readonly string[]) => words.join(' ').length,
    feed: (words: readonly string[]) => {
      const parsed = parseWords(words);
      if (!parsed.ok || !isMethod(parsed.value.method)) return false;
      return decodeParams(parsed.value.method, wireParamsOf(parsed.value.method, parsed.value.values)).ok;
    },
  },
  {
    name: 'command line of headless',
    input: (random: Random) => mutatedWords(FLAGS, random),
    sizeOf: (words: readonly string[]) => words.join(' ').length,
    feed: (words: readonly string[]) => {
      try {
        return parseOptions(words) !== undefined;
      } catch (error) {
        if (error instanceof UsageError) return false;
        throw error;
      }
    },
  },
  textTarget('--listen', (random) => fromUtf8(mutate(utf8(random.pick(['[::1]:9735', '0.0.0.0:1'])), random)), (text) => {
    try {
      return parseListen(text).port >= 0;
    } catch (error) {
      if (error instanceof UsageError) return false;
      throw error;
    }
  }),
  {
    name: 'answer shown by the cli',
    input: (random: Random) => mutateJson([{ a: 'x', b: { c: [1, null, 'é\u001b[2J'] } }], random),
    sizeOf: (answer: unknown) => JSON.stringify(answer)?.length ?? 0,
    feed: (answer: unknown) => {
      // oxlint-disable-next-line no-control-regex -- that none of them is left is the point
      if (/[\u0000-\u0008\u000b-\u001f\u202e]/u.test(formatAnswer(answer))) nonsense('a command for the terminal is left');
      return true;
    },
  },
]; // prettier-ignore

export const requestTargets = (): readonly AnyTarget[] => [...rpcTargets(), ...cliTargets()];
