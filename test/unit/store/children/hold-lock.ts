import { lockFolder } from '../../../../core/io/lock.ts';
import { StoreError } from '../../../../core/store/port.ts';

// Says whether it got the lock, and holds it until its input ends.
try {
  await lockFolder(process.argv[2] ?? '');
  process.stdout.write('held\n');
} catch (error) {
  process.stdout.write(`${error instanceof StoreError ? error.fault.code : String(error)}\n`);
}
process.stdin.on('end', () => process.exit(0)).resume();
