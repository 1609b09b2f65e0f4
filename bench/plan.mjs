// What is measured in which order. All implementations of a case and a placement come one right
// after the other, and everything once a round: a slow minute of the machine hits all alike.
import { CASES } from './cases/index.mjs';
import { IMPLS } from './impls/index.mjs';
import { cpusOf } from './placement.mjs';

/** The measurements of one round: `{ case, impl, placement, cpus, options, payload, variant }`. */
export function planOf(options, allowed) {
  const chosen = (list, names) => list.filter(({ name }) => names.includes(name));
  return chosen(CASES, options.case).flatMap((each) =>
    each.placements
      .filter((placement) => options.placement.includes(placement))
      .map((placement) => ({ placement, cpus: cpusOf(placement, allowed) }))
      .filter(({ cpus }) => cpus !== undefined)
      .flatMap(({ placement, cpus }) =>
        each.variants.flatMap(({ variant = null, payload, ...asked }) =>
          chosen(IMPLS, options.impl)
            .filter(({ measures }) => measures.includes(each.name))
            .map((impl) => {
              const effort = each.effort[options.quick ? 'quick' : 'full'];
              return {
                case: each,
                impl,
                placement,
                cpus,
                variant,
                payload,
                options: { ...effort, ...asked },
              };
            }),
        ),
      ),
  );
}

/** How many rounds a case has. */
export function roundsOf({ rounds }, options) {
  if (options.rounds !== undefined) return options.rounds;
  if (options.quick) return rounds?.quick ?? 5;
  return rounds?.full ?? 11;
}
