import { enFrame } from './frame/en.ts';
import { enWelcome } from './welcome/en.ts';
import { enHome } from './home/en.ts';
import { enPayment } from './payment/en.ts';
import { enChannels } from './channels/en.ts';
import { enHistory } from './history/en.ts';
import { enBackup } from './backup/en.ts';
import { enUpkeep } from './upkeep/en.ts';
import { enSettings } from './settings/en.ts';
import { enPlayground } from './playground/en.ts';

/** Every sentence of the screens, in ICU syntax. The other languages have the same keys and placeholders. */
export const en = {
  ...enFrame,
  ...enWelcome,
  ...enHome,
  ...enPayment,
  ...enChannels,
  ...enHistory,
  ...enBackup,
  ...enUpkeep,
  ...enSettings,
  ...enPlayground,
} as const;
export type MessageKey = keyof typeof en;
