import type { CompressCallback } from 'node:zlib'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import Negotiator from 'negotiator'

const encodings = {
  // As fast as gzip, and smaller: its default takes a hundred times as long.
  br: (body: Buffer, onDone: CompressCallback) =>
    brotliCompress(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }, onDone),
  gzip: (body: Buffer, onDone: CompressCallback) => gzip(body, onDone),
}

export type Encoding = keyof typeof encodings

const preferred = new LRUCache<string, { encoding?: Encoding }>({
  max: 100,
  memoMethod(header) {
    const accepted = new Negotiator({ headers: { 'accept-encoding': header } }).encodings(['br', 'gzip'])
    const encoding = (['br', 'gzip'] as const).find((each) => accepted.includes(each))
    return encoding ? { encoding } : {}
  },
})

/** The smaller of the encodings that a client takes, told by its Accept-Encoding. */
export const encodingFor = (header: string): Encoding | undefined => preferred.memo(header).encoding

export type Compress = (body: Buffer, encoding: Encoding, onDone: (smaller: Buffer) => void) => void

/** Compresses one body at a time, outside of the event loop; what is asked for meanwhile has to be asked for again. */
export function compressor(): Compress {
  let isBusy = false
  return (body, encoding, onDone) => {
    if (isBusy) return
    isBusy = true
    encodings[encoding](body, (error, smaller) => {
      isBusy = false
      if (!error) onDone(smaller)
    })
  }
}
