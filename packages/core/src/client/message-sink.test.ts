import { describe, expect, it, onTestFinished } from 'vitest';
import { CoroIpcError } from '../errors.js';
import { CS } from '../status.js';
import { checkSink, MessageSinks } from './message-sink.js';

const message = (id: number) => ({ id, status: 1, payload: Buffer.alloc(0) });

function sinks() {
  const seen: string[] = [];
  const all: MessageSinks = new MessageSinks(() => seen.push(all.wanted ? 'wanted' : 'unwanted'));
  const add = (name: string, on: (id: number) => void = () => {}) =>
    all.add({
      message: ({ id }) => {
        seen.push(`${name}${id}`);
        on(id);
      },
      ended: (error) => seen.push(`${name} ${error?.code ?? 'plainly'}`),
    });
  return { seen, all, add };
}

describe('MessageSinks', () => {
  it('wants messages while there is somebody and nobody is paused', () => {
    const { all, seen, add } = sinks();
    expect([all.any, all.wanted]).toEqual([false, false]);
    const one = add('a');
    const two = add('b');
    two.pause();
    two.pause();
    one.pause();
    two.resume();
    one.resume();
    one.resume();
    two.pause();
    two.close();
    two.close();
    two.resume();
    one[Symbol.dispose]();
    expect([one.closed, two.closed, all.any]).toEqual([true, true, false]);
    const [no, yes] = ['unwanted', 'wanted'];
    expect(seen).toEqual([yes, yes, no, no, no, yes, no, yes, no]);
  });

  it('gives everybody a message who was there when it was read, whoever closes whom', () => {
    const { all, seen, add } = sinks();
    const one = add('a', (id) => {
      if (id === 1) add('c');
      if (id === 2) two.close();
    });
    const two = add('b');
    seen.length = 0;
    for (const id of [1, 2, 3]) all.deliver(message(id));
    expect(seen.filter((each) => !each.endsWith('wanted'))).toEqual([
      ...['a1', 'b1'],
      ...['a2', 'c2'],
      ...['a3', 'c3'],
    ]);
    expect(one.closed).toBe(false);
  });

  it('throws what sinks threw when everybody has the message', () => {
    const { all, seen, add } = sinks();
    const throwing = (words: string) => () => {
      throw new Error(words);
    };
    const one = add('a', throwing('first'));
    add('b', throwing('second'));
    add('c');
    seen.length = 0;
    expect(() => all.deliver(message(1))).toThrow(AggregateError);
    one.close();
    expect(() => all.deliver(message(2))).toThrow('second');
    expect(seen).toEqual(['a1', 'b1', 'c1', 'wanted', 'b2', 'c2']);
  });

  it('tells of the end once, and whoever throws then keeps nobody from hearing of it', async () => {
    const { all, seen, add } = sinks();
    const caught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => caught.push(error));
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    });
    add('a');
    all.add({
      message: () => {},
      ended: () => {
        three.close();
        throw new Error('of the end');
      },
    });
    const three = add('b');
    all.add({ message: () => {} });
    const five = add('c');
    seen.length = 0;
    all.end(new CoroIpcError(CS.ERR_LIBRARY, 'gone'));
    all.end();
    all.deliver(message(1));
    expect(seen.filter((each) => !each.endsWith('wanted'))).toEqual([
      'a ERR_COROIPC_LIBRARY',
      'c ERR_COROIPC_LIBRARY',
    ]);
    expect(five.closed).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(caught).toEqual([new Error('of the end')]);
  });

  it('refuses what is no sink', () => {
    for (const value of [undefined, null, 5, 'x', [], () => {}]) {
      expect(() => checkSink('sink', value)).toThrow(/sink must be an object/);
    }
    expect(() => checkSink('sink', {})).toThrow(/sink.message must be a function, got undefined/);
    expect(() => checkSink('sink', { messages: 1 })).toThrow(/sink.messages must be a function/);
    const both = { message: () => {}, messages: () => {} };
    expect(() => checkSink('sink', both)).toThrow(/sink must have message or messages, got both/);
    expect(() => checkSink('sink', { message: () => {}, ended: 1 })).toThrow(/sink.ended/);
  });
});
