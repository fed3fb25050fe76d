import { useEffect, useRef } from 'react';
import type { PlayChannel, PlayNode, PlayState } from '../../../core/api.ts';
import { groups } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { satText, useNames } from './play.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}
type Node = PlayState['nodes'][number];

const YOU: Point = { x: 400, y: 205 };
const PLACES: Readonly<Record<PlayNode, Point>> = { bob: { x: 112, y: 82 }, carol: { x: 688, y: 82 }, dave: { x: 112, y: 318 }, cafe: { x: 688, y: 318 } };
const RADIUS = 30;
const GAP = 6;
const APART = 16;
const LABEL = 20;
const TRAVEL_MS = 900;

const along = (from: Point, to: Point, share: number): Point => ({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });

/** From the rim of one circle to the rim of the other; several lines between the same two stand apart. */
function ends(to: Point, index: number): readonly [Point, Point] {
  const length = Math.hypot(to.x - YOU.x, to.y - YOU.y);
  const rim = (RADIUS + GAP) / length;
  // The normal that points up, so that words above a line stay above it.
  const side = to.x > YOU.x ? -1 : 1;
  const shift = { x: (side * -(to.y - YOU.y) * APART * index) / length, y: (side * (to.x - YOU.x) * APART * index) / length };
  const moved = (point: Point): Point => ({ x: point.x - shift.x, y: point.y - shift.y });
  return [moved(along(YOU, to, rim)), moved(along(YOU, to, 1 - rim))];
}

const path = (from: Point, to: Point): string => `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
const sumOf = (channel: PlayChannel): bigint => channel.htlcs.reduce((sum, { amountMsat }) => sum + amountMsat, 0n);

function Edge({ channel, index }: { readonly channel: PlayChannel; readonly index: number }) {
  const { t } = useI18n();
  const [from, to] = ends(PLACES[channel.node], index);
  const locked = sumOf(channel);
  const total = Number(channel.ourMsat + channel.theirMsat + locked) || 1;
  const first = along(from, to, Number(channel.ourMsat) / total);
  const second = along(from, to, Number(channel.ourMsat + locked) / total);
  const middle = along(from, to, 0.5);
  const isUsable = channel.state === 'open' && channel.isLive;
  const className = channel.state === 'punished' ? 'edge edge-punished' : isUsable ? 'edge' : 'edge edge-away';
  const [htlc] = channel.htlcs;
  const mine = along(from, to, 0.2);
  const theirs = along(from, to, 0.8);
  return (
    <g className={className}>
      <path className="n-local" d={path(from, first)} />
      {locked > 0n && <path className="n-hop" d={path(first, second)} />}
      <path className="n-remote" d={path(second, to)} />
      <text className="n-cap" x={mine.x} y={mine.y - LABEL} textAnchor="middle">
        {satText(channel.ourMsat)}
      </text>
      <text className="n-cap" x={theirs.x} y={theirs.y - LABEL} textAnchor="middle">
        {satText(channel.theirMsat)}
      </text>
      {htlc && (
        <>
          <circle className="dot-halo" cx={middle.x} cy={middle.y} r="14" />
          <circle className="dot-core" cx={middle.x} cy={middle.y} r="8" />
          <text className="n-hoptext" x={middle.x} y={middle.y + LABEL + 16} textAnchor="middle">
            {t('play.lockedUntil', { amount: satText(locked), height: groups(BigInt(htlc.cltvExpiryHeight)) })}
          </text>
        </>
      )}
      {channel.state !== 'open' && (
        <text className={channel.state === 'punished' ? 'n-state n-danger' : 'n-state'} x={middle.x} y={middle.y + LABEL} textAnchor="middle">
          {t(`play.state.${channel.state}`)}
        </text>
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

function NodeMark({ node, name, place }: { readonly node: Node | undefined; readonly name: string; readonly place: Point }) {
  const { t } = useI18n();
  const what = node && !node.isOnline ? 'offline' : node?.isSilent ? 'silent' : undefined;
  return (
    <g className={what === 'offline' ? 'n-off' : undefined}>
      <circle className={node ? 'n-node' : 'n-node n-you'} cx={place.x} cy={place.y} r={RADIUS} />
      <text className="n-letter" x={place.x} y={place.y + 6} textAnchor="middle">
        {name.slice(0, 1)}
      </text>
      <text className="n-name" x={place.x} y={place.y + RADIUS + 19} textAnchor="middle">
        {name}
      </text>
      {what && (
        <text className="n-state" x={place.x} y={place.y + RADIUS + 36} textAnchor="middle">
          {t(`play.state.${what}`)}
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
        const [first] = channels;
        const balances = first ? t('play.picture.balances', { yours: satText(first.ourMsat), theirs: satText(first.theirMsat) }) : t('play.picture.noChannel');
        return <li key={id}>{t('play.picture.node', { node: nameOf(id), balances, what: [...node, ...states].join(', ') })}</li>;
      })}
    </ul>
  );
}

const MOVES = new Set(['paid', 'received']);

export function Network({ play }: { readonly play: PlayState }) {
  const { t } = useI18n();
  const nameOf = useNames();
  const born = useRef(play.log[0]?.id ?? 0);
  // The tab has no entry for each payment; its count stands for them.
  const last = play.log.find(({ code, id }) => MOVES.has(code) && id > born.current);
  const tab = play.tab && play.tab.payments > 0 && play.tab.isRunning ? play.tab : undefined;
  return (
    <div className="net-box">
      <p className="legend net-legend">
        {(['local', 'remote', 'inflight'] as const).map((side, index) => (
          <span key={side} className="key">
            <span className={`swatch sw-${side}`} />
            <span>{t(`play.key.${(['yours', 'theirs', 'locked'] as const)[index] ?? 'yours'}`)}</span>
          </span>
        ))}
      </p>
      <svg className="net" viewBox="0 30 800 365" role="img" aria-label={t('play.picture')}>
        {play.nodes.flatMap(({ id }) => play.channels.filter(({ node }) => node === id).slice(0, 3).map((channel, index) => <Edge key={channel.channelId} channel={channel} index={index} />))}
        {last?.node && <Travel key={last.id} from={last.code === 'paid' ? YOU : PLACES[last.node]} to={last.code === 'paid' ? PLACES[last.node] : YOU} />}
        {tab && <Travel key={`tab ${tab.payments}`} from={YOU} to={PLACES[tab.node]} />}
        <NodeMark node={undefined} name={nameOf('you')} place={YOU} />
        {play.nodes.map((node) => (
          <NodeMark key={node.id} node={node} name={nameOf(node.id)} place={PLACES[node.id]} />
        ))}
      </svg>
      <InWords play={play} />
    </div>
  );
}
