import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { beginsToServe, endsToServe, isServedHere } from './served-names.js';

describe('names that are served here', () => {
  it('are known until they are not served any more', () => {
    expect(isServedHere('a')).toBe(false);
    beginsToServe('a');
    expect([isServedHere('a'), isServedHere('b'), isServedHere('/a')]).toEqual([
      true,
      false,
      false,
    ]);
    endsToServe('a');
    expect(isServedHere('a')).toBe(false);
  });

  it('are known by every way to write a path', () => {
    const home = mkdtempSync(join(tmpdir(), 'coroipc-names-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    mkdirSync(join(home, 'in'));
    symlinkSync('in', join(home, 'other'));
    const name = join(home, 'in', 'socket');
    beginsToServe(name);
    for (const same of ['in//socket', 'in/./socket', 'other/socket', 'other/../in/socket'])
      expect(isServedHere(`${home}/${same}`), same).toBe(true);
    for (const other of ['socket', 'in/socket2', 'gone/socket'])
      expect(isServedHere(`${home}/${other}`), other).toBe(false);
    endsToServe(name);
    expect(isServedHere(`${home}/other/socket`)).toBe(false);
  });
});
