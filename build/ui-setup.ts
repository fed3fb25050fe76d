import { bundle } from './bundle.ts';

/** Before the specs of the window: they run on what would be shipped. */
export default async function setup(): Promise<void> {
  if (process.env['SFERIC_SKIP_UI'] !== '1') await bundle();
}
