import type { z } from "zod";
import { type Finding, fieldFinding, MANIFEST_FILE, shown } from "./model-problem.ts";

type Issue = z.core.$ZodIssue;

/** What zod found wrong with a manifest, in the words of this server: the field, the value seen, what would be right. */
export function issueFindings(issue: Issue): readonly Finding[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      fieldFinding(
        fieldName([...issue.path, key]),
        "no such field; see docs/models.md for those there are",
      ),
    );
  }
  const field = fieldName(issue.path);
  const message =
    issue.code === "custom" ? issue.message : `${seenText(issue)}, ${expected(issue)}`;
  return [field === "" ? { file: MANIFEST_FILE, message } : fieldFinding(field, message)];
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
