import { amountText } from '../format/amounts.ts';
import { useShell } from '../state/shell.ts';

interface AmountProps {
  readonly msat?: bigint;
  readonly sat?: bigint;
  /** msat as three dimmed digits; otherwise cut off, never rounded up. */
  readonly exact?: boolean;
  readonly unit?: boolean;
  /** Money that has arrived, with a plus. */
  readonly arrived?: boolean;
}

/** One amount, in the unit that the person chose. */
export function Amount({ msat, sat, exact = false, unit = true, arrived = false }: AmountProps) {
  const { shell } = useShell();
  const text = amountText(msat ?? (sat ?? 0n) * 1000n, shell.unit, exact);
  return (
    <span className={arrived ? 'amount amount-in' : 'amount'}>
      {arrived ? '+' : ''}
      {text.whole}
      {text.fraction && <span className="msat">.{text.fraction}</span>}
      {unit && <span className="unit">{`\u2009${text.unit}`}</span>}
    </span>
  );
}
