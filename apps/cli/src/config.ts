import { resolve } from 'node:path'

export interface Config {
  /** Of the shop that import and replay talk to. */
  readonly url: string
  /** Of the database that verify reads; the embedded one in `dataFolder` where it is not given. */
  readonly mongoUri?: string
  readonly database: string
  readonly dataFolder: string
  /** What file arguments are relative to: pnpm runs scripts in the workspace's root, wherever they are called. */
  readonly filesFrom: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A variable that is set to nothing counts as not set. */
export function readConfig(env: Environment, cwd: string): Config {
  return {
    url: env.STOCKROOM_URL || 'http://localhost:8000',
    mongoUri: env.MONGODB_URI || undefined,
    database: env.MONGODB_DATABASE || 'stockroom',
    dataFolder: resolve(cwd, env.STOCKROOM_DATA || '.stockroom'),
    filesFrom: env.INIT_CWD || cwd,
  }
}

// oxlint-disable-next-line node/no-process-env -- the one place of the command line tool that reads it
export const environment: Environment = process.env
