// What is measured in which order. All implementations of a case and a placement come one right
// after the other, and everything once a round: a slow minute of the machine hits all alike.
import { CASES } from './cases/index.mjs';
import { IMPLS } from './impls/index.mjs';
import { cpusOf } from './placement.mjs';

const ROUNDS = 5;

const chosen = (list, names) => list.filter(({ name }) => names.includes(name));

// What is left of a case: with --quick it is what makes the ratios, unless it was named.
function briefOf({ quick = {} }, options) {
  return options.quick && !options.named.includes('case') ? quick : {};
}

/** What does `each` with `variant`: those that were chosen and can. */
function implsOf(each, { oursAlone = false }, options) {
  const { impls } = briefOf(each, options);
  return chosen(IMPLS, options.impl)
    .filter(({ measures }) => measures.includes(each.name))
    .filter(({ name }) => impls === undefined || impls.includes(name))
    .filter(({ ours = false }) => ours || !oursAlone);
}

function variantsOf(each, placement, options) {
  const { variants } = briefOf(each, options);
  const named = options.named.includes('placement');
  return each.variants
    .filter(({ variant }) => variants === undefined || variants.includes(variant))
    .filter(({ placements = each.placements }) => named || placements.includes(placement));
}

/**
 * The measurements of one round: `{ case, impl, placement, cpus, options, payload, variant, rounds }`,
 * `rounds` being how many of them it is measured in.
 */
export function planOf(options, allowed) {
  return chosen(CASES, options.case).flatMap((each) =>
    options.placement
      .map((placement) => ({ placement, cpus: cpusOf(placement, allowed) }))
      .filter(({ cpus }) => cpus !== undefined)
      .flatMap(({ placement, cpus }) =>
        variantsOf(each, placement, options).flatMap((variant) =>
          implsOf(each, variant, options).map((impl) => ({
            case: each,
            impl,
            placement,
            cpus,
            variant: variant.variant ?? null,
            payload: variant.payload,
            options: { ...each.effort[options.quick ? 'quick' : 'full'], ...asked(variant) },
            rounds: options.rounds ?? briefOf(each, options).rounds ?? ROUNDS,
          })),
        ),
      ),
  );
}

/** What a variant asks of a peer. */
function asked(variant) {
  const { variant: _name, placements: _where, oursAlone: _whose, ...rest } = variant;
  return rest;
}
