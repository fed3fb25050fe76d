import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { useI18n } from '../../i18n/context.ts';
import { useRoute } from '../../state/route.ts';

/** Coins have come, and still nothing can be spent at once: why, and the way on. */
export function NextStep({ onChainMsat, channelCount }: { readonly onChainMsat: bigint; readonly channelCount: number }) {
  const { t } = useI18n();
  const { go } = useRoute();
  if (onChainMsat === 0n || channelCount > 0) return null;
  return (
    <Notice title={t('nextStep.channel')} action={<Button size="small" onPress={() => go({ screen: 'channels' })}>{t('nextStep.button')}</Button>}>
      <p>{t('nextStep.channel.text')}</p>
    </Notice>
  );
}
