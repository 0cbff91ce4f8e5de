/** The process's environment: the one place of the command line that reads it. (Biome's `noProcessEnv` sees to that.) */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
