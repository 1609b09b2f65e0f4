import { describe, expect, it } from 'vitest';
import { AwareEmitter, emitsPlainly } from './aware-emitter.js';

class Heard extends AwareEmitter<{ one: () => void; other: () => void }> {
  readonly heard: string[] = [];

  protected override listenersChanged(event: string | undefined, plain: boolean): void {
    this.heard.push(`${event ?? 'all'}${plain ? '' : '!'}`);
  }

  /** What was heard since it was last asked. */
  take(): string {
    return this.heard.splice(0).join(' ');
  }
}

const first = (): void => {};
const second = (): void => {};

describe('AwareEmitter', () => {
  it('tells of every listener that comes or goes', () => {
    const emitter = new Heard();
    emitter.on('one', first).addListener('one', second).off('one', first);
    emitter.removeListener('one', second).on('other', first).removeAllListeners('other');
    emitter.removeAllListeners();
    expect(emitter.take()).toBe('one one one one other other all');
  });

  it('says of which event only emit calls the listeners right', () => {
    const emitter = new Heard();
    emitter.on('one', first).once('one', second).on('other', first);
    expect(emitter.take()).toBe('one one! other');
    emitter.emit('one');
    expect(emitter.take()).toBe('one');
    emitter.on('one', second, {}).off('one', first).off('one', second);
    expect(emitter.take()).toBe('one! one! one');
    emitter.once('one', first).removeAllListeners('one').once('one', first).removeAllListeners();
    expect(emitter.take()).toBe('one! one one! all');
    emitter.on('one', first);
    expect(emitter.take()).toBe('one');
  });

  it('counts a listener that was to be called once until it is certain that it went', () => {
    const emitter = new Heard();
    emitter.on('one', first).once('one', second).off('one', second);
    expect(emitter.take()).toBe('one one! one!');
    emitter.off('one', first).on('one', first);
    expect(emitter.take()).toBe('one one');
    emitter.once('one', second).off('one', second, undefined, true);
    expect(emitter.take()).toBe('one! one');
  });

  it('knows when somebody looks at what is emitted', () => {
    const emitter = new Heard();
    expect(emitsPlainly(emitter)).toBe(true);
    emitter.emit = () => false;
    expect(emitsPlainly(emitter)).toBe(false);
  });
});
