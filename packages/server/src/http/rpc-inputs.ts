import type { AnyTRPCRouter } from '@trpc/server'
import { TRPCError } from '@trpc/server'
import type { PlainCall } from './rpc-plain-call.ts'

export interface RpcInputs {
  /** The input of the call at this place. Throws what is wrong with the text, to each call that asks. */
  readonly read: (index: number) => unknown
  /** The same for an error's shape: undefined where nobody has read it, or nobody could. */
  readonly known: (index: number) => unknown
}

type Read = { readonly inputs: ArrayLike<unknown> } | { readonly error: TRPCError }

/** The inputs of a request, read when first asked for: a procedure without input does not mind what was sent. */
export function rpcInputs(router: AnyTRPCRouter, call: PlainCall, text: string | null): RpcInputs {
  const { input: transformer } = router._def._config.transformer
  let done: Read | undefined

  return {
    read(index) {
      done ??= attempt()
      if ('error' in done) throw done.error
      return done.inputs[index]
    },
    known: (index) => (done && 'inputs' in done ? done.inputs[index] : undefined),
  }

  function attempt(): Read {
    try {
      return { inputs: parse() }
    } catch (cause) {
      if (cause instanceof TRPCError) return { error: cause }
      const message = cause instanceof Error ? cause.message : 'Invalid input'
      return { error: new TRPCError({ code: 'BAD_REQUEST', message, cause }) }
    }
  }

  function parse(): ArrayLike<unknown> {
    if (call.type !== 'mutation' && !text) return []
    const sent: unknown = JSON.parse(text ?? '')
    if (!call.isBatch) return [transformer.deserialize(sent)]
    if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
      throw new TRPCError({
        code: 'BAD_REQUEST',
        message: '"input" needs to be an object when doing a batch call',
      })
    return call.paths.map((_, index) => {
      const input = (sent as Record<number, unknown>)[index]
      return input === undefined ? undefined : (transformer.deserialize(input) as unknown)
    })
  }
}
