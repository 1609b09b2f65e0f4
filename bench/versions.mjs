// The versions of what was measured.

/** By the names of `impls`, as far as they say one; and of what all of them run on. */
export async function versionsOf(impls) {
  const { node, v8, uv } = process.versions;
  const told = await Promise.all(
    impls
      .filter(({ version }) => version !== undefined)
      .map(async ({ name, version }) => [
        name,
        typeof version === 'function' ? await version() : version,
      ]),
  );
  return { node, v8, uv, ...Object.fromEntries(told) };
}
