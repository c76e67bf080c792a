import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from '@trpc/server'
import { getHTTPStatusCode } from '@trpc/server/http'
import { madeOnce } from '../made-once.ts'
import type { CallProcedure } from './call-procedure.ts'
import { procedureCaller } from './call-procedure.ts'
import { onceEach } from './once-each.ts'
import { readBody, signalMaker } from './plain-json.ts'
import { rpcInputs } from './rpc-inputs.ts'
import { subscriptionAnswerer } from './rpc-events.ts'
import type { RpcOptions } from './rpc-options.ts'
import type { PlainCall } from './rpc-plain-call.ts'
import { plainCallReader } from './rpc-plain-call.ts'
import type { Head } from './write-answer.ts'
import { writeAnswer } from './write-answer.ts'

type Outcome = { readonly data: unknown } | { readonly error: TRPCError }

/**
 * A short way around `createHTTPHandler` of tRPC, for plain calls: JSON in UTF-8 of a known length, single or batched,
 * query or mutation. Its own handler makes fetch Requests and streams of each of them, which costs a call that does
 * nothing five times the processor time, and an order four times (scripts/measure-doors.ts). What is unusual in any way
 * goes there unread.
 *
 * tests/rpc-conformance.test.ts sends the same requests both ways and compares the answers, so a version of tRPC
 * that answers differently turns it red.
 */
export function leanHandler(options: RpcOptions, handleAny: RequestListener): RequestListener {
  const { router, createContext, onError, responseMeta, headOf } = options
  const config = router._def._config
  const plainCall = plainCallReader(options)
  const callers = new Map<string, CallProcedure>()
  const answerSubscription = subscriptionAnswerer(options, handleAny)

  return (request, response) => {
    const call = plainCall(request)
    if (!call) return handleAny(request, response)
    const answer = call.type === 'subscription' ? answerSubscription : answerOnce
    answer(call, request, response).catch((error: Error) => response.destroy(error))
  }

  /** `transformTRPCResponse` of tRPC copies each answer twice, with the descriptor of every property. */
  function toWire(envelope: { readonly result: { readonly data: unknown } } | { readonly error: unknown }): object {
    const { output } = config.transformer
    if ('error' in envelope) return { error: output.serialize(envelope.error) }
    return { result: { data: output.serialize(envelope.result.data) } }
  }

  /** Not made in advance: the procedures of a lazy router come later. */
  function callerOf(path: string): CallProcedure {
    const known = callers.get(path)
    if (known) return known
    const caller = procedureCaller(router, path)
    callers.set(path, caller)
    return caller
  }

  async function answerOnce(call: PlainCall, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { type, isBatch, paths } = call
    const signalOf = signalMaker(response)
    const ctx = createContext()
    const toText = madeOnce((data: unknown) => JSON.stringify(toWire({ result: { data } })))
    const inputs = rpcInputs(router, call, type === 'mutation' ? utf8.decode(await readBody(request)) : call.input)
    try {
      const outcomes = (await Promise.all(paths.map(run))).map(refuseStream)
      const envelopes = outcomes.map(envelope)
      const texts = envelopes.map((told) => ('error' in told ? JSON.stringify(toWire(told)) : toText(told.result.data)))
      write(
        getHTTPStatusCode(envelopes),
        outcomes.flatMap((outcome) => ('error' in outcome ? outcome.error : [])),
        isBatch ? `[${texts.join(',')}]` : texts[0]!,
      )
    } catch (cause) {
      // What no call has thrown: an output that JSON cannot carry, or a stream.
      const error = report(cause)
      const failure = { error: getTRPCErrorShape({ config, error, type, path: undefined, input: undefined, ctx }) }
      write(getHTTPStatusCode(failure), [error], JSON.stringify(toWire(failure)))
    }

    async function run(path: string, batchIndex: number): Promise<Outcome> {
      const getRawInput = (): unknown => inputs.read(batchIndex)
      // All calls of a batch share their context, and with it who is told.
      const onDecided = paths.length === 1 ? toText : undefined
      try {
        return { data: await callerOf(path)({ getRawInput, ctx, type, signalOf, batchIndex, onDecided }) }
      } catch (cause) {
        return { error: report(cause) }
      }
    }

    function refuseStream(outcome: Outcome): Outcome {
      if ('error' in outcome || !isStream(outcome.data)) return outcome
      const message = 'Cannot use stream-like response in non-streaming request - use httpBatchStreamLink'
      const error = new TRPCError({ code: 'UNSUPPORTED_MEDIA_TYPE', message })
      if (!isBatch) throw error
      return { error }
    }

    function envelope(outcome: Outcome, index: number) {
      if ('data' in outcome) return { result: { data: outcome.data } }
      const { error } = outcome
      return {
        error: getTRPCErrorShape({ config, error, type, path: paths[index], input: inputs.known(index), ctx }),
      }
    }

    function report(cause: unknown): TRPCError {
      const error = getTRPCErrorFromUnknown(cause)
      onError({ error, req: request })
      return error
    }

    function write(status: number, errors: readonly TRPCError[], body: string): void {
      const { headers } = responseMeta({ info: { calls: paths }, type, errors, ctx })
      writeAnswer(response, status, { head: [...headOf(request), ...ownHead(headers)], body })
    }
  }
}

// As tRPC decodes: without a byte order mark, and with replacement characters for what is no UTF-8.
const utf8 = new TextDecoder()

/** What tRPC says of every answer of this kind, with what `responseMeta` says beside it. */
const ownHead = onceEach((headers: Headers): Head => {
  const own = new Map([
    ['vary', 'trpc-accept, accept'],
    ['content-type', 'application/json'],
  ])
  headers.forEach((value, name) => own.set(name, name === 'vary' ? `trpc-accept, accept, ${value}` : value))
  return [...own].flat()
})

/** What only tRPC's streaming links can carry: an iterable of things to come, or an object that holds one. */
function isStream(output: unknown): boolean {
  if (!isObject(output)) return false
  return isIterable(output) || Object.values(output).some((value) => isIterable(value) || isPromise(value))
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isIterable = (value: unknown): boolean => isObject(value) && Symbol.asyncIterator in value
const isPromise = (value: unknown): boolean =>
  isObject(value) && 'then' in value && typeof value.then === 'function' && 'catch' in value
