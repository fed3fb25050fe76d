/** Where in the byte stream of a peer something was wrong. */
export type TransportStep = 'act_one' | 'act_two' | 'act_three' | 'message_length' | 'message';

/**
 * Why a byte stream cannot be followed any further; the connection ends, without another byte (BOLT 8).
 * `bad_ciphertext`: the initiator's sealed node id of act three does not open. `bad_tag`: any other authentication tag.
 */
export type TransportFault =
  | {
      readonly code: 'bad_length' | 'bad_version';
      readonly at: TransportStep;
      readonly expected: number;
      readonly actual: number;
    }
  | { readonly code: 'bad_public_key' | 'bad_ciphertext' | 'bad_tag'; readonly at: TransportStep };

export const describeFault = (fault: TransportFault): string =>
  'actual' in fault
    ? `${fault.code} at ${fault.at}: ${fault.actual} instead of ${fault.expected}`
    : `${fault.code} at ${fault.at}`;
