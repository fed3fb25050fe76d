import type { ShellAnswer } from '../../core/api.ts';
import { useI18n } from '../i18n/context.ts';
import { Segments } from './choice.tsx';

export type Speed = ShellAnswer<'shell.state'>['chainSpeed'];
/** The order is the same wherever a speed is chosen: hands learn it. */
export const SPEEDS = ['fast', 'normal', 'slow'] as const satisfies readonly Speed[];

/** How soon a transaction should be in a block. */
export function SpeedChoice({ label, value, onChange }: { readonly label: string; readonly value: Speed; readonly onChange: (speed: Speed) => void }) {
  const { t } = useI18n();
  return <Segments<Speed> label={label} value={value} onChange={onChange} options={SPEEDS.map((speed) => [speed, t(`speed.${speed}`)] as const)} />;
}
