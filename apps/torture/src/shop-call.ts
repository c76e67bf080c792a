import type { Agent } from 'node:http'
import type { Answer, Input, Outcome } from './history.ts'
import type { HttpAnswer } from './http-call.ts'
import { call } from './http-call.ts'
import { reasonOf } from './workload.ts'

export interface Asked {
  readonly input: Input
  readonly operation: number
  readonly key?: string
}

/** Asks the shop over REST, and says how that ended. */
export async function ask(asked: Asked, where: { agent: Agent; port: number }): Promise<Outcome> {
  let answer: HttpAnswer
  try {
    answer = await call({ ...where, ...requestOf(asked), ...(asked.key !== undefined && { key: asked.key }) })
  } catch (error) {
    // Even a refused connection may have been refused by a proxy behind which an earlier request lives on.
    return { type: 'info', code: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
  }
  try {
    return outcomeOf(answer)
  } catch {
    return { type: 'broken', status: answer.status, code: 'not an answer of the contract' }
  }
}

function requestOf({ input, operation }: Asked): { method: 'POST' | 'PUT'; path: string; body: unknown } {
  const reason = reasonOf(operation)
  switch (input.kind) {
    case 'place':
      return {
        method: 'POST',
        path: '/orders',
        body: {
          user_id: input.userId,
          lines: input.lines.map(({ product, quantity }) => ({ product_id: product, quantity })),
        },
      }
    case 'cancel':
    case 'pay':
    case 'fulfil':
      return { method: 'POST', path: `/orders/${input.order}/${input.kind}`, body: { reason } }
    case 'refund':
      return { method: 'POST', path: `/orders/${input.order}/refund`, body: { reason, restock: input.restock } }
    case 'adjust':
      return { method: 'POST', path: `/products/${input.product}/adjust`, body: { delta: input.delta, reason } }
    case 'set':
      return { method: 'PUT', path: `/products/${input.product}`, body: { quantity: input.quantity } }
  }
}

/** Refusals of the contract. After each of them the request has had no effect. */
const refusals = new Set(['OUT_OF_STOCK', 'INVALID_TRANSITION', 'BUSY'])

function outcomeOf({ status, replayed, text }: HttpAnswer): Outcome {
  const body = JSON.parse(text) as unknown
  if (status < 300) return { type: 'ok', status, answer: answerOf(body as Written), ...(replayed && { replayed }) }
  const { code = 'no code' } = body as { code?: string }
  if (code === 'OUTCOME_UNKNOWN') return { type: 'info', status, code }
  return { type: refusals.has(code) ? 'fail' : 'broken', status, code }
}

interface Amount {
  readonly amount: number
}

interface Written {
  readonly product?: { readonly id: string; readonly quantity: number }
  readonly order?: {
    readonly id: string
    readonly status: string
    readonly total: Amount
    readonly lines: readonly { product_id: string; quantity: number; unit_price: Amount; total: Amount }[]
  }
}

function answerOf({ order, product }: Written): Answer {
  if (!order) return { product: product!.id, quantity: product!.quantity }
  const lines = order.lines.map((line) => ({
    product: line.product_id,
    quantity: line.quantity,
    unitPrice: line.unit_price.amount,
    total: line.total.amount,
  }))
  return { order: order.id, status: order.status, total: order.total.amount, lines }
}
