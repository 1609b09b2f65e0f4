// Whom a server admits that was told nothing about it.

/** Root, and the effective user of this process. */
export function admitsByDefault(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
