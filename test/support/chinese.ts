/** Every character that a legacy encoding of two bytes holds in these rows: what its country writes, and nothing of the other script but what both share. */
function charactersOf(encoding: string, leads: readonly (readonly [number, number])[], trails: readonly (readonly [number, number])[]): ReadonlySet<string> {
  const decoder = new TextDecoder(encoding);
  const bytesOf = (ranges: readonly (readonly [number, number])[]): number[] => ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
  return new Set(bytesOf(leads).flatMap((lead) => bytesOf(trails).map((trail) => decoder.decode(Uint8Array.of(lead, trail)))));
}

/** Big5 (Taiwan) and GB 2312 (mainland), without their rows of signs. */
const TRADITIONAL = charactersOf('big5', [[0xa4, 0xc6], [0xc9, 0xf9]], [[0x40, 0x7e], [0xa1, 0xfe]]); // prettier-ignore
const SIMPLIFIED = charactersOf('gbk', [[0xb0, 0xf7]], [[0xa1, 0xfe]]);

const foreignTo = (known: ReadonlySet<string>) => (text: string): readonly string[] => [...text].filter((character) => /\p{Script=Han}/u.test(character) && !known.has(character)); // prettier-ignore

/** Characters of a text that nobody writes in Taiwan, or on the mainland. */
export const notTraditional = foreignTo(TRADITIONAL);
/** GB 2312 wrote 了望; the list of characters of today has 瞭望 again. */
export const notSimplified = foreignTo(new Set([...SIMPLIFIED, '瞭']));
/** Words of the mainland, whose characters are right and which nobody in Taiwan says of a program. */
export const MAINLAND_WORDS = /到賬|賬戶|單詞|鑰匙串|佈局|校驗|許可證|查找|運行|專案|導航|許可權|協議|屏幕|默認|激活|點擊|文件夾|網絡|軟件|內存|信息/u;
