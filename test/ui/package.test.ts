import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, createWallet, handsOn, receivingAddress } from '../../build/desktop/hands.ts';
import { launch, ROOT } from '../../build/electron-stand-in/launch.ts';
import { fileList, filesOfAsar, type PackedFile } from '../../build/package/asar.ts';
import { builderConfig } from '../../build/package/config.ts';
import { asarIn, pack } from '../../build/package/run.ts';
import { sbomOf } from '../../build/package/sbom.ts';
import { makeDummyElectron } from '../support/dummy-electron.ts';
import { complaints, onStandIn, openStage } from './support.ts';

/** As far as it goes without a download: everything but the installers themselves. */
describe.runIf(process.platform === 'linux')('the packed program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sferic-package-'));
  const lists: (readonly PackedFile[])[] = [];
  let unpacked: string;

  beforeAll(async () => {
    makeDummyElectron(join(folder, 'electron'), '45.4.1');
    for (const name of ['first', 'second']) {
      unpacked = await pack({ output: join(folder, name), isDir: true, electronDist: join(folder, 'electron') });
      lists.push(filesOfAsar(asarIn(unpacked)));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('holds our bundles, native code and what finds it, and nothing else', () => {
    const paths = lists[0]?.map(({ path }) => path) ?? [];
    const packages = new Set(paths.flatMap((path) => /^node_modules\/([^/]+)\//u.exec(path)?.[1] ?? []));
    for (const name of ['bindings', 'file-uri-to-path', 'node-gyp-build', 'secp256k1', 'sqlite3', 'bcoin']) expect(packages).toContain(name);
    // What our bundles hold already, what compiles, and what only tests and builds need.
    for (const name of ['react', 'zod', '@noble', 'hash-wasm', 'nan', 'node-addon-api', 'prebuild-install', 'electron', 'vitest', 'typescript', 'playwright-core']) expect(packages).not.toContain(name);
    for (const path of ['LICENSE', 'package.json', 'main/main.js', 'main/kdf-worker.js', 'preload/preload.cjs', 'renderer/index.html']) expect(paths).toContain(path);
    const ours = /^(?:LICENSE|package\.json|main\/[\w-]+\.js|preload\/preload\.cjs|renderer\/(?:index\.html|[\w-]+\.(?:svg|png)|assets\/[\w-]+\.(?:js|css|svg|woff2)))$/u;
    expect(paths.filter((path) => !path.startsWith('node_modules/') && !ours.test(path))).toEqual([]);
    expect(paths.filter((path) => /\.(?:ts|map|cc?|h|gyp|md|sh)$|(?:^|\/)tests?\//u.test(path) && !/LICEN[CS]E/iu.test(path))).toEqual([]);
  });

  test('keeps every script inside the archive: only what the system loads itself lies beside it', () => {
    const outside = lists[0]?.filter(({ isUnpacked }) => isUnpacked).map(({ path }) => path) ?? [];
    expect(outside.length).toBeGreaterThan(0);
    expect(outside.filter((path) => !path.endsWith('.node'))).toEqual([]);
  });

  test('is the same, byte for byte, when it is packed again', () => {
    const [first, second] = lists.map((list) => fileList(list));
    expect(second?.text).toBe(first?.text);
    expect(first?.sha256).toMatch(/^[0-9a-f]{64}$/u);
    expect(readFileSync(asarIn(unpacked)).equals(readFileSync(asarIn(unpacked.replace('second', 'first'))))).toBe(true);
  });

  test('has every fuse where a wallet wants it', async () => {
    const wire = await getCurrentFuseWire(join(unpacked, 'sferic'));
    const isOn = (fuse: FuseV1Options): boolean => wire[fuse] === FuseState.ENABLE;
    const O = FuseV1Options;
    expect([O.RunAsNode, O.EnableNodeOptionsEnvironmentVariable, O.EnableNodeCliInspectArguments, O.LoadBrowserProcessSpecificV8Snapshot, O.GrantFileProtocolExtraPrivileges].map(isOn)).toEqual(Array(5).fill(false));
    expect([O.EnableCookieEncryption, O.EnableEmbeddedAsarIntegrityValidation, O.OnlyLoadAppFromAsar].map(isOn)).toEqual([true, true, true]);
  });

  test('brings no welcome window and only the languages of the wallet', () => {
    expect(readdirSync(join(unpacked, 'resources')).sort()).toEqual(['app.asar', 'app.asar.unpacked']);
    expect(readdirSync(join(unpacked, 'locales')).sort()).toEqual(['en-US.pak', 'zh-CN.pak', 'zh-TW.pak']);
  });

  test('says who starts it: two kinds of links, four kinds of installers, an icon for each system', () => {
    const config = builderConfig({ root: ROOT, staged: '/staged', output: '/output' });
    expect(config.protocols[0]?.schemes).toEqual(['lightning', 'bitcoin']);
    expect([config.linux.target, config.mac.target, config.win.target]).toEqual([['AppImage', 'deb'], ['dmg'], ['nsis']]);
    expect([config.publish, config.npmRebuild, config.asar.smartUnpack]).toEqual([null, false, false]);
    // Hardened, with what its JavaScript and the camera need and nothing that lets foreign code in.
    const entitlements = readFileSync(config.mac.entitlements, 'utf8');
    expect([...entitlements.matchAll(/<key>([^<]+)<\/key>\s*<true\/>/gu)].map(([, key]) => key)).toEqual(['com.apple.security.cs.allow-jit', 'com.apple.security.device.camera']);
    expect([config.mac.hardenedRuntime, config.mac.entitlementsInherit === config.mac.entitlements, config.mac.extendInfo.NSCameraUsageDescription.length > 20]).toEqual([true, true, true]);
    for (const icon of [config.mac.icon, config.win.icon, join(config.linux.icon, '512x512.png')]) expect(statSync(icon).size).toBeGreaterThan(1000);
  });

  onStandIn('runs from what was laid out for it, native code included', async () => {
    const stage = await openStage();
    try {
      const app = await launch({ userData: stage.folder(), env: stage.practice.env, main: join(folder, 'second/staged/main/main.js') });
      try {
        // First the playground, whose chain is a package of its own in a process of its own.
        const hands = handsOn(app.page);
        await hands.press(/^Try it in the playground/u);
        await hands.press('Pay Café');
        await hands.sees('Playground: nothing here is worth anything');
        await ask(app.page, 'playground.stop');
        await createWallet(hands);
        expect(await receivingAddress(handsOn(app.page))).toMatch(/^bcrt1/u);
        const loaded = await app.evaluate(() => (process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] }).sharedObjects.filter((path) => path.endsWith('.node')));
        expect(loaded.filter((path) => path.includes('sqlite3') || path.includes('secp256k1')).every((path) => path.includes('staged'))).toBe(true);
        expect(await complaints(app)).toEqual([]);
      } finally {
        await app.close();
      }
    } finally {
      await stage.end();
    }
  });

  test('has a bill of materials: every package of the lock file that is shipped, with its hash, the same each time', () => {
    if (!existsSync(join(ROOT, 'package-lock.json'))) return;
    const sbom = sbomOf(ROOT);
    const names = sbom.components.map(({ name }) => name);
    for (const name of ['@noble/secp256k1', 'sqlite3', 'react', 'hash-wasm']) expect(names).toContain(name);
    for (const name of ['vitest', 'electron-builder', 'playwright-core']) expect(names).not.toContain(name);
    expect(sbom.components.filter(({ hashes }) => !hashes || hashes.length === 0)).toEqual([]);
    expect(JSON.stringify(sbomOf(ROOT))).toBe(JSON.stringify(sbom));
  });
});
