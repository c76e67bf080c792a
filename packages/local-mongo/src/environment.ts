/** Environment variables, as `process.env` holds them. */
export type Environment = Record<string, string | undefined>

/** The real environment: the default of everything here that takes one as a parameter. */
// oxlint-disable-next-line node/no-process-env -- tests and benches have no host that reads it for them
export const environment: Environment = process.env
