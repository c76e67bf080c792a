import type { ErrorCode } from '@stockroom/contracts'

/** How the REST door offers a procedure: everything that its schemas do not say already. Names are as on the wire. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** `/products/{product_id}`; every parameter stands in `params`. */
  readonly path: `/${string}`
  /** A second path for the same, kept for callers of the original API; the document shows `query` there. */
  readonly alias?: `/${string}`
  /** Parameters of the path, and of the query where they are called otherwise: the field of the input that each one is. */
  readonly params?: Readonly<Record<string, string>>
  /** Fields that may come in the query instead of the body. */
  readonly query?: readonly string[]
  readonly summary: string
  readonly status?: 200 | 201
  /**
   * What the answer holds: one resource, one that was just written (its id stands beside it), a page of them, or what
   * becomes of them, as server-sent events.
   */
  readonly answer: 'one' | 'written' | 'page' | 'events'
  readonly resource: 'product' | 'order'
  /** The `message` of the answer; a page says how many were found. */
  readonly message?: string
  /** The error instead of an empty first page. */
  readonly emptyAs?: ErrorCode
  /** The errors of the domain that it may answer with; those of HTTP, validation and the database are understood. */
  readonly errors: readonly ErrorCode[]
}
