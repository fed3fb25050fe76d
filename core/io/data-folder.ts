import { join } from 'node:path';
import { VAULT_NAME } from './vault-file.ts';

/** Where everything of one wallet lies, in one list; the database's own files are named in core/io/sqlite. */
export const dataPaths = (folder: string) =>
  ({
    /** The sealed seed and the wrapped data key. */
    vault: join(folder, VAULT_NAME),
    /** Commitments whose secret may have left; of a wallet made from words also files beside it, whose names go on with `-`. */
    highWater: join(folder, 'revoked'),
    /** Headers and scan positions: can be fetched again. */
    chain: join(folder, 'chain'),
  }) as const;
