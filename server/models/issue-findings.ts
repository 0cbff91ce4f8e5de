import type { z } from "zod";
import { issueTexts } from "../issue-texts.ts";
import { type Finding, fieldFinding, MANIFEST_FILE } from "./model-problem.ts";

/** What zod found wrong with a manifest. */
export function issueFindings(issue: z.core.$ZodIssue): readonly Finding[] {
  return issueTexts(issue, "docs/models.md").map(({ field, message }) =>
    field === "" ? { file: MANIFEST_FILE, message } : fieldFinding(field, message),
  );
}
