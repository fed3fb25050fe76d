import { randomBytes } from 'node:crypto';
import { changePassword, unlockVault } from '../../../../core/io/vault-file.ts';
import { passwordBytes } from '../../../../core/store/vault.ts';

// Changes the password between two for ever; prints a line after each change.
const [path = ''] = process.argv.slice(2);
const passwords = [passwordBytes('one'), passwordBytes('two')] as const;
let from: 0 | 1 = await unlockVault(path, passwords[0]).then(
  () => 0 as const,
  () => 1 as const,
);
for (;;) {
  const to = from === 0 ? 1 : 0;
  await changePassword(path, { oldPassword: passwords[from], newPassword: passwords[to], random: randomBytes });
  from = to;
  process.stdout.write('changed\n');
}
