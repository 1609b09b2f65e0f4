// What a task returned, when it ended well by itself.

import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { Child, type ChildOptions, type Task } from './child.js';

/** The worker thread of the epoll loop's tests: see its roles. */
export const EPOLL_WORKER: string = fileURLToPath(
  new URL('./fixtures/epoll-worker.mjs', import.meta.url),
);

/** Runs a task to its end and gives what it returned, as JSON keeps it. */
export async function returned<Argument>(
  task: Task<Argument>,
  argument?: Argument,
  options: ChildOptions = {},
): Promise<unknown> {
  const child = Child.start(task, argument ?? ({} as Argument), options);
  expect(await child.ended()).toMatchObject({ outcome: 0, errors: '' });
  return child.said('returned');
}
