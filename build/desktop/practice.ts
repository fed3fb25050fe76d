import { type ChainHandle, startChainProcess } from '../../core/playground/chain-client.ts';
import { type Neighbour, startNeighbour } from '../../core/playground/neighbour.ts';
import { scriptOf } from '../../core/playground/regtest-address.ts';

/** A Bitcoin network in this computer's memory and a second wallet on it, for the window to try everything with. */
export interface Practice {
  readonly chain: ChainHandle;
  readonly neighbour: Neighbour;
  /** For the environment of the window's main process. */
  readonly env: Readonly<Record<string, string>>;
  /** Coins for an address, in a block. */
  readonly give: (address: string, amountSat: bigint) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startPractice(): Promise<Practice> {
  const chain = await startChainProcess();
  const source = `electrum:tcp://127.0.0.1:${chain.electrumPort}`;
  try {
    const neighbour = await startNeighbour(source);
    return {
      chain,
      neighbour,
      env: { SFERIC_NETWORK: 'regtest', SFERIC_CHAIN: source, SFERIC_PRACTICE: '1' },
      give: async (address, amountSat) => {
        const script = scriptOf(address);
        if (!script) throw new Error(`no regtest address: ${address}`);
        await chain.pay(script, amountSat);
        await chain.mine(1);
      },
      stop: async () => {
        await neighbour.stop();
        await chain.stop();
      },
    };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}
