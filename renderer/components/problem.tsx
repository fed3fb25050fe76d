import type { RequestError } from '../client/client.ts';
import { useI18n } from '../i18n/context.ts';
import { Notice } from './notice.tsx';

/** Why something was refused: what happened, what it means for the money, what to do. */
export function Problem({ error, title }: { readonly error: RequestError | undefined; readonly title?: string }) {
  const { errorText } = useI18n();
  if (!error) return null;
  return (
    <Notice kind="danger" live {...(title ? { title } : {})}>
      <p>{errorText(error)}</p>
    </Notice>
  );
}
