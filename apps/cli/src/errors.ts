import { isShopError } from '@stockroom/client'

/** What went wrong and what to do about it, in words for the person at the terminal. Ends the command with exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

/** Turns the error of a call into words; an error that is not of a call comes back as it is. */
export function explainCall(error: unknown, url: string): unknown {
  if (isShopError(error)) {
    const { code, details, next } = error.data.shop
    const issues =
      code === 'VALIDATION' ? details.issues.slice(0, 3).map(({ loc, msg }) => `${loc.join('.')}: ${msg}`) : []
    return new CliError([`The shop at ${url} refused: ${error.message} (${code}).`, ...issues, next].join(' '), {
      cause: error,
    })
  }
  if (!(error instanceof Error && error.name === 'TRPCClientError')) return error
  return new CliError(
    neverAnswered(error)
      ? `No shop answers at ${url}. Start one with \`npx pnpm start\`, or name another one with --url or STOCKROOM_URL.`
      : `What answers at ${url} is not a Stockroom shop. Name the shop with --url or STOCKROOM_URL.`,
    { cause: error },
  )
}

/** fetch throws a TypeError when there is no answer at all; an answer that cannot be read fails otherwise. */
function neverAnswered(error: Error): boolean {
  return error.cause instanceof TypeError && error.cause.message === 'fetch failed'
}
