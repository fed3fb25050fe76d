import type { ChainFault } from '../../chain/port.ts';
import type { RpcFailure } from './rpc.ts';

/** Ends a round of questions; `moved` means that the node's chain changed meanwhile and the round is done again. */
export class RoundFault extends Error {
  override readonly name = 'RoundFault';
  readonly fault: ChainFault | 'moved';

  constructor(fault: ChainFault | 'moved') {
    super(fault === 'moved' ? fault : fault.code);
    this.fault = fault;
  }
}

export const violation = (reason: string): RoundFault => new RoundFault({ code: 'protocol_violation', reason });

/** For calls that a healthy node never refuses. */
export function faultOf(failure: RpcFailure): RoundFault {
  if (failure.kind === 'refused') return violation('The node refuses a call that every node answers.');
  return new RoundFault({ code: failure.kind === 'malformed' ? 'protocol_violation' : 'unreachable', reason: failure.reason });
}
