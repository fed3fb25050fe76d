/** The words of a seed, in reading order by column; never to be translated, selected or copied. */
export function Words({ mnemonic }: { readonly mnemonic: string }) {
  return (
    <ol className={mnemonic.split(' ').length > 12 ? 'seed seed-24' : 'seed'} translate="no">
      {mnemonic.split(' ').map((word, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a word may stand twice
        <li key={index}>
          <span className="w-n">{index + 1}</span>
          <span className="code">{word}</span>
        </li>
      ))}
    </ol>
  );
}
