import type { AnyTRPCProcedure, AnyTRPCRouter, TRPCProcedureType as ProcedureType } from '@trpc/server'
import { callTRPCProcedure, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import { madeOnce } from '../made-once.ts'
import type { Meta } from '../trpc.ts'
import { procedure as base, typedError } from '../trpc.ts'

interface ProcedureCall {
  readonly ctx: Context
  readonly type: 'query' | 'mutation' | 'subscription'
  /** Asked only by a procedure that has an input. */
  readonly getRawInput: () => unknown
  /** Asked only by a procedure that heeds it. */
  readonly signalOf: () => AbortSignal
  readonly batchIndex: number
  /** Told what the procedure will answer where that is known before it may be said (see Call). */
  readonly onDecided?: ((output: unknown) => void) | undefined
}

export type CallProcedure = (call: ProcedureCall) => Promise<unknown>

/** What tRPC keeps of a procedure, as far as it is needed here. Its types call it internal: the version is pinned. */
export interface Definition {
  readonly type: ProcedureType
  readonly meta?: Meta
  readonly middlewares: readonly (Function & { readonly _type?: string })[]
  readonly inputs: readonly z.ZodType[]
  readonly output?: z.ZodType
  readonly resolver: (told: object) => unknown
}

/** The public type of a procedure shows its types alone, not the schemas and the chain behind them. */
export const definitionOf = (procedure: { readonly _def: unknown }): Definition => procedure._def as Definition

/** The procedures of a router by name, `products.list`: its public type does not say that it has them. */
export const proceduresOf = (router: AnyTRPCRouter): Readonly<Record<string, AnyTRPCProcedure>> =>
  (router._def as { procedures: Record<string, AnyTRPCProcedure> }).procedures

/**
 * How the lean paths call a procedure. tRPC copies its options, with every property's descriptor, twice for each link
 * of a procedure's chain, which was an eighth of what an order cost. Where the chain is just what `trpc.ts` and the
 * schemas make it, the same is done here without it: the input is parsed, the resolver called, the output parsed, the
 * error typed. A procedure that has anything else in its chain is called by tRPC.
 *
 * tests/rpc-conformance.test.ts compares the answers with those of tRPC's own handler.
 */
export function procedureCaller(router: AnyTRPCRouter, path: string): CallProcedure {
  const procedure = proceduresOf(router)[path]
  const definition = procedure && definitionOf(procedure)
  if (!definition || !isPlain(definition)) {
    return ({ getRawInput, signalOf, ...call }) =>
      callTRPCProcedure({ router, path, getRawInput: async () => getRawInput(), signal: signalOf(), ...call })
  }
  const { inputs, output, resolver } = definition
  const [schema] = inputs
  return async (call) => {
    const { ctx, getRawInput, onDecided } = call
    const toOutput = madeOnce((answer: unknown) => (output ? parseOutput(output, answer) : answer))
    if (onDecided && ctx.call) ctx.call.onDecided = (answer) => onDecided(toOutput(answer))
    try {
      const input = schema && parseInput(schema, getRawInput())
      return toOutput(await resolver(new Told(call, path, input)))
    } catch (cause) {
      throw typedError(getTRPCErrorFromUnknown(cause))
    }
  }
}

/** What a resolver is told. Only watches ask for the signal, and every request would pay for one (decision record 7). */
class Told {
  readonly ctx: Context
  readonly type: ProcedureType
  readonly path: string
  readonly input: unknown
  readonly batchIndex: number
  readonly #signalOf: () => AbortSignal

  constructor({ ctx, type, batchIndex, signalOf }: ProcedureCall, path: string, input: unknown) {
    this.ctx = ctx
    this.type = type
    this.path = path
    this.input = input
    this.batchIndex = batchIndex
    this.#signalOf = signalOf
  }

  get signal(): AbortSignal {
    return this.#signalOf()
  }
}

/** The base procedure's links, one input or none, an output or none, and the resolver. */
export function isPlain({ middlewares, inputs, resolver }: Definition): boolean {
  const common = definitionOf(base).middlewares
  const added = middlewares.slice(common.length)
  const resolve = added.pop()
  return (
    typeof resolver === 'function' &&
    resolve !== undefined &&
    resolve._type === undefined &&
    inputs.length <= 1 &&
    common.every((link, index) => middlewares[index] === link) &&
    added.every(({ _type }) => _type === 'input' || _type === 'output')
  )
}

function parseInput(schema: z.ZodType, raw: unknown): unknown {
  const { success, data, error: cause } = schema.safeParse(raw)
  if (success) return data
  throw new TRPCError({ code: 'BAD_REQUEST', cause })
}

function parseOutput(schema: z.ZodType, answer: unknown): unknown {
  const { success, data, error: cause } = schema.safeParse(answer)
  if (success) return data
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'Output validation failed', cause })
}
