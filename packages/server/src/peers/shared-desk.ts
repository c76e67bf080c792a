import { setTimeout as wait } from 'node:timers/promises'
import type { ProductDocument } from '../collections/products.ts'
import type { Command, PlaceOrder, ResultOf } from '../domain/commands.ts'
import type { Desk } from '../domain/desk.ts'
import type { CallerOptions } from '../domain/entry.ts'
import { ShopError } from '../domain/errors.ts'
import { Regulars } from '../domain/regulars.ts'
import type { Door } from './door.ts'
import { handOver, NotTaken } from './hand-over.ts'
import type { Leads } from './leads.ts'
import type { Placed } from './placements.ts'
import { outcomeOf } from './placements.ts'

/** For so long after a conflict, orders are handed over; then one batch is tried here, which may be the next conflict. */
const SHARED_MS = 30_000
/** The longest that orders wait for the answer to those before them: their deadline runs, and the lead may be held up. */
const HELD_UP_MS = 50
/**
 * Lines that are handed over at once; an order with more is placed here. The answer brings each product that they name,
 * of 43 kB where its texts are the longest, and must stay below the bound of 17 MB.
 */
const LINES_AT_ONCE = 300
/** A caller who has waited for so long is told that the outcome is not known, rather than tried once more. */
const LATE_MS = 5000

export interface SharedDeskOptions {
  readonly desk: Desk
  readonly leads: Leads
  /** Where other processes hand over to `desk`; undefined where this one takes nothing. */
  readonly door: Door | undefined
  /** Called before callers are answered, with the products as the commits of their orders left them. */
  readonly onCommit: (products: readonly ProductDocument[]) => void
}

interface Waiting extends PromiseWithResolvers<Placed>, CallerOptions<PlaceOrder> {
  readonly command: PlaceOrder
  /** `performance.now()` */
  readonly since: number
}

/**
 * The desk, and beside it that of the lead: processes of one host which want the same products would spend their time
 * on conflicts, so all but the oldest of them hand their orders to that one. Who it is decides nothing but speed: any
 * desk may place any order at any time.
 */
export function openSharedDesk({ desk, leads, door, onCommit }: SharedDeskOptions): Pick<Desk, 'submit' | 'close'> {
  const waiting: Waiting[] = []
  const sending = new Set<Promise<void>>()
  const regulars = new Regulars()
  let serving: Promise<void> | undefined
  let closed = false

  return {
    submit<C extends Command>(command: C, caller?: CallerOptions<C>): Promise<ResultOf<C>> {
      if (closed) return Promise.reject(new ShopError('BUSY', {}))
      if (!isOrder(command) || command.lines.length > LINES_AT_ONCE || !isShared()) return desk.submit(command, caller)
      // Its result is that of a PlaceOrder, which the compiler does not see in C.
      const { onDecided } = (caller ?? {}) as CallerOptions<PlaceOrder>
      const entry = { command, since: performance.now(), onDecided, ...Promise.withResolvers<Placed>() }
      waiting.push(entry)
      regulars.arrived(waiting.length)
      serving ??= serve()
      return entry.promise as Promise<ResultOf<C>>
    },
    async close() {
      closed = true
      await serving
      while (sending.size > 0) await Promise.all(sending)
      await door?.[Symbol.asyncDispose]()
      await desk.close()
    },
  }

  function isShared(): boolean {
    return leads.current() !== undefined && performance.now() - desk.conflictAt() < SHARED_MS
  }

  /** As at the desk: while one message is on its way, the next forms. It costs both processes more than what is in it. */
  async function serve(): Promise<void> {
    while (waiting.length > 0) {
      while (waiting.length > 0) {
        const sent = send(takeLines(waiting)).finally(() => sending.delete(sent))
        sending.add(sent)
      }
      await Promise.race([Promise.all(sending), wait(HELD_UP_MS, undefined, { ref: false })])
      await regulars.back(waiting.length)
    }
    serving = undefined
  }

  async function send(entries: readonly Waiting[]): Promise<void> {
    const began = performance.now()
    const lead = leads.current()
    if (!lead) return placeHere(entries)
    try {
      const commands = entries.map(({ command }) => command)
      const { outcomes, products } = await handOver({
        lead,
        commands,
        onDecided: (decided) => decided.forEach((placed, index) => entries[index]!.onDecided?.(placed)),
      })
      onCommit(products)
      const callers = entries.length + waiting.length
      if (regulars.areAwaited(callers)) regulars.expect(callers, performance.now() - began)
      for (const [index, { resolve, reject }] of entries.entries()) {
        const outcome = outcomeOf(outcomes[index]!)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
    } catch (error) {
      leads.leave(lead, !(error instanceof NotTaken))
      if (error instanceof NotTaken) return placeHere(entries)
      const unknown = new ShopError('OUTCOME_UNKNOWN', {}, { cause: error })
      for (const { command, since, resolve, reject } of entries) {
        const rejectAsUnknown = () => reject(unknown)
        // With a key it is placed once, even if the lead has placed it. A refusal here does not say what the lead did.
        const isLate = performance.now() - since > LATE_MS
        if (command.key && !isLate) desk.submit(command, { since }).then(resolve, rejectAsUnknown)
        else rejectAsUnknown()
      }
    }
  }

  function placeHere(entries: readonly Waiting[]): void {
    for (const { command, since, onDecided, resolve, reject } of entries)
      desk.submit(command, { since, onDecided }).then(resolve, reject)
  }
}

function isOrder(command: Command): command is PlaceOrder {
  return command.kind === 'placeOrder'
}

/** Takes as many of those that wait as one message holds; no order alone has more lines than that. */
function takeLines(waiting: Waiting[]): Waiting[] {
  let lines = 0
  let count = 0
  for (const { command } of waiting) {
    lines += command.lines.length
    if (lines > LINES_AT_ONCE) break
    count++
  }
  return waiting.splice(0, count)
}
