import type { MessageKey } from './en.ts';
import { zhHantFrame } from './frame/zh-hant.ts';
import { zhHantWelcome } from './welcome/zh-hant.ts';
import { zhHantHome } from './home/zh-hant.ts';
import { zhHantPayment } from './payment/zh-hant.ts';
import { zhHantChannels } from './channels/zh-hant.ts';
import { zhHantHistory } from './history/zh-hant.ts';
import { zhHantBackup } from './backup/zh-hant.ts';
import { zhHantUpkeep } from './upkeep/zh-hant.ts';
import { zhHantSettings } from './settings/zh-hant.ts';
import { zhHantPlayground } from './playground/zh-hant.ts';

export const zhHant: Readonly<Record<MessageKey, string>> = {
  ...zhHantFrame,
  ...zhHantWelcome,
  ...zhHantHome,
  ...zhHantPayment,
  ...zhHantChannels,
  ...zhHantHistory,
  ...zhHantBackup,
  ...zhHantUpkeep,
  ...zhHantSettings,
  ...zhHantPlayground,
};
