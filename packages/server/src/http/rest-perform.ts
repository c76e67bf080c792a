import type { AnyTRPCRouter } from '@trpc/server'
import { getTRPCErrorFromUnknown } from '@trpc/server'
import type { Context } from '../context.ts'
import { toShopError } from '../trpc.ts'
import { isShopError } from '../domain/errors.ts'
import { madeOnce } from '../made-once.ts'
import { procedureCaller } from './call-procedure.ts'
import { eventHead, eventTexts } from './events.ts'
import { jsonSchemaOf } from './json-schema.ts'
import { inputReader } from './rest-input.ts'
import type { RestRequest } from './rest-input.ts'
import type { Operation } from './rest-operations.ts'
import { encoder } from './wire-names.ts'
import type { Head } from './write-answer.ts'

export interface RestResponse {
  readonly status: number
  readonly head: Head
  readonly body: string | AsyncIterable<string>
}

const json = ['content-type', 'application/json; charset=utf-8']
const restEvents = [...eventHead, 'content-type', 'text/event-stream; charset=utf-8']

export type Perform = (request: RestRequest, context: Context, signalOf: () => AbortSignal) => Promise<RestResponse>

/** Turns an operation into a function from request to response; which server carries it does not matter. */
export function performer(router: AnyTRPCRouter, operation: Operation): Perform {
  const { route, procedure, type, answer } = operation
  const { read, locate } = inputReader(operation)
  const call = procedureCaller(router, procedure)
  const encode = encoder(jsonSchemaOf(answer.schema, 'output'))
  const textsOf = eventTexts((event) => encode(answer.present(event, false)))

  return async (request, ctx, signalOf) => {
    const input = read(request)
    const toText = madeOnce((output: unknown) =>
      JSON.stringify(encode(answer.present(output, !request.query.has('cursor')))),
    )
    const told = { ctx, type, getRawInput: () => input, signalOf, batchIndex: 0, onDecided: toText }
    const output = await call(told).catch((thrown: unknown) => {
      const error = toShopError(getTRPCErrorFromUnknown(thrown))
      throw isShopError(error, 'VALIDATION') ? locate(error, request) : error
    })
    if (type === 'subscription') {
      // Every subscription answers with what withIds makes.
      return { status: 200, head: restEvents, body: textsOf(output as Parameters<typeof textsOf>[0]) }
    }
    return {
      status: route.status ?? 200,
      head: [
        ...json,
        ...(ctx.call?.replayed ? ['idempotency-replayed', 'true'] : []),
        ...(route.status === 201 ? ['location', `${route.path}/${(output as { id: string }).id}`] : []),
      ],
      body: toText(output),
    }
  }
}
