import type { AnyTRPCRouter } from '@trpc/server'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Definition } from './call-procedure.ts'
import { definitionOf, isPlain, proceduresOf } from './call-procedure.ts'

/** A procedure whose answers may be kept as bytes: its meta says `ready`. */
export interface ReadyProcedure {
  /**
   * How to run it on this input; undefined where it does not take it, or where the answer must not be kept.
   *
   * The answer is the shop's own, before the output's schema makes a copy of it: the shop gives the same object for as
   * long as a product is the same, and by that the text made of it is kept. It is that text that the schema is for.
   */
  readonly prepare: (input: unknown, ctx: Context) => (() => Promise<unknown>) | undefined
  /** The schema of the resource that it answers with, or with a page of. */
  readonly item: z.ZodType
}

/** The ready procedures of a router, by name. What could go wrong later goes wrong here, at the start. */
export function readyProcedures(router: AnyTRPCRouter): ReadonlyMap<string, ReadyProcedure> {
  const ready = Object.entries(proceduresOf(router)).filter(([, procedure]) => definitionOf(procedure).meta?.ready)
  return new Map(ready.map(([name, procedure]) => [name, readyProcedure(name, definitionOf(procedure))]))
}

function readyProcedure(path: string, definition: Definition): ReadyProcedure {
  const { type, inputs, output, resolver } = definition
  const [schema = z.unknown()] = inputs
  const fault = (text: string): Error => new Error(`${path} cannot be ready: ${text}`)
  if (type !== 'query') throw fault(`it is a ${type}`)
  // Whoever adds a check of the caller to a procedure must not find it skipped.
  if (!isPlain(definition)) throw fault('its chain holds more than input, output and what every procedure has')
  if (!output) throw fault('it has no output schema')
  return {
    prepare(raw, ctx) {
      const { success, data: input } = schema.safeParse(raw)
      // Only the first page of a list is in memory, where the stamp tells of every change.
      if (!success || (input as { cursor?: string } | undefined)?.cursor !== undefined) return undefined
      return async () => resolver({ ctx, path, input })
    },
    item: itemOf(output),
  }
}

function itemOf(output: z.ZodType): z.ZodType {
  const items = output instanceof z.ZodObject ? (output.shape as Record<string, unknown>)['items'] : undefined
  return items instanceof z.ZodArray ? (items.element as z.ZodType) : output
}

/** A page of a list, as contracts/page.ts has it. */
export interface Page {
  readonly items: readonly object[]
  readonly nextCursor: string | null
}

export const isPage = (output: unknown): output is Page =>
  typeof output === 'object' && output !== null && 'items' in output
