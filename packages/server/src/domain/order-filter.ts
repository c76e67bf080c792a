import type { ListOrders } from '@stockroom/contracts'
import type { Filter } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'
import { fromCursor, parseId } from './ids.ts'

/** An order gets its id before it waits for its commit, and its time in it: by more than this they never differ. */
const ID_BEFORE_TIME_S = 60

/** The orders that a list asks for, from behind its cursor on. Throws INVALID_CURSOR. */
export function orderFilter({ userId, status, productId, from, to, sort, cursor }: ListOrders): Filter<OrderDocument> {
  const parts: Filter<OrderDocument>[] = []
  if (userId !== undefined) parts.push({ userId })
  if (status !== undefined) parts.push({ status })
  // A malformed id names no product, and no order holds one.
  if (productId !== undefined) parts.push({ 'lines.productId': parseId(productId) ?? new ObjectId() })
  if (cursor !== undefined) {
    const last = fromCursor('orders', cursor)
    parts.push({ _id: sort === 'newest' ? { $lt: last } : { $gt: last } })
  }
  // The id begins with the second it was made in, so the index on it bounds the time, too.
  if (from !== undefined)
    parts.push({ createdAt: { $gte: new Date(from) }, _id: { $gte: idAt(from, -ID_BEFORE_TIME_S) } })
  if (to !== undefined) parts.push({ createdAt: { $lt: new Date(to) }, _id: { $lt: idAt(to, 1) } })
  return parts.length > 0 ? { $and: parts } : {}
}

function idAt(time: string, shift: number): ObjectId {
  const seconds = Math.floor(Date.parse(time) / 1000) + shift
  return ObjectId.createFromTime(Math.min(Math.max(seconds, 0), 0xffff_ffff))
}
