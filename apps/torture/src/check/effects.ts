import type { BookedOrder, Books } from '../books.ts'
import type { Input, PricedLine } from '../history.ts'
import { buyer, reasonOf } from '../workload.ts'
import type { Operation } from './operations.ts'
import type { Violation, ViolationKind } from './violation.ts'

/** What an operation left in the books: `same` says whether it is what was asked for. */
interface Trace {
  readonly what: string
  readonly same: boolean
  readonly order?: BookedOrder
}

type ById = ReadonlyMap<number, Operation>

/**
 * Compares what clients were told with what is there: acknowledged is there exactly once and as asked for, refused is
 * not there, and nothing is there that nobody asked for.
 */
export function checkEffects(operations: readonly Operation[], books: Books): Violation[] {
  const byId = new Map(operations.map((operation) => [operation.id, operation]))
  const traces = tracesOf(byId, books)
  const orders = new Map(books.orders.map((order) => [order.id, order]))
  const violations = operations.flatMap((operation) => {
    const found = traces.get(operation.id) ?? []
    traces.delete(operation.id)
    return [...checkEffect(operation, found, orders), ...checkAnswers(operation, found)]
  })
  for (const found of traces.values()) {
    for (const { what } of found) violations.push({ kind: 'ghost', text: `nobody asked for ${what}` })
  }
  for (const order of books.orders) violations.push(...checkReturn(order, byId))
  return violations
}

function checkEffect(
  { id, input, end }: Operation,
  found: readonly Trace[],
  orders: ReadonlyMap<string, BookedOrder>,
): Violation[] {
  const is = (kind: ViolationKind, text: string): Violation[] => [
    { kind, text: `${input.kind}: ${text}`, operation: id },
  ]
  const whats = found.map(({ what }) => what).join(', ')
  // An absolute quantity leaves a movement without a name, and none at all where it changes nothing.
  if (input.kind === 'set') return []
  if (found.length > 1) return is('doubled', `asked for once, and there are ${whats}`)
  if (end === 'refused' && found.length > 0) return is('ghost', `refused, and there is ${whats}`)
  if (found.some(({ same }) => !same))
    return is('answer', `there is ${whats}, and ${JSON.stringify(input)} was asked for`)
  if (end !== 'acked' || found.length === 1) return []
  // Another client has cancelled it before: that is acknowledged too, and leaves no second step.
  if (input.kind === 'cancel' && orders.get(input.order)?.status === 'cancelled') return []
  return is('lost', `acknowledged, and not there: ${JSON.stringify(input)}`)
}

const statusAfter = {
  place: 'placed',
  cancel: 'cancelled',
  pay: 'paid',
  fulfil: 'fulfilled',
  refund: 'refunded',
} as const

/** Every acknowledgement of one operation, replayed or not, tells the same, and what is in the books. */
function checkAnswers({ id, input, attempts }: Operation, [trace]: readonly Trace[]): Violation[] {
  const answers = attempts.flatMap(({ answer }) => answer ?? [])
  const wrong = answers.find((answer) => {
    if (!('order' in answer)) return input.kind === 'set' && answer.quantity !== input.quantity
    if (input.kind === 'set' || input.kind === 'adjust' || answer.status !== statusAfter[input.kind]) return true
    const order = trace?.order
    return order && (answer.order !== order.id || answer.total !== order.total || !areSame(answer.lines, order.lines))
  })
  if (!wrong) return []
  return [{ kind: 'answer', text: `${input.kind}: answered ${JSON.stringify(wrong)}`, operation: id }]
}

/** Units go back with a cancellation, and with a refund that asked for it; never otherwise. */
function checkReturn({ id, history, status, stockReturned }: BookedOrder, operations: ById): Violation[] {
  const input = operations.get(idOf(history.at(-1)?.reason))?.input
  const expected = status === 'cancelled' || (input?.kind === 'refund' && input.restock)
  if (expected === stockReturned) return []
  return [
    { kind: 'illegal', text: `order ${id} is ${status}, and its units are ${stockReturned ? '' : 'not '}returned` },
  ]
}

function tracesOf(operations: ById, { orders, movements }: Books): Map<number, Trace[]> {
  const traces = new Map<number, Trace[]>()
  const add = (operation: number, trace: Trace) => {
    const known = traces.get(operation)
    if (known) known.push(trace)
    else traces.set(operation, [trace])
  }
  for (const order of orders) {
    const placed = Number(order.userId.slice(buyer(0).length - 1))
    add(placed, { what: `order ${order.id}`, same: isPlaced(operations.get(placed)?.input, order), order })
    for (const { status, reason } of order.history.slice(1)) {
      const moved = idOf(reason)
      const input = operations.get(moved)?.input
      const same =
        input !== undefined && 'order' in input && input.order === order.id && statusAfter[input.kind] === status
      add(moved, { what: `step ${status} of order ${order.id}`, same, order })
    }
  }
  for (const { product, change, reason, note } of movements) {
    if (reason !== 'adjust') continue
    const adjusted = idOf(note)
    const input = operations.get(adjusted)?.input
    const same = input?.kind === 'adjust' && input.product === product && input.delta === change
    add(adjusted, { what: `movement ${change} of product ${product}`, same })
  }
  return traces
}

function idOf(reason = ''): number {
  return Number(reason.slice(reasonOf(0).length - 1))
}

function isPlaced(input: Input | undefined, { lines }: BookedOrder): boolean {
  if (input?.kind !== 'place') return false
  const wanted = new Map<string, number>()
  for (const { product, quantity } of input.lines) wanted.set(product, (wanted.get(product) ?? 0) + quantity)
  return lines.length === wanted.size && lines.every(({ product, quantity }) => wanted.get(product) === quantity)
}

function areSame(some: readonly PricedLine[], others: readonly PricedLine[]): boolean {
  return some.map(textOf).join(';') === others.map(textOf).join(';')
}

function textOf({ product, quantity, unitPrice, total }: PricedLine): string {
  return [product, quantity, unitPrice, total].join()
}
