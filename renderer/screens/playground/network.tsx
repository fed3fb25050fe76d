import { useEffect, useRef, useState } from 'react';
import type { PlayChannel, PlayNode, PlayState } from '../../../core/api.ts';
import { groups } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { channelWith, satText, useNames } from './play.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}
type Node = PlayState['nodes'][number];

const YOU: Point = { x: 400, y: 205 };
const PLACES: Readonly<Record<PlayNode, Point>> = { bob: { x: 112, y: 72 }, carol: { x: 688, y: 72 }, dave: { x: 112, y: 318 }, cafe: { x: 688, y: 318 } };
const RADIUS = 30;
const GAP = 6;
/** How far words stand from their line. */
const ABOVE = 8;
const BELOW = 22;
const ASIDE = 8;
/** Edges of the picture: what is long under a name begins or ends there. */
const LEFT = 52;
const RIGHT = 748;
const TRAVEL_MS = 900;

const along = (from: Point, to: Point, share: number): Point => ({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
const path = (from: Point, to: Point): string => `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
const sumOf = (channel: PlayChannel): bigint => channel.htlcs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);

function Edge({ channel }: { readonly channel: PlayChannel }) {
  const { t } = useI18n();
  const place = PLACES[channel.node];
  const rim = (RADIUS + GAP) / Math.hypot(place.x - YOU.x, place.y - YOU.y);
  const [from, to] = [along(YOU, place, rim), along(YOU, place, 1 - rim)];
  const locked = sumOf(channel);
  const total = Number(channel.ourMsat + channel.theirMsat + locked) || 1;
  const first = along(from, to, Number(channel.ourMsat) / total);
  const second = along(from, to, Number(channel.ourMsat + locked) / total);
  const middle = along(from, to, 0.5);
  const isUsable = channel.state === 'open' && channel.isLive;
  const className = channel.state === 'punished' ? 'edge edge-punished' : isUsable ? 'edge' : 'edge edge-away';
  const [htlc] = channel.htlcs;
  // Above, the words of two lines meet over one's own node.
  const mine = along(from, to, place.y < YOU.y ? 0.4 : 0.3);
  const theirs = along(from, to, 0.72);
  // Words above a line go on to the side on which it falls, words below to the side on which it rises.
  const falls = place.x < YOU.x === place.y < YOU.y ? 1 : -1;
  const anchor = (side: number): 'start' | 'end' => (side > 0 ? 'start' : 'end');
  return (
    <g className={className}>
      {channel.state === 'punished' ? (
        <path d={path(from, to)} />
      ) : (
        <>
          <path className="n-local" d={path(from, first)} />
          {locked > 0n && <path className="n-hop" d={path(first, second)} />}
          <path className="n-remote" d={path(second, to)} />
        </>
      )}
      <text className="n-cap" x={mine.x + falls * ASIDE} y={mine.y - ABOVE} textAnchor={anchor(falls)}>
        {satText(channel.ourMsat)}
      </text>
      <text className="n-cap" x={theirs.x + falls * ASIDE} y={theirs.y - ABOVE} textAnchor={anchor(falls)}>
        {satText(channel.theirMsat)}
      </text>
      {htlc && (
        <>
          <circle className="dot-halo" cx={middle.x} cy={middle.y} r="14" />
          <circle className="dot-core" cx={middle.x} cy={middle.y} r="8" />
          <text className="n-hoptext" x={middle.x - falls * ASIDE} y={middle.y + BELOW} textAnchor={anchor(-falls)}>
            {t('play.lockedUntil', { amount: satText(locked), height: groups(BigInt(htlc.cltvExpiryHeight)) })}
          </text>
        </>
      )}
    </g>
  );
}

/** A payment that has just been made, travelling once from payer to payee. */
function Travel({ from, to }: { readonly from: Point; readonly to: Point }) {
  const dot = useRef<SVGCircleElement>(null);
  useEffect(() => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const at = ({ x, y }: Point, opacity: number): Keyframe => ({ transform: `translate(${x}px, ${y}px)`, opacity });
    const moving = dot.current?.animate([at(from, 1), { ...at(to, 1), offset: 0.85 }, at(to, 0)], { duration: TRAVEL_MS, easing: 'ease-in-out' });
    return () => moving?.cancel();
  }, [from, to]);
  return <circle ref={dot} className="dot-core dot-travel" r="8" />;
}

function You({ name }: { readonly name: string }) {
  return (
    <g>
      <circle className="n-node n-you" cx={YOU.x} cy={YOU.y} r={RADIUS} />
      <g className="n-mark" transform={`translate(${YOU.x - 14} ${YOU.y - 14}) scale(1.75)`}>
        <path d="M2 14h3a3 3 0 0 0 3-3V5a3 3 0 0 1 3-3h3" />
        <path className="mark-base" d="M2 8h2.5M11.5 8H14" />
      </g>
      <text className="n-name" x={YOU.x} y={YOU.y + RADIUS + 19} textAnchor="middle">
        {name}
      </text>
    </g>
  );
}

function NodeMark({ node, name, channel }: { readonly node: Node; readonly name: string; readonly channel: PlayChannel | undefined }) {
  const { t } = useI18n();
  const place = PLACES[node.id];
  const state = !node.isOnline ? 'offline' : channel && channel.state !== 'open' ? channel.state : channel && node.isSilent ? 'silent' : undefined;
  const isLong = state === 'failing';
  const isLeft = place.x < YOU.x;
  return (
    <g className={node.isOnline ? undefined : 'n-off'}>
      <circle className="n-node" cx={place.x} cy={place.y} r={RADIUS} />
      <text className="n-letter" x={place.x} y={place.y + 6} textAnchor="middle">
        {name.slice(0, 1)}
      </text>
      <text className="n-name" x={place.x} y={place.y + RADIUS + 19} textAnchor="middle">
        {name}
      </text>
      {(state ?? (channel ? undefined : 'none')) && (
        <text className={state === 'punished' ? 'n-state n-danger' : 'n-state'} x={isLong ? (isLeft ? LEFT : RIGHT) : place.x} y={place.y + RADIUS + 39} textAnchor={isLong ? (isLeft ? 'start' : 'end') : 'middle'}>
          {state ? t(`play.state.${state}`) : t('play.picture.noChannel')}
        </text>
      )}
    </g>
  );
}

/** The same in words, for whoever does not see the picture. */
function InWords({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const nameOf = useNames();
  return (
    <ul className="visually-hidden">
      {play.nodes.map(({ id, isOnline, isSilent }) => {
        const channels = play.channels.filter(({ node }) => node === id);
        const node = isOnline ? (isSilent ? [t('play.state.silent')] : []) : [t('play.state.offline')];
        const states = channels.flatMap((channel) => [t(`play.state.${channel.state}`), ...channel.htlcs.map(({ amountMsat, cltvExpiryHeight }) => t('play.picture.locked', { amount: satText(amountMsat), height: groups(BigInt(cltvExpiryHeight)) }))]);
        const shown = channelWith(play, id);
        const balances = shown ? t('play.picture.balances', { yours: satText(shown.ourMsat), theirs: satText(shown.theirMsat) }) : t('play.picture.noChannel');
        return <li key={id}>{t('play.picture.node', { node: nameOf(id), balances, what: [...node, ...states].join(', ') })}</li>;
      })}
    </ul>
  );
}

const MOVES = new Set(['paid', 'received']);

export function Network({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const nameOf = useNames();
  /** What had happened before this picture was there does not move. */
  const [born] = useState(play.log[0]?.id ?? 0);
  // The tab has no entry for each payment; its count stands for them.
  const last = play.log.find(({ code, id }) => MOVES.has(code) && id > born);
  const tab = play.tab && play.tab.payments > 0 && play.tab.isRunning ? play.tab : undefined;
  const hasCheated = play.nodes.some(({ id }) => channelWith(play, id)?.state === 'punished');
  return (
    <div className="net-box">
      <p className="legend net-legend">
        {(['local', 'remote', 'inflight'] as const).map((side, index) => (
          <span key={side} className="key">
            <span className={`swatch sw-${side}`} />
            <span>{t(`play.key.${(['yours', 'theirs', 'locked'] as const)[index] ?? 'yours'}`)}</span>
          </span>
        ))}
        {hasCheated && (
          <span className="key">
            <span className="swatch sw-cheated" />
            <span>{t('play.state.punished')}</span>
          </span>
        )}
        <span className="net-unit">{t('play.key.unit')}</span>
      </p>
      <svg className="net" viewBox="40 36 720 360" role="img" aria-label={t('play.picture')}>
        {play.nodes.map(({ id }) => {
          const channel = channelWith(play, id);
          return channel && <Edge key={id} channel={channel} />;
        })}
        {last?.node && <Travel key={last.id} from={last.code === 'paid' ? YOU : PLACES[last.node]} to={last.code === 'paid' ? PLACES[last.node] : YOU} />}
        {tab && <Travel key={`tab ${tab.payments}`} from={YOU} to={PLACES[tab.node]} />}
        <You name={nameOf('you')} />
        {play.nodes.map((node) => (
          <NodeMark key={node.id} node={node} name={nameOf(node.id)} channel={channelWith(play, node.id)} />
        ))}
      </svg>
      <InWords play={play} />
    </div>
  );
}
