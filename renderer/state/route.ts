import { createContext, useContext } from 'react';
import type { Screen } from '../../core/api.ts';

/** Where the window is, and what was handed over on the way. */
export interface Route {
  readonly screen: Screen;
  /** An invoice, address or link to start with. */
  readonly input?: string;
  /** A channel to show, or a peer to open one with. */
  readonly channelId?: string;
  readonly peer?: string;
  /** Counted up at every step: coming again is a new start of the screen. */
  readonly visit?: number;
}
export type Go = (route: Route) => void;

export const RouteContext = createContext<{ readonly route: Route; readonly go: Go }>({ route: { screen: 'home' }, go: () => undefined });
export const useRoute = (): { readonly route: Route; readonly go: Go } => useContext(RouteContext);
