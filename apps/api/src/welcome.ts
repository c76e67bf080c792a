import { box } from './box.ts'

export interface Welcome {
  readonly url: string
  /** Where the data are: a folder, or the MongoDB that MONGODB_URI names. */
  readonly data: string
  /** Products that were just made from the sample catalogue. */
  readonly samples: number
}

/** What a person sees when the shop is open. */
export function welcome({ url, data, samples }: Welcome): string {
  return box([
    'Stockroom is open.',
    '',
    `Shop    ${url}`,
    `REST    ${url}/docs`,
    `tRPC    ${url}/trpc`,
    `Data    ${data}${samples > 0 ? ` (filled with ${samples} sample products)` : ''}`,
    '',
    'Try next:',
    `  curl ${url}/products`,
    '  npx pnpm shop --help',
    'Stop with Ctrl-C.',
  ])
}
