import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { piecesOf } from '../../../electron/exports.ts';
import { createApp, dispatch } from '../../../core/index.ts';
import { openStore } from '../../../core/io/sqlite/open.ts';
import { unlockVault, VAULT_NAME } from '../../../core/io/vault-file.ts';
import { silentLogger } from '../../../core/node/log.ts';
import { startChainProcess } from '../../../core/playground/chain-client.ts';
import { passwordBytes } from '../../../core/store/vault.ts';
import { PASSWORD, startHeadlessProcess } from '../../support/headless-process.ts';
import { below, type Figure } from '../figures.ts';
import { writeHistory } from './history.ts';

/** In the main process nothing may take longer: the window would stand still. */
const LIMIT_MS = 50;

/** The longest time for which a process that is asked as the window asks does nothing else; 100 000 payments of history. */
export async function measurePauses(): Promise<readonly Figure[]> {
  const chain = await startChainProcess();
  const source = `electrum:tcp://127.0.0.1:${chain.electrumPort}`;
  const { dataDir, stop } = await startHeadlessProcess({ chain: [source] });
  await stop();
  try {
    const vault = await unlockVault(join(dataDir, VAULT_NAME), passwordBytes(PASSWORD));
    const { store } = await openStore({ folder: dataDir, dataKey: vault.dataKey, random: randomBytes });
    await writeHistory(store);
    await store.close();
    const app = await createApp({ network: 'regtest', dataDir, chain: [source], log: silentLogger });
    const ask = (method: string, params: unknown) => async (): Promise<void> => {
      const answer = await dispatch(app, method, params);
      if (!answer.ok) throw new Error(`${method}: ${answer.error.message}`);
    };
    const tasks: Readonly<Record<string, () => Promise<void>>> = {
      unlock: ask('vault.unlock', { password: PASSWORD }),
      check_password: ask('vault.checkPassword', { password: PASSWORD }),
      change_password: ask('vault.changePassword', { password: PASSWORD, newPassword: `${PASSWORD} battery` }),
      list_100_payments: ask('payment.list', { limit: 100 }),
      list_1000_payments: ask('payment.list', { limit: 1000 }),
      export_100k_payments: () => writeFile(join(dataDir, 'activity.csv'), piecesOf((method, params) => dispatch(app, method, params), { what: 'activity' })),
    };
    try {
      const figures: Figure[] = [];
      for (const [name, task] of Object.entries(tasks)) {
        const delays = monitorEventLoopDelay({ resolution: 1 });
        delays.enable();
        await task();
        delays.disable();
        figures.push(below(LIMIT_MS, `pause_${name}_ms`, delays.max / 1e6, 'ms'));
      }
      return figures;
    } finally {
      await app.stop();
    }
  } finally {
    await chain.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
