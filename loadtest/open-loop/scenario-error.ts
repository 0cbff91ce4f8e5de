/** A scenario that can't be used; the message names the file, the field and what would be right. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
}
