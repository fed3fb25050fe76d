import type { Method } from '../../api.ts';
import { type Handlers, inTurn } from './handler.ts';

export const backupHandlers: Handlers<Extract<Method, `backup.${string}`>> = {
  'backup.status': ({ backups }) => backups.status(),
  'backup.run': ({ backups }) => backups.make(),
  'backup.drill': async (node, { file }) => {
    const backup = node.backups.read(file);
    return inTurn(node, (turn) => node.backups.drill(turn, backup));
  },
  'backup.restore': async (node, { file }) => {
    const backup = node.backups.read(file);
    return inTurn(node, (turn) => node.backups.restore(turn, backup));
  },
};
