/** Why a model was left out. */
export interface ModelProblem {
  /** Name of the model, or of its folder where no name could be read. */
  readonly model: string;
  /** One line for people: the file, the field, the value seen, what would be right. */
  readonly message: string;
  /** Path of the file, relative to the folder of models. */
  readonly file?: string;
  /** Path of the manifest's field, such as `score.time.kind`. */
  readonly field?: string;
}

/** What is wrong with one file or field of a model's folder. */
export interface Finding {
  /** Path of the file inside the model's folder. */
  readonly file: string;
  readonly field?: string;
  readonly message: string;
}

export const MANIFEST_FILE = "model.json";

/** A finding about a field of the manifest. */
export function fieldFinding(field: string, message: string): Finding {
  return { file: MANIFEST_FILE, field, message };
}

/** The problem that a finding is. @param folder name of the model's folder */
export function problemOf(model: string, folder: string, finding: Finding): ModelProblem {
  const file = `${folder}/${finding.file}`;
  const where = finding.field === undefined ? file : `${file}: ${finding.field}`;
  return {
    model,
    message: `${where}: ${finding.message}`,
    file,
    ...(finding.field === undefined ? {} : { field: finding.field }),
  };
}
