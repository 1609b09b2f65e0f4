// How a server answers, whatever the transport: a request comes back as it is. One that is smaller
// than anything that is measured is a command, as JSON:
//
//   {}                                  the CPU time that this process has used so far
//   { count, bytes, subscribers }       and messages go out: so many, to so many (0: to who asks)

const SMALLEST = 64;

/** The CPU time that this process has used, all its threads together, in microseconds. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** A command as a request of `payloads`. */
export function commandOf(payloads, order) {
  const request = payloads.from(JSON.stringify(order));
  if (request.length >= SMALLEST) throw new RangeError('a command has to be smaller than payloads');
  return request;
}

/**
 * The answer to `request`. `publish(message, order)` is to send messages, but not before the answer
 * has left.
 */
export function answerTo(request, payloads, publish) {
  if (request.length >= SMALLEST) return request;
  const order = JSON.parse(payloads.text(request));
  if (order.count > 0) publish(payloads.of(order.bytes), order);
  return payloads.from(JSON.stringify({ cpuUs: cpuUs() }));
}
