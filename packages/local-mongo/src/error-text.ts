/** What a thrown value says, on one line's worth of text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of a system or database error, if it has one: `ENOSPC`, `ENOENT`, 94. */
export function errorCode(error: unknown): string | number | undefined {
  return error instanceof Error && 'code' in error ? (error.code as string | number) : undefined
}

/** Whether a system error, a log line or the output of a tool says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return errorCode(error) === 'ENOSPC' || /no space left on device|ENOSPC|Errno 28/i.test(errorText(error))
}
