/** Variables of other programs, such as drivers' loaders. Settings of our own are read by parse.ts alone. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
