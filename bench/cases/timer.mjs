export const timer = {
  name: 'timer',
  about: "how late a chain of 1 ms timers of the host's own runs beside the traffic",
  placements: ['split'],
  variants: [
    { variant: 'server at rest', payload: null, side: 'serverAtRest' },
    { variant: 'server, 64 calls in flight', payload: 64, side: 'serverUnderCalls' },
    { variant: 'client, dispatch messages', payload: 64, side: 'clientUnderDispatch' },
  ],
  effort: { quick: { warmMs: 0, ms: 80 }, full: { warmMs: 0, ms: 500 } },
  quick: { impls: ['native'], rounds: 1 },
};
