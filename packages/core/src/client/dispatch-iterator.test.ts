import { describe, expect, it } from 'vitest';
import { DispatchIterator } from './dispatch-iterator.js';
import type { MessageSubscription } from './message-sink.js';

const message = (id: number) => ({ id, status: 1, payload: Buffer.alloc(0) });

function iterator(highWaterMark: number, signal?: AbortSignal) {
  const seen: string[] = [];
  const subscription: MessageSubscription = {
    closed: false,
    pause: () => seen.push('paused'),
    resume: () => seen.push('resumed'),
    close: () => seen.push('closed'),
    [Symbol.dispose]: () => seen.push('disposed'),
  };
  const subscribe = (): MessageSubscription => {
    seen.push('subscribed');
    return subscription;
  };
  return { seen, messages: new DispatchIterator(subscribe, highWaterMark, signal) };
}

describe('DispatchIterator', () => {
  it('is full at its mark, and has room again when half of it is taken', async () => {
    const { messages, seen } = iterator(4);
    for (let id = 0; id < 4; id += 1) {
      expect(messages.full).toBe(false);
      messages.push(message(id));
    }
    expect(messages.full).toBe(true);
    await messages.next();
    expect(messages.full).toBe(true);
    await messages.next();
    expect(messages.full).toBe(false);
    expect(seen).toEqual(['subscribed', 'paused', 'resumed']);
  });

  it('keeps the order over many messages', async () => {
    const { messages } = iterator(1000);
    for (let id = 0; id < 500; id += 1) messages.push(message(id));
    for (let id = 0; id < 500; id += 1) {
      expect((await messages.next()).value?.id).toBe(id);
      messages.push(message(500 + id));
    }
    expect((await messages.next()).value?.id).toBe(500);
  });

  it('gives messages to readers that wait, in their order', async () => {
    const { messages } = iterator(1);
    const both = [messages.next(), messages.next()];
    messages.push(message(1));
    messages.push(message(2));
    expect((await Promise.all(both)).map(({ value }) => value?.id)).toEqual([1, 2]);
  });

  it('throws its error once, behind the messages that wait', async () => {
    const { messages, seen } = iterator(8);
    messages.push(message(1));
    messages.finish(new Error('gone'));
    messages.push(message(2));
    expect((await messages.next()).value?.id).toBe(1);
    await expect(messages.next()).rejects.toThrow('gone');
    expect((await messages.next()).done).toBe(true);
    expect(seen).toEqual(['subscribed', 'closed']);
  });

  it('ends readers that wait: the first by the error, the others plainly', async () => {
    const { messages } = iterator(8);
    const [first, second] = [messages.next(), messages.next()];
    messages.finish(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect((await second).done).toBe(true);
  });

  it('ends plainly and drops what waits when its user leaves', async () => {
    const { messages, seen } = iterator(8);
    for (let id = 0; id < 3; id += 1) messages.push(message(id));
    for await (const { id } of messages) {
      expect(id).toBe(0);
      break;
    }
    expect((await messages.next()).done).toBe(true);
    expect(seen).toEqual(['subscribed', 'closed']);
  });

  it('throws the reason of its signal at once', async () => {
    const control = new AbortController();
    const { messages } = iterator(8, control.signal);
    messages.push(message(1));
    control.abort(new Error('enough'));
    await expect(messages.next()).rejects.toThrow('enough');
    const late = iterator(8, AbortSignal.abort(new Error('before')));
    expect(late.messages.ended).toBe(true);
    expect(late.seen).toEqual([]);
    await expect(late.messages.next()).rejects.toThrow('before');
  });
});
