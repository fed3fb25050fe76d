import { session } from './services.ts';

export type MediaKind = 'video' | 'audio';

/** What the handlers of the main process say to a page that wants to see or hear: both have to agree, as in Electron; without a handler nothing is given. */
export function isMediaGranted(contents: { readonly getURL: () => string }, mediaTypes: readonly MediaKind[]): boolean {
  const { permissionCheck, permissionRequest } = session.defaultSession;
  const requestingUrl = contents.getURL();
  const origin = `${requestingUrl.split('/').slice(0, 3).join('/')}/`;
  const details = { isMainFrame: true, requestingUrl, securityOrigin: origin };
  if (!mediaTypes.every((mediaType) => permissionCheck?.(contents, 'media', origin, { ...details, mediaType }))) return false;
  let isGranted = false;
  permissionRequest?.(contents, 'media', (answer) => (isGranted = answer), { ...details, mediaTypes });
  return isGranted;
}
