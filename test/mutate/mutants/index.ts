import type { Mutant } from '../mutant.ts';
import { backupMutants } from './backups.ts';
import { commitmentMutants } from './commitments.ts';
import { groundMutants } from './ground.ts';
import { limitMutants } from './limits.ts';
import { onchainMutants } from './onchain.ts';
import { paymentMutants } from './payments.ts';
import { shellMutants } from './shell.ts';
import { sweepMutants } from './sweeping.ts';

export const mutants: readonly Mutant[] = [...commitmentMutants, ...limitMutants, ...paymentMutants, ...onchainMutants, ...sweepMutants, ...groundMutants, ...backupMutants, ...shellMutants];
