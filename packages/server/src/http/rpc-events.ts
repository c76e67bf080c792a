import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { callTRPCProcedure, getTRPCErrorFromUnknown } from '@trpc/server'
import { eventHead, eventTexts, RETRY, writeEvents } from './events.ts'
import { signalMaker } from './plain-json.ts'
import { rpcInputs } from './rpc-inputs.ts'
import type { RpcOptions } from './rpc-options.ts'
import type { PlainCall } from './rpc-plain-call.ts'
import { setHead } from './write-answer.ts'

export type AnswerSubscription = (call: PlainCall, request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Subscriptions, answered as tRPC's own handler does. That sends each event to each subscriber through four streams,
 * which takes several times the processor time, and they keep events that are no longer the latest (`pnpm bench live`).
 * A refusal is left to that handler, which calls the procedure once more: harmless, as a subscription changes nothing.
 *
 * tests/rpc-conformance.test.ts compares the two.
 */
export function subscriptionAnswerer(options: RpcOptions, handleAny: RequestListener): AnswerSubscription {
  const { router, createContext, onError, responseMeta, headOf } = options
  const { transformer, sse } = router._def._config
  const textsOf = eventTexts((event) => transformer.output.serialize(event))
  const frame = {
    opening: `${RETRY}event: connected\ndata: ${JSON.stringify(sse?.client ?? {})}\n\n`,
    heartbeat: 'event: ping\ndata: \n\n',
    closing: 'event: return\ndata: \n\n',
  }

  return async (call, request, response) => {
    const ctx = createContext()
    const left = signalMaker(response)()
    const inputs = rpcInputs(router, call, call.input)
    let events: unknown
    try {
      events = await callTRPCProcedure({
        router,
        path: call.paths[0]!,
        getRawInput: async () => withLastEvent(inputs.read(0), request),
        ctx,
        type: 'subscription',
        signal: left,
        batchIndex: 0,
      })
    } catch {
      return handleAny(request, response)
    }
    const { headers } = responseMeta({ info: { calls: call.paths }, type: 'subscription', errors: [], ctx })
    const own = ['content-type', 'text/event-stream', 'vary', `trpc-accept, accept, ${headers.get('vary')}`]
    setHead(response, [...headOf(request), ...eventHead, ...own])
    try {
      // Every subscription answers with what withIds makes.
      await writeEvents(response, textsOf(events as Parameters<typeof textsOf>[0]), { ...frame, left })
    } catch (cause) {
      onError({ error: getTRPCErrorFromUnknown(cause), req: request })
    }
  }
}

/** Where a reader was that comes back, for the procedure to begin there if it wants to. */
function withLastEvent(input: unknown, { headers }: IncomingMessage): unknown {
  const lastEventId = headers['last-event-id']
  const hasFields = input === undefined || (typeof input === 'object' && !Array.isArray(input))
  return lastEventId !== undefined && hasFields ? { ...input, lastEventId } : input
}
