import type { ReactNode } from 'react';
import { Label, Radio, RadioGroup, Switch } from 'react-aria-components';

interface SegmentsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly options: readonly (readonly [T, ReactNode])[];
  readonly hideLabel?: boolean;
}

/** One of a few, side by side. */
export function Segments<T extends string>({ label, value, onChange, options, hideLabel = false }: SegmentsProps<T>) {
  return (
    <RadioGroup className="field field-inline" value={value} onChange={(chosen) => onChange(chosen as T)} orientation="horizontal">
      <Label className={hideLabel ? 'visually-hidden' : 'field-label'}>{label}</Label>
      <div className="segmented">
        {options.map(([key, text]) => (
          <Radio key={key} value={key} className="segment">
            {text}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}

export function Toggle({ isOn, onChange, children, isDisabled = false }: { readonly isOn: boolean; readonly onChange: (isOn: boolean) => void; readonly children: ReactNode; readonly isDisabled?: boolean }) {
  return (
    <Switch className="toggle" isSelected={isOn} onChange={onChange} isDisabled={isDisabled}>
      <span className="switch-track" />
      <span>{children}</span>
    </Switch>
  );
}
