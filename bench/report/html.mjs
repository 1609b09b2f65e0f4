// Pieces of a page. What comes from a result is text, whatever is in it.

/** Text as it stands in a page or in an attribute. */
export const escaped = (text) =>
  String(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');

/**
 * A table. Of `columns`, each is `{ head, of, words, kind }`: what stands in the cell of a row; whether
 * it is words, which begin at the left (numbers end at the right); the class of a row's cell, if any.
 */
export function table(columns, rows) {
  const classes = (...names) => {
    const given = names.filter(Boolean).join(' ');
    return given === '' ? '' : ` class="${given}"`;
  };
  const head = columns.map(
    ({ head, words }) => `<th scope="col"${classes(words && 'words')}>${escaped(head)}</th>`,
  );
  const cell = ({ of, words, kind }, row) =>
    `<td${classes(words && 'words', kind?.(row))}>${escaped(of(row))}</td>`;
  const lines = rows.map((row) => `<tr>${columns.map((each) => cell(each, row)).join('')}</tr>`);
  return [
    '<div class="table"><table>',
    `<thead><tr>${head.join('')}</tr></thead>`,
    `<tbody>${lines.join('\n')}</tbody>`,
    '</table></div>',
  ].join('\n');
}

/** A list of names and what they are; nothing for an empty one. */
export function facts(entries) {
  if (entries.length === 0) return '';
  const lines = entries.map(([name, what]) => `<dt>${escaped(name)}</dt><dd>${escaped(what)}</dd>`);
  return `<dl>${lines.join('\n')}</dl>`;
}

/** A part of the page; nothing where it has no content. */
export const section = (title, content) =>
  content === '' ? '' : `<section>\n<h2>${escaped(title)}</h2>\n${content}\n</section>`;
