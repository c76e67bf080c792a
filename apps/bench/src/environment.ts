// oxlint-disable-next-line node/no-process-env -- the one place of the benchmark that reads it
export const environment: Readonly<Record<string, string | undefined>> = process.env
