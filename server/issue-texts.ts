import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** What is wrong with one field of a file that people write. */
export interface IssueText {
  /** Its path, such as `a.b[2].c`; "" is the whole file. */
  readonly field: string;
  /** The value seen, and what would be right. */
  readonly message: string;
}

/** What zod found wrong with a file, in the words of this server. @param page that lists the fields there are */
export function issueTexts(issue: Issue, page: string): readonly IssueText[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      field: fieldName([...issue.path, key]),
      message: `no such field; see ${page} for those there are`,
    }));
  }
  const field = fieldName(issue.path);
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ field, message }));
  }
  const message =
    issue.code === "custom" ? issue.message : `${seenText(issue)}, ${expected(issue)}`;
  return [{ field, message }];
}

/** `a.b[2].c` */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function seenText({ input, ...issue }: Issue): string {
  const discriminator = issue.code === "invalid_union" ? issue.discriminator : undefined;
  const value = discriminator === undefined ? input : propertyOf(input, discriminator);
  return value === undefined ? "missing" : `seen ${shown(value)}`;
}

/** A value as messages show it: JSON, cut short. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

function propertyOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  return (value as Readonly<Record<string, unknown>>)[key];
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `expected ${shown(issue.values[0])}`
        : `expected one of ${issue.values.map((value) => shown(value)).join(", ")}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `expected one of ${issue.options.map((option) => shown(option)).join(", ")}`
        : issue.message;
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  int: "an integer",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  array: "an array",
  tuple: "an array",
  object: "an object",
};

function unit(origin: string): string {
  switch (origin) {
    case "array":
      return " values";
    case "string":
      return " characters";
    default:
      return "";
  }
}
