/** Environment variables, as `process.env` holds them. */
export type Environment = Record<string, string | undefined>;

/** The real environment: the default of everything here that takes one as a parameter. */
// oxlint-disable-next-line node/no-process-env -- tools start mongod without a host that reads the configuration for them
export const environment: Environment = process.env;
