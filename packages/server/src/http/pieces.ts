import { hash } from 'node:crypto'

/** A part of a body that is worth keeping, as bytes, with the tag of what they are. */
export interface Piece {
  readonly bytes: Buffer
  readonly tag: string
}

/** A body before it is put together: pieces that are kept, and the little text between them. */
export type Parts = readonly (Piece | string)[]

const tagOf = (text: string): string => hash('sha1', text, 'base64url')

export function together(parts: Parts): Piece {
  return {
    bytes: Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part.bytes))),
    tag: tagOf(parts.map((part) => (typeof part === 'string' ? part : part.tag)).join('')),
  }
}

interface Run {
  readonly start: number
  readonly items: readonly object[]
  readonly piece: Piece | undefined
}

/** Items in a piece. An order changes a few of a thousand products, and for each its whole piece is written again. */
const RUN = 25

/**
 * The texts of a list's items with commas between them, `textOf` asked once for each run of items and kept for as long
 * as its items are the same. An item without a text is left out.
 */
export function listPieces(textOf: (item: object, index: number) => string): (items: readonly object[]) => Parts {
  const kept = new WeakMap<object, Run>()

  return (items) => {
    const parts: (Piece | string)[] = []
    for (let start = 0; start < items.length; start += RUN) {
      const { piece } = runOf(start, items.slice(start, start + RUN))
      if (piece) parts.push(...(parts.length > 0 ? [','] : []), piece)
    }
    return parts
  }

  function runOf(start: number, items: readonly object[]): Run {
    const known = kept.get(items[0]!)
    if (known?.start === start && isSame(known.items, items)) return known
    const texts = items.map((item, index) => textOf(item, start + index)).filter((text) => text !== '')
    const text = texts.join(',')
    const run = { start, items, piece: text === '' ? undefined : { bytes: Buffer.from(text), tag: tagOf(text) } }
    kept.set(items[0]!, run)
    return run
  }
}

export const isSame = (some: readonly object[], others: readonly object[]): boolean =>
  some.length === others.length && some.every((item, index) => item === others[index])
