import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

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
  /** What `stage` has laid out. */
  readonly staged: string;
  readonly output: string;
  /** An unpacked Electron that is there already; without it electron-builder downloads one. */
  readonly electronDist?: string | undefined;
}

/**
 * For electron-builder. Nothing is rebuilt (all native code speaks Node-API), nothing is published, and no installer updates
 * itself: the wallet says when there is a newer version, a person fetches it.
 */
export function builderConfig({ root, staged, output, electronDist }: PackagePlan) {
  const { devDependencies } = manifestOf(root);
  return {
    appId: 'org.sferic.wallet', productName: 'Sferic', copyright: 'MIT licence', artifactName: 'sferic-${version}-${os}-${arch}.${ext}',
    directories: { output, buildResources: join(root, 'assets/icons'), app: staged },
    files: ['**/*'],
    // Only what the system has to load itself: scripts beside the archive would be outside its integrity check.
    asar: { smartUnpack: false }, asarUnpack: ['**/*.node'], npmRebuild: false, nodeGypRebuild: false, buildDependenciesFromSource: false, publish: null, electronFuses: FUSES, compression: 'maximum',
    electronVersion: devDependencies['electron'], ...(electronDist === undefined ? {} : { electronDist }),
    // Only Chromium's own words: the wallet's languages are in its bundle.
    electronLanguages: ['en-US', 'en', 'zh-CN', 'zh_CN', 'zh-TW', 'zh_TW'],
    // Electron's own welcome window: an unpacked Electron brings it along.
    afterPack: async ({ appOutDir }: { readonly appOutDir: string }) => rmSync(join(appOutDir, 'resources/default_app.asar'), { force: true }),
    protocols: [{ name: 'Bitcoin and Lightning payments', schemes: ['lightning', 'bitcoin'], role: 'Viewer' }],
    linux: { target: ['AppImage', 'deb'], category: 'Finance', icon: join(root, 'assets/icons'), synopsis: 'Self-custodial Lightning wallet', maintainer: 'Sferic', executableName: 'sferic' },
    deb: { depends: ['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0', 'libuuid1', 'libsecret-1-0'] },
    mac: { target: ['dmg'], category: 'public.app-category.finance', icon: join(root, 'assets/icons/icon.icns'), hardenedRuntime: true, gatekeeperAssess: false,
      entitlements: join(root, 'assets/mac/entitlements.plist'), entitlementsInherit: join(root, 'assets/mac/entitlements.plist'),
      extendInfo: { NSHumanReadableCopyright: 'MIT licence', NSCameraUsageDescription: 'Sferic reads a QR code in front of the camera when you ask for it. No picture is kept.' } },
    win: { target: ['nsis'], icon: join(root, 'assets/icons/icon.ico'), requestedExecutionLevel: 'asInvoker' },
    nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true, deleteAppDataOnUninstall: false, differentialPackage: false },
  } as const; // prettier-ignore
}
