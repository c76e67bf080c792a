import type { Profile } from './profiles.ts'

const basis = {
  clients: 24,
  restMs: 0,
  products: 3,
  stock: 30,
  lostAnswers: 0,
  leastLostAnswers: 0,
  minutes: 0.1,
  faults: () => [],
}

/** Three servers, three products that are always short, and no rest: every transaction meets another. */
export const contended: Profile = {
  ...basis,
  name: 'contended',
  mix: { place: 70, cancel: 15, pay: 0, fulfil: 0, refund: 0, adjust: 12, set: 0 },
}

/** Many products that sell out, and nothing comes in: each has a last unit to be sold twice. */
export const sellingOut: Profile = {
  ...basis,
  name: 'selling out',
  clients: 60,
  products: 60,
  stock: 8,
  mix: { place: 1, cancel: 0, pay: 0, fulfil: 0, refund: 0, adjust: 0, set: 0 },
}

/** A third of all answers is lost, so that clients repeat what was done already. */
export const lossy: Profile = {
  ...basis,
  name: 'lossy',
  stock: 100_000,
  lostAnswers: 0.3,
  mix: { place: 70, cancel: 0, pay: 0, fulfil: 0, refund: 0, adjust: 30, set: 0 },
}

/** Several clients cancel the same orders. */
export const regretful: Profile = {
  ...basis,
  name: 'regretful',
  mix: { place: 40, cancel: 50, pay: 0, fulfil: 0, refund: 0, adjust: 10, set: 0 },
}

/** For some seconds the primary is alone with the servers, which do not notice. */
export const partitioned: Profile = {
  ...basis,
  name: 'partitioned',
  stock: 100_000,
  mix: { place: 1, cancel: 0, pay: 0, fulfil: 0, refund: 0, adjust: 0, set: 0 },
  faults: () => ['partition primary from members'],
}
