import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is packed beside our own bundles: native code, and the few files of plain JavaScript that find it. */
const NATIVE_PACKAGES = ['sqlite3', 'bindings', 'file-uri-to-path', 'secp256k1', 'node-gyp-build'] as const;
/** Sources and headers of native code, other systems' binaries, and what only an installation needs. */
const NOT_PACKED = [
  '!**/*.{md,map,ts,mts,cts,gyp,gypi,mk,c,cc,h,o,a,d,stamp}', '!**/{test,tests,docs,example,examples,src,deps,obj,obj.target,.deps}/**',
  '!node_modules/sqlite3/build/{Makefile,config.gypi}', '!node_modules/sqlite3/build/Release/{test_extension.node,sqlite3.a,nothing.a}', '!node_modules/sqlite3/build/{deps,node_modules}/**',
  '!node_modules/{sqlite3,secp256k1}/node_modules/**', '!node_modules/secp256k1/elliptic.js', '!node_modules/secp256k1/lib/elliptic.js',
] as const; // prettier-ignore

/** Each of them closes a door of Electron that a wallet does not need; safety.md, section 5. */
export const FUSES = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
} as const;

const manifestOf = (root: string): { readonly version: string; readonly devDependencies: Readonly<Record<string, string>> } => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as never;

export interface PackagePlan {
  readonly root: string;
  readonly output: string;
  /** An unpacked Electron that is there already; without it electron-builder downloads one. */
  readonly electronDist?: string | undefined;
}

/**
 * For electron-builder. Nothing is rebuilt (all native code speaks Node-API), nothing is published, and no installer updates
 * itself: the wallet says when there is a newer version, a person fetches it.
 */
export function builderConfig({ root, output, electronDist }: PackagePlan) {
  const { devDependencies } = manifestOf(root);
  return {
    appId: 'org.sferic.wallet', productName: 'Sferic', copyright: 'MIT licence', artifactName: 'sferic-${version}-${os}-${arch}.${ext}',
    directories: { output, buildResources: join(root, 'assets/icons'), app: root },
    files: ['dist/{main,preload,renderer}/**', 'package.json', 'LICENSE', '!node_modules/**', ...NATIVE_PACKAGES.map((name) => `node_modules/${name}/**`), ...NOT_PACKED],
    asar: true, asarUnpack: ['**/*.node'], npmRebuild: false, nodeGypRebuild: false, buildDependenciesFromSource: false, publish: null, electronFuses: FUSES, compression: 'maximum',
    electronVersion: devDependencies['electron'], ...(electronDist === undefined ? {} : { electronDist }),
    // Only Chromium's own words: the wallet's languages are in its bundle.
    electronLanguages: ['en-US', 'en', 'zh-CN', 'zh_CN', 'zh-TW', 'zh_TW'],
    protocols: [{ name: 'Bitcoin and Lightning payments', schemes: ['lightning', 'bitcoin'], role: 'Viewer' }],
    linux: { target: ['AppImage', 'deb'], category: 'Finance', icon: join(root, 'assets/icons'), synopsis: 'Self-custodial Lightning wallet', maintainer: 'Sferic', executableName: 'sferic' },
    deb: { depends: ['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0', 'libuuid1', 'libsecret-1-0'] },
    mac: { target: ['dmg'], category: 'public.app-category.finance', icon: join(root, 'assets/icons/icon.icns'), hardenedRuntime: true, gatekeeperAssess: false, extendInfo: { NSHumanReadableCopyright: 'MIT licence' } },
    win: { target: ['nsis'], icon: join(root, 'assets/icons/icon.ico'), requestedExecutionLevel: 'asInvoker' },
    nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true, deleteAppDataOnUninstall: false, differentialPackage: false },
  } as const; // prettier-ignore
}
