// The functions of a C or C++ file, by their braces. No parser: it trusts that the file is
// formatted as C++ is, and reads what stands before a brace to tell a function's body from a
// namespace, a class and an initializer.

// The text with comments, strings, characters and preprocessor lines blanked, of the same length
// and with the same lines.
function blanked(text) {
  const blank = (match) => match.replace(/[^\n]/g, ' ');
  return text
    .replace(/R"(\w*)\([\s\S]*?\)\1"/g, blank)
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'/g, blank)
    .replace(/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm, blank);
}

const CONTAINER = /(?:^|[\s>])(?:namespace|class|struct|union|enum)\b[^()=]*$|\bextern\s*$/;
// A constructor's list of initializers, up to a member whose braces begin.
const INITIALIZER = /\)\s*(?:noexcept\s*)?:(?!:)[\s\S]*[\w>]\s*$/;

function kindOf(head) {
  const plain = head.replace(/\balignas\s*\([^)]*\)|\[\[[^\]]*\]\]/g, ' ');
  if (CONTAINER.test(plain)) return 'container';
  if (INITIALIZER.test(plain)) return 'initializer';
  return /\)/.test(plain) && !/=\s*$/.test(plain) ? 'function' : 'other';
}

// The name before the first parenthesis that follows a name.
function nameOf(head) {
  const match =
    /((?:[\w~]+(?:<[^<>]*>)?::)*(?:operator\s*[^\s\w(]+|operator\s*\(\)|~?\w+))\s*\(/.exec(
      head.replace(
        /\b(?:alignas|decltype|noexcept|explicit|requires)\s*\([^)]*\)|\[\[[^\]]*\]\]/g,
        ' ',
      ),
    );
  return match === null ? '(function)' : match[1].replace(/\s+/g, ' ');
}

/** The functions of `text`: a list of `{ name, line, length }`, lengths in lines. */
export function cppFunctions(text) {
  const code = blanked(text);
  const found = [];
  const scopes = [];
  let head = '';
  let headLine = 1;
  let line = 1;
  for (const character of code) {
    if (character === '\n') line += 1;
    const inside = scopes.at(-1);
    const deep = inside !== undefined && inside.kind !== 'container';
    if (character === '{') {
      const kind = deep ? 'other' : kindOf(head);
      scopes.push({ kind, head, headLine });
      if (!deep) head = '';
    } else if (character === '}') {
      const scope = scopes.pop();
      if (scope === undefined || (scopes.length > 0 && scopes.at(-1).kind !== 'container'))
        continue;
      if (scope.kind === 'function') {
        found.push({
          name: nameOf(scope.head),
          line: scope.headLine,
          length: line - scope.headLine + 1,
        });
      }
      // After an initializer the same head goes on; after anything else a new one begins.
      head = scope.kind === 'initializer' ? `${scope.head} ()` : '';
      headLine = scope.kind === 'initializer' ? scope.headLine : line;
    } else if (!deep) {
      if (
        character === ';' ||
        (character === ':' && /\b(?:public|private|protected)\s*$/.test(head))
      ) {
        head = '';
      } else {
        if (head.trim() === '') {
          head = '';
          headLine = line;
        }
        head += character;
      }
    }
  }
  return found;
}
