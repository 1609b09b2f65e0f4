// What the processes of a crowd have told, in sum: those of now and those that are no more.
import { add, NOTHING_WRONG } from './sequence.mjs';

export const nothing = () => ({
  lived: 0,
  left: 0,
  bereft: 0,
  messages: 0,
  retries: {},
  wrong: { ...NOTHING_WRONG },
  broken: [],
});

/** Adds what one process told last. */
export function addNews(total, news) {
  if (news === undefined) return total;
  for (const name of ['lived', 'left', 'bereft', 'messages']) total[name] += news[name];
  for (const [code, count] of Object.entries(news.retries)) {
    total.retries[code] = (total.retries[code] ?? 0) + count;
  }
  add(total.wrong, news.wrong);
  total.broken.push(...news.broken);
  return total;
}

/** All messages of a server's counters. */
export const messagesOf = ({ requests, responses, dispatched }) =>
  requests + responses + dispatched;
