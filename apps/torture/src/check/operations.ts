import type { Event, Input, Outcome } from '../history.ts'

/** What a client wanted once, with all its attempts. */
export interface Operation {
  readonly id: number
  readonly input: Input
  readonly key?: string
  readonly attempts: readonly Ended[]
  /**
   * `refused` is without effect by the shop's own word. `unknown` after the last attempt, which was made in calm, is a
   * violation where there is a key.
   */
  readonly end: 'acked' | 'refused' | 'unknown'
}

type Ended = Outcome & { readonly time: number; readonly calm: boolean }

interface Open {
  readonly id: number
  readonly input: Input
  readonly key?: string
  readonly attempts: Map<number, Ended>
}

/** Everything that the checker needs of a history, in one pass over it. */
export interface Told {
  readonly operations: readonly Operation[]
  readonly faults: readonly FaultWindow[]
  /** Of servers that were asked to end. */
  readonly exitCodes: readonly (number | null)[]
  readonly lostAnswers: number
  readonly seed: number
  readonly profile: string
  readonly durationMs: number
}

export interface FaultWindow {
  readonly fault: string
  readonly begin: number
  end: number
}

export async function readHistory(events: AsyncIterable<Event> | Iterable<Event>): Promise<Told> {
  const open = new Map<number, Open>()
  const faults: FaultWindow[] = []
  const exitCodes: (number | null)[] = []
  let about = { seed: 0, profile: '' }
  let lostAnswers = 0
  let durationMs = 0
  for await (const event of events) {
    durationMs = event.time
    switch (event.type) {
      case 'run':
        about = { seed: event.seed, profile: event.profile }
        break
      case 'lost answers':
        lostAnswers = event.count
        break
      case 'fault':
        if (event.phase === 'begin') faults.push({ fault: event.fault, begin: event.time, end: Infinity })
        else faults.at(-1)!.end = event.time
        break
      case 'exit':
        exitCodes.push(event.exitCode)
        break
      case 'invoke': {
        const known = open.get(event.operation) ?? newOperation(event)
        open.set(event.operation, known)
        // Until its end is told, for instance because the run was killed, nobody knows.
        known.attempts.set(event.attempt, { type: 'info', code: 'no end', time: event.time, calm: event.calm })
        break
      }
      case 'ok':
      case 'fail':
      case 'info':
      case 'broken':
        open.get(event.operation)?.attempts.set(event.attempt, event)
        break
    }
  }
  return { ...about, operations: Array.from(open.values(), close), faults, exitCodes, lostAnswers, durationMs }
}

function newOperation({ operation, input, key }: Extract<Event, { type: 'invoke' }>): Open {
  return { id: operation, input, ...(key !== undefined && { key }), attempts: new Map() }
}

function close({ attempts, ...operation }: Open): Operation {
  const ended = [...attempts.values()]
  return { ...operation, attempts: ended, end: endOf(ended) }
}

function endOf(attempts: readonly Ended[]): Operation['end'] {
  if (attempts.some(({ type }) => type === 'ok')) return 'acked'
  const last = attempts.at(-1)
  // BUSY speaks for its own attempt alone; any other refusal answers for the operation.
  if (last?.type === 'fail' && last.code !== 'BUSY') return 'refused'
  return attempts.every(({ type }) => type === 'fail') ? 'refused' : 'unknown'
}
