import { useState } from 'react';
import { useRoute } from '../../state/route.ts';
import { Activity } from './activity.tsx';
import { ChannelTimeline } from './channel-timeline.tsx';

/** What happened: everything in one ledger, or one channel state by state. */
export function History() {
  const { route } = useRoute();
  const [channelId, setChannelId] = useState(route.channelId);
  return channelId === undefined ? <Activity onChannel={setChannelId} /> : <ChannelTimeline key={channelId} channelId={channelId} onBack={() => setChannelId(undefined)} />;
}
