import { statfs } from 'node:fs/promises'
import { isDiskFull } from './error-text.ts'
import type { MongodOptions } from './mongod-process.ts'

/** Says why a mongod did not start, from its log, and what to do. */
export async function startFailure(options: MongodOptions, log: string): Promise<Error> {
  const { bavail, bsize } = await statfs(options.dbPath)
  // On a full disk the log has no room for saying so.
  const full = isDiskFull(log) || bavail * bsize < 1_000_000
  return new Error(
    full ? `The disk that holds ${options.dbPath} is full: free 500 MB there and start again.` : explain(options, log),
  )
}

function explain({ mongod, port, dbPath }: MongodOptions, log: string): string {
  if (/address already in use/i.test(log)) return `Port ${port} was taken by another program just now: start again.`
  if (/DBPathInUse|unable to lock the lock file/i.test(log))
    return `Another mongod uses ${dbPath}: stop it and start again.`
  if (/permission denied|read-only/i.test(log))
    return `mongod cannot write to ${dbPath}: give this user the folder and start again.`
  if (/featureCompatibilityVersion|unsupported WiredTiger file version/i.test(log)) {
    return (
      `The data in ${dbPath} were written by another version of MongoDB than ${mongod.version}, which cannot read them: ` +
      'set STOCKROOM_MONGOD to a mongod of the version that wrote them, or move the folder away to start empty.'
    )
  }
  return `mongod ${mongod.version} (${mongod.path}) did not start on ${dbPath}: ${lastError(log)}`
}

/** mongod logs one JSON document per line, with the severity in `s`: E is an error, F a fatal one. */
function lastError(log: string): string {
  const lines = log.split('\n').filter((line) => line !== '')
  return lines.findLast((line) => /"s":"[EF]"/.test(line)) ?? lines.at(-1) ?? 'it said nothing'
}
