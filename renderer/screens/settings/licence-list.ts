export interface LicenceList {
  readonly packages: readonly { readonly name: string; readonly version: string; readonly licence: string; readonly text?: number }[];
  readonly texts: readonly string[];
}

/** Put in by the build, from what the packages themselves bring; named once, since it stands wherever it is named. */
declare const SFERIC_LICENCES: LicenceList;

export const licences: LicenceList = SFERIC_LICENCES;
