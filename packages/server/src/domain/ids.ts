import { ObjectId } from 'mongodb'
import { ShopError } from './errors.ts'

/** The id as MongoDB keeps it, or undefined where the text cannot be one. */
export function parseId(id: string): ObjectId | undefined {
  return isId(id) ? new ObjectId(id) : undefined
}

/** Whether parseId reads it. */
export function isId(id: string): boolean {
  return /^[0-9a-fA-F]{24}$/.test(id)
}

/** A cursor names the collection and the last id of a page, so that one of another list is refused. */
export function toCursor(list: 'products' | 'orders', lastId: ObjectId): string {
  return Buffer.from(`${list}:${lastId.toHexString()}`).toString('base64url')
}

/** Throws INVALID_CURSOR for anything that toCursor did not make for this list. */
export function fromCursor(list: 'products' | 'orders', cursor: string): ObjectId {
  const [name, id = ''] = Buffer.from(cursor, 'base64url').toString().split(':')
  const lastId = name === list ? parseId(id) : undefined
  // Decoding forgives what encoding never makes.
  if (!lastId || toCursor(list, lastId) !== cursor) throw new ShopError('INVALID_CURSOR', {})
  return lastId
}
