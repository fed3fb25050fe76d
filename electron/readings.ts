import type { Answer, ConfirmedMethod, Method, Params, ShellParams } from '../core/api.ts';
import { ApiFailure } from '../core/index.ts';
import type { Reading } from './confirm.ts';
import { amountText, groupsOf, type Say } from './texts/index.ts';

/** An answer as it travels: amounts are digits. */
type Wire<T> = { readonly [K in keyof T]: T[K] extends bigint ? string : T[K] extends bigint | undefined ? string | undefined : T[K] };

export interface ReadingPort {
  /** Asks the engine; rejects with ApiFailure. Parameters and answer as they travel. */
  readonly call: (method: Method, params: unknown) => Promise<unknown>;
  readonly say: Say;
}

type Given<M extends ConfirmedMethod> = M extends Method ? Params<M> : ShellParams<'shell.connect'>;
type Readers = { readonly [M in ConfirmedMethod]: (port: ReadingPort, given: Given<M>) => Promise<Reading> | Reading };

/** As it travels; what is not given is left out. */
const toWire = (params: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).flatMap(([name, value]): [string, unknown][] => (value === undefined ? [] : [[name, typeof value === 'bigint' ? value.toString() : value]])));

const satText = (amountSat: bigint): string => amountText(amountSat * 1000n);

/** An unsent payment's fee may move a little between the question and the answer. */
const withMargin = (feeSat: bigint): bigint => (feeSat * 3n) / 2n + 200n;

const rateLine = (say: Say, rate: number | undefined): string => (rate === undefined ? say('ask.ordinaryRate') : say('ask.rate', { rate }));

async function channelLines({ call, say }: ReadingPort, channelId: string): Promise<string[]> {
  const channel = (await call('channel.get', { channelId })) as Wire<Answer<'channel.get'>>;
  return [say('ask.peer', { text: groupsOf(channel.peerNodeId) }), say('ask.balance', { amount: amountText(BigInt(channel.ourMsat) - BigInt(channel.offeredMsat)) })];
}

