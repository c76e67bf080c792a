import { isDeepStrictEqual } from 'node:util'
import type { Document, Timestamp } from 'mongodb'
import type { StoredChange } from '../collections/product-changes.ts'
import type { ProductDocument } from '../collections/products.ts'

/** A product in memory. */
export interface Kept {
  readonly document: ProductDocument
  /**
   * How it may be ahead of the stream of changes: it was read at that time, or written here (`own`) and the stream has
   * not come to that write, or leaves it out. Undefined: it is where the stream is.
   */
  readonly ahead?: Timestamp | 'own'
}

/**
 * What a change of the stream leaves of a product, undefined where it is gone. The same document where nothing
 * differs: what was made of it stays good.
 *
 * What the document already holds is passed over: up to the time it was read at, or up to the own write that it is.
 * From there on every change counts whatever its revision, for somebody may write past the shop and not raise it.
 */
export function afterChange(kept: Kept | undefined, change: StoredChange): Kept | undefined {
  if (kept?.ahead === 'own') {
    const revision = revisionOf(change)
    if (revision === undefined || revision < kept.document.revision) return kept
  } else if (kept?.ahead && change.at.lessThanOrEqual(kept.ahead)) return kept
  switch (change.kind) {
    case 'gone':
      return undefined
    case 'whole':
      return kept && isDeepStrictEqual(kept.document, change.document)
        ? { document: kept.document }
        : { document: change.document }
    case 'fields':
      return kept && { document: withFields(kept.document, change) }
  }
}

/** What a write of this process leaves of a product, unless something newer is known. */
export function afterWrite(kept: Kept | undefined, document: ProductDocument): Kept {
  return kept && kept.document.revision >= document.revision ? kept : { document, ahead: 'own' }
}

/**
 * What a read that is not behind the stream leaves of a product: what it found, unless another read is later, or a
 * write here is newer.
 */
export function afterRead(
  kept: Kept | undefined,
  document: ProductDocument | undefined,
  at: Timestamp,
): Kept | undefined {
  // The reads of a primary that was just elected may lag behind what the last one has acknowledged.
  if (kept?.ahead === 'own' && kept.document.revision > (document?.revision ?? 0)) return kept
  if (kept?.ahead && kept.ahead !== 'own' && kept.ahead.greaterThan(at)) return kept
  if (!document) return undefined
  return { document: kept && isDeepStrictEqual(kept.document, document) ? kept.document : document, ahead: at }
}

function revisionOf(change: StoredChange): number | undefined {
  switch (change.kind) {
    case 'gone':
      return undefined
    case 'whole':
      return change.document.revision
    case 'fields':
      return change.updated['revision'] as number | undefined
  }
}

type FieldsChange = Extract<StoredChange, { kind: 'fields' }>

function withFields(document: ProductDocument, { updated, removed }: FieldsChange): ProductDocument {
  let after: Document = document
  for (const path of Object.keys(updated)) after = withValue(after, path, updated[path])
  for (const path of removed) after = withValue(after, path, undefined)
  // The validator of the collection has checked what the stream tells.
  return after as ProductDocument
}

function withValue(document: Document, path: string, value: unknown): Document {
  const [field, ...inner] = path.includes('.') ? path.split('.') : [path]
  const now = document[field!]
  const after = inner.length === 0 ? value : within(now, inner, value)
  if (now === after || isDeepStrictEqual(now, after)) return document
  const copy = { ...document, [field!]: after }
  if (after === undefined) delete copy[field!]
  return copy
}

/** A copy of a value, with `after` at a path. */
function within(value: unknown, [key, ...inner]: readonly string[], after: unknown): unknown {
  if (key === undefined) return after
  const copy: Document = Array.isArray(value) ? [...value] : { ...(value as Document) }
  const changed = within(copy[key], inner, after)
  if (changed === undefined) delete copy[key]
  else copy[key] = changed
  return copy
}
