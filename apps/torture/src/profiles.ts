import type { Fault } from './nemesis.ts'
import type { Random } from './random.ts'
import type { Mix } from './workload.ts'

/** What a run does: its clients, its shop, and what is broken meanwhile. */
export interface Profile {
  readonly name: string
  readonly clients: number
  readonly restMs: number
  readonly mix: Mix
  readonly products: number
  /** Units of each product at the start. */
  readonly stock: number
  /** The share of all answers that never reaches the client, and how many these must be before the run ends. */
  readonly lostAnswers: number
  readonly leastLostAnswers: number
  /** The run ends when the faults are through and this time is over. */
  readonly minutes: number
  readonly faults: (random: Random) => Iterable<Fault>
}

const everything: Mix = { place: 60, cancel: 14, pay: 10, fulfil: 3, refund: 4, adjust: 8, set: 1 }
const shop = {
  clients: 24,
  restMs: 60,
  mix: everything,
  products: 12,
  stock: 20,
  lostAnswers: 0.04,
  leastLostAnswers: 0,
}

/** Every fault, as long as it is given. */
export function longProfile(minutes: number): Profile {
  const weights: Readonly<Record<Fault, number>> = {
    'kill -9 primary': 5,
    'SIGTERM primary': 2,
    'SIGSTOP primary': 3,
    'step down': 2,
    'partition primary from members': 3,
    'partition primary from servers': 2,
    'partition primary from all': 2,
    'no quorum': 2,
    'kill -9 server': 5,
    'SIGTERM server': 3,
    'kill -9 all servers': 1,
    'SIGSTOP server': 3,
    'blackhole server': 2,
    'refuse server': 1,
    'slow network': 2,
  }
  const deck = (Object.keys(weights) as Fault[]).flatMap((fault) => Array<Fault>(weights[fault]).fill(fault))
  return {
    ...shop,
    name: 'long',
    minutes,
    *faults(random) {
      const deadline = Date.now() + minutes * 60_000
      for (;;) {
        for (const fault of random.shuffle(deck)) {
          if (Date.now() > deadline) return
          yield fault
        }
      }
    },
  }
}

/** What every test run goes through, in less than a minute. */
export const shortProfile: Profile = {
  ...shop,
  name: 'short',
  lostAnswers: 0.12,
  leastLostAnswers: 200,
  minutes: 0.4,
  faults: (random) =>
    random.shuffle([
      'kill -9 primary',
      'kill -9 primary',
      'kill -9 primary',
      'kill -9 server',
      'kill -9 server',
      'kill -9 server',
      'partition primary from members',
    ]),
}
