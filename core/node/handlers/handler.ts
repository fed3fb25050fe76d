import type { Answer, Method, Params } from '../../api.ts';
import type { SfericNode } from '../node.ts';
import type { Turn } from '../turns.ts';

/** The methods that need a running node, each with its handler. */
export type Handlers<M extends Method> = { readonly [K in M]: (node: SfericNode, params: Params<K>) => Promise<Answer<K>> | Answer<K> };

/** Runs `task` in a turn and answers with its value once everything that it changed is durable. */
export function inTurn<T>(node: SfericNode, task: (turn: Turn) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    node.turns.enqueue((turn) => {
      try {
        const value = task(turn);
        turn.after(() => resolve(value));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
