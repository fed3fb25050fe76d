import { afterAll, expect, test } from 'vitest';
import { walk, walkPlayground } from '../../build/desktop/walk.ts';
import { complaints, openStage, type Stage } from './support.ts';

let stage: Stage;
afterAll(() => stage.end());

test('where nobody can see a window, npm start walks from the first screen through the wallet and the playground to the end', async () => {
  stage = await openStage();
  const app = await stage.open({ userData: stage.folder() });
  const seen: string[] = [];
  const telling = { snap: async (name: string): Promise<void> => void seen.push(name) };
  await walk(app, stage.practice, telling);
  await walkPlayground(app, telling);
  expect(seen).toEqual(['welcome', 'home-empty', 'channels', 'paid', 'received', 'home', 'playground', 'playground-network', 'playground-cheat', 'playground-timeout']);
  expect(await complaints(app)).toEqual([]);
});
