import type { MessageKey } from './en.ts';
import { zhHansFrame } from './frame/zh-hans.ts';
import { zhHansWelcome } from './welcome/zh-hans.ts';
import { zhHansHome } from './home/zh-hans.ts';
import { zhHansPayment } from './payment/zh-hans.ts';
import { zhHansChannels } from './channels/zh-hans.ts';
import { zhHansHistory } from './history/zh-hans.ts';
import { zhHansBackup } from './backup/zh-hans.ts';
import { zhHansUpkeep } from './upkeep/zh-hans.ts';
import { zhHansSettings } from './settings/zh-hans.ts';
import { zhHansPlayground } from './playground/zh-hans.ts';

export const zhHans: Readonly<Record<MessageKey, string>> = {
  ...zhHansFrame,
  ...zhHansWelcome,
  ...zhHansHome,
  ...zhHansPayment,
  ...zhHansChannels,
  ...zhHansHistory,
  ...zhHansBackup,
  ...zhHansUpkeep,
  ...zhHansSettings,
  ...zhHansPlayground,
};
