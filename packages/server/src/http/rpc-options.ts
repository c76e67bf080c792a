import type { IncomingMessage } from 'node:http'
import type { AnyTRPCRouter, TRPCError } from '@trpc/server'
import type { Context } from '../context.ts'
import type { HeadOf } from './write-answer.ts'

/** What tRPC's own handler is told, as far as both ways heed it. */
export interface TrpcOptions {
  readonly router: AnyTRPCRouter
  readonly basePath: `/${string}/`
  readonly maxBodySize: number
  readonly maxBatchSize: number
  readonly createContext: () => Context
  readonly onError: (told: { error: TRPCError; req: IncomingMessage }) => void
  readonly responseMeta: (told: {
    readonly info?: { readonly calls: readonly unknown[] }
    readonly type: string
    readonly errors: readonly TRPCError[]
    readonly ctx?: Context
  }) => { readonly headers: Headers }
}

export interface RpcOptions extends TrpcOptions {
  /** What an answer says that is written without tRPC's handler. */
  readonly headOf: HeadOf
}
