import { useCallback, useState } from 'react';
import type { PlayChannel, PlayPerson, PlayState } from '../../../core/api.ts';
import { groups } from '../../format/amounts.ts';
import { useI18n } from '../../i18n/context.ts';
import { useAnswer } from '../../state/answers.ts';
import { useEvent } from '../../state/use-event.ts';

/** The network as it was told last; undefined until the first word. */
export function usePlay(): PlayState | undefined {
  const { value } = useAnswer('playground.state', {}, []);
  const [told, setTold] = useState<PlayState>();
  useEvent((name, data) => name === 'playground.updated' && setTold(data as PlayState));
  return told ?? value;
}

/** What a node is called in the language of the screen. */
export function useNames(): (id: PlayPerson) => string {
  const { t } = useI18n();
  return useCallback((id) => t(`play.node.${id}`), [t]);
}

/** An amount within a sentence: its thin spaces never break. */
export const inSentence = (amount: bigint): string => groups(amount).replaceAll('\u2009', '\u202f');
export const satText = (msat: bigint): string => inSentence(msat / 1000n);

/** The channel with a node that can be used now, or else the newest that is on its way out. */
export const channelWith = (play: PlayState, id: PlayPerson): PlayChannel | undefined => {
  const all = play.channels.filter(({ node }) => node === id);
  return all.find(({ state }) => state === 'open') ?? all.at(-1);
};
