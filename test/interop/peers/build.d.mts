/** Where the programs are, after making sure that they are up to date. */
export function buildPeers(): { client: string; server: string };
