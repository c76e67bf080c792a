import { z } from 'zod'

const origins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .pipe(
    z.array(
      // Browsers send an origin without a slash at its end: one that has it would never match.
      z
        .string()
        .refine(
          (text) => /^https?:/.test(text) && URL.parse(text)?.origin === text,
          'must be origins such as https://shop.example, without a path, separated by commas',
        ),
    ),
  )

const Environment = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port, 0 to 65535')
    .transform(Number)
    .pipe(z.int().max(65535, 'must be a port, 0 to 65535'))
    .default(8000),
  HOST: z.string().min(1).default('127.0.0.1'),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://')
    .optional(),
  MONGODB_DATABASE: z
    .string()
    .regex(/^[^/\\. "$*<>:|?\u0000]{1,63}$/, 'must be a database name')
    .default('stockroom'),
  STOCKROOM_DATA: z.string().min(1).default('.stockroom'),
  CORS_ORIGINS: origins.default([]),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  SAMPLE_CATALOGUE: z.enum(['on', 'off']).default('on'),
})

/** What the environment says, with defaults; described in the README. */
export type Config = z.infer<typeof Environment>

/** Some variables are wrong: the message lists all of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Reads the variables the host knows. An empty one counts as not set. Throws ConfigError. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const read = Environment.safeParse(set)
  if (read.success) return read.data
  const wrong = read.error.issues.map((issue) => `  ${String(issue.path[0])}: ${issue.message}`)
  throw new ConfigError(
    `These variables are not valid:\n${[...new Set(wrong)].join('\n')}\nCorrect or unset them and start again.`,
  )
}