/** What the main process makes of each request that it has to ask about: read anew from the engine, never from the page. */
export const READERS: Readers = {
  'payment.send': async ({ call, say }, given) => {
    const invoice = (await call('invoice.decode', { invoice: given.invoice })) as Wire<Answer<'invoice.decode'>>;
    const amountMsat = given.amountMsat ?? (invoice.amountMsat === undefined ? undefined : BigInt(invoice.amountMsat));
    if (amountMsat === undefined) throw new ApiFailure('amount_missing', 'The invoice names no amount. Nothing was paid. Say how much.');
    const question = { invoice: given.invoice, ...(given.amountMsat === undefined ? {} : { amountMsat: `${given.amountMsat}` }) };
    const maxFeeMsat = given.maxFeeMsat ?? BigInt(((await call('payment.quote', question)) as Wire<Answer<'payment.quote'>>).maxFeeMsat);
    return {
      params: toWire({ ...given, maxFeeMsat }), costMsat: amountMsat + maxFeeMsat,
      question: {
        title: say('ask.pay', { amount: amountText(amountMsat) }), yes: say('ask.pay.yes'),
        lines: [
          say('ask.to', { text: groupsOf(invoice.payeeNodeId) }), say('ask.fee', { amount: amountText(maxFeeMsat) }), say('ask.hash', { text: groupsOf(invoice.paymentHash) }),
          ...(given.payAgain ? [say('ask.pay.again')] : []),
        ],
      },
    }; // prettier-ignore
  },
  'wallet.send': async ({ call, say }, given) => {
    const { maxFeeSat: limit, label: _, ...plan } = given;
    const { amountSat, feeSat } = (await call('wallet.prepareSend', toWire(plan))) as Wire<Answer<'wallet.prepareSend'>>;
    const maxFeeSat = limit ?? withMargin(BigInt(feeSat));
    return {
      params: toWire({ ...given, maxFeeSat }),
      question: {
        title: say(given.amountSat === undefined ? 'ask.sendAll' : 'ask.send', { amount: satText(BigInt(amountSat)) }), yes: say('ask.send.yes'),
        lines: [say('ask.address', { text: groupsOf(given.address.trim()) }), say('ask.fee', { amount: satText(maxFeeSat) }), ...(given.spendReserve === true ? [say('ask.send.reserve')] : [])],
      },
    }; // prettier-ignore
  },
  'wallet.bumpFee': async ({ call, say }, given) => {
    const { maxFeeSat: limit, ...plan } = given;
    const { feeSat, oldFeeSat } = (await call('wallet.prepareBump', toWire(plan))) as Wire<Answer<'wallet.prepareBump'>>;
    const maxFeeSat = limit ?? withMargin(BigInt(feeSat));
    return {
      params: toWire({ ...given, maxFeeSat }),
      question: {
        title: say('ask.bump'), yes: say('ask.bump.yes'),
        lines: [
          say('ask.bump.transaction', { text: groupsOf(given.txid) }), say('ask.rate', { rate: given.feerateSatPerVb }), say('ask.bump.before', { amount: satText(BigInt(oldFeeSat)) }),
          say('ask.fee', { amount: satText(maxFeeSat) }), ...(given.spendReserve === true ? [say('ask.send.reserve')] : []),
        ],
      },
    }; // prettier-ignore
  },
  'channel.open': ({ say }, given) => ({
    params: toWire(given),
    question: {
      title: say('ask.open', { amount: satText(given.capacitySat) }), yes: say('ask.open.yes'),
      lines: [
        say('ask.peer', { text: peerText(given.peer) }), rateLine(say, given.feerateSatPerVb),
        ...(given.pushMsat === undefined || given.pushMsat === 0n ? [] : [say('ask.open.push', { amount: amountText(given.pushMsat) })]),
        ...(given.spendReserve === true ? [say('ask.send.reserve')] : []),
      ],
    },
  }), // prettier-ignore
  'channel.close': async (port, given) => ({
    params: toWire(given),
    question: {
      title: port.say('ask.close'), yes: port.say('ask.close.yes'),
      lines: [...(await channelLines(port, given.channelId)), ...(given.address === undefined ? [] : [port.say('ask.close.address', { text: groupsOf(plain(given.address.trim())) })])],
    },
  }), // prettier-ignore
  'channel.forceClose': async (port, given) => ({
    params: toWire(given),
    question: { title: port.say('ask.force'), yes: port.say('ask.force.yes'), lines: [...(await channelLines(port, given.channelId)), port.say('ask.force.text')] },
  }),
  'tower.add': ({ say }, given) => ({
    params: toWire(given),
    question: { title: say('ask.tower'), yes: say('ask.tower.yes'), lines: [say('ask.peer', { text: peerText(given.address) }), ...(given.grade === 'own' ? [say('ask.tower.own')] : [])] },
  }),
  'backup.restore': async ({ call, say }, given) => {
    const { madeAtMs, channels } = (await call('backup.drill', toWire(given))) as Answer<'backup.drill'>;
    const count = channels.filter(({ isKnown }) => !isKnown).length;
    return {
      params: toWire(given),
      // A file that brings nothing back asks nobody to close anything.
      question: count === 0 ? undefined : {
        title: say('ask.restore', { count }), yes: say('ask.restore.yes'),
        lines: [say('ask.restore.made', { text: new Date(madeAtMs).toISOString().slice(0, 10) }), say('ask.restore.text')],
      },
    }; // prettier-ignore
  },
  'vault.revealSeed': ({ say }, given) => ({
    params: toWire(given),
    question: { title: say('ask.reveal'), yes: say('ask.reveal.yes'), lines: [say('ask.reveal.text')] },
  }),
  'shell.connect': async ({ call, say }, given) => {
    // Before there is a wallet there is nothing to lose by it; without an engine nobody knows.
    const vault = (await call('vault.status', {}).catch(() => ({ state: 'missing' }))) as { readonly state: string };
    const lines = [say('ask.connect.network', { text: given.network }), ...given.chainSources.map((source) => say('ask.connect.source', { text: plain(withoutPassword(source)) }))];
    return { params: toWire(given), question: vault.state === 'missing' ? undefined : { title: say('ask.connect'), yes: say('ask.connect.yes'), lines } };
  },
};

const MAX_SHOWN = 200;

/** What the page hands over is shown without anything that could rearrange the lines around it. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x7e]/gu, '?').slice(0, MAX_SHOWN);

/** The key in groups, then where it is. */
function peerText(peer: string): string {
  const [nodeId = '', address] = plain(peer.trim()).split('@', 2);
  return `${groupsOf(nodeId)}${address === undefined ? '' : ` (${address})`}`;
}

/** A password in an address is for the server only. */
export const withoutPassword = (source: string): string => source.replace(/\/\/([^:@/]*):[^@/]*@/u, '//$1:…@');

export const readRequest = (port: ReadingPort, method: ConfirmedMethod, params: never): Promise<Reading> => Promise.resolve(READERS[method](port, params));
