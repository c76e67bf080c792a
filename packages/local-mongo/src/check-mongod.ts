import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { errorCode, errorText } from './error-text.ts'

/** A mongod that has been run once with `--version`. */
export interface Mongod {
  readonly path: string
  /** As the binary says it, for example `6.0.5`. */
  readonly version: string
}

/** The oldest major version that the tests run on. */
const oldest = 6

const run = promisify(execFile)

/** Runs `<path> --version`. Throws an error that says why this file cannot serve as mongod. */
export async function checkMongod(path: string): Promise<Mongod> {
  const output = await run(path, ['--version'], { timeout: 20_000 }).catch((error: unknown) => {
    throw new Error(`${path} ${reason(error)}`, { cause: error })
  })
  const version = /db version v(\d+\.\d+\.\d+)/.exec(output.stdout)?.[1]
  if (version === undefined) throw new Error(`${path} is not a mongod: it does not answer --version with "db version"`)
  if (Number.parseInt(version, 10) < oldest)
    throw new Error(`${path} is MongoDB ${version}, and ${oldest}.0 or newer is needed`)
  return { path, version }
}

function reason(error: unknown): string {
  const code = errorCode(error)
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EACCES') return 'is not an executable file (chmod +x makes it one)'
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  return `does not run here: ${stderr === '' ? errorText(error) : stderr}`
}
