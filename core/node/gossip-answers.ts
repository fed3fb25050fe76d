import type { Message } from '../wire/messages.ts';

/** Gossip is not part of this version: queries get the honest answer that we know of no public channel (BOLT 7). */
export function answerQuery(message: Message): Message | undefined {
  switch (message.name) {
    case 'query_channel_range':
      return {
        name: 'reply_channel_range', chainHash: message.chainHash, firstBlocknum: message.firstBlocknum, numberOfBlocks: message.numberOfBlocks,
        syncComplete: 1, encodedShortIds: Uint8Array.of(0),
      }; // prettier-ignore
    case 'query_short_channel_ids':
      return { name: 'reply_short_channel_ids_end', chainHash: message.chainHash, fullInformation: 0 };
    default:
      return undefined;
  }
}
