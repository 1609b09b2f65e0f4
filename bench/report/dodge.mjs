// Labels beside the ends of lines: each as near to its own as it can be, and none upon another.

/**
 * Places of labels of `gap` pixels each, in the order of `wanted`, which need not be sorted. Labels
 * that would touch form a block around the middle of what they wanted; no block goes over either end of
 * `length` pixels, if it is not longer itself.
 */
export function dodge(wanted, gap, length) {
  const order = wanted.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const blocks = [];
  for (const member of order) {
    blocks.push(blockOf([member], gap, length));
    while (blocks.length > 1 && overlap(blocks.at(-2), blocks.at(-1), gap)) {
      const last = blocks.pop();
      blocks.push(blockOf([...blocks.pop().members, ...last.members], gap, length));
    }
  }
  const places = new Array(wanted.length);
  for (const { middle, members } of blocks) {
    for (const [at, { index }] of members.entries()) {
      places[index] = middle + (at - (members.length - 1) / 2) * gap;
    }
  }
  return places;
}

function blockOf(members, gap, length) {
  const wanted = members.reduce((sum, { place }) => sum + place, 0) / members.length;
  const half = (members.length * gap) / 2;
  const middle = half * 2 > length ? length / 2 : Math.min(length - half, Math.max(half, wanted));
  return { middle, members };
}

const overlap = (above, below, gap) =>
  below.middle - above.middle < ((above.members.length + below.members.length) / 2) * gap;
