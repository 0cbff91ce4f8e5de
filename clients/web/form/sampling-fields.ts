import {
  type DeepPartial,
  ImageFormat,
  type Model,
  type SampleRequest,
  type Sampler,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import {
  Field,
  FieldError,
  numberInput,
  option,
  readPositive,
  readWhole,
  select,
} from "./field.ts";
import { OptionFields } from "./option-fields.ts";
import {
  type SamplerChoice,
  type SamplerSetting,
  samplerChoice,
  samplerGroups,
  settingPath,
  takesConditions,
  toSampler,
} from "./samplers.ts";

/** Previews of each row that a job gives, about. */
const PREVIEWS = 32;
/** Of each row where there are many, which leaves time for drawing them. */
const PREVIEWS_PER_SECOND = 10;
const MANY = 32;
const DEFAULT_COUNT = "16";

type SettingField = Field<HTMLInputElement | HTMLSelectElement>;

/** Sampler, count, seed and options: what every task that draws samples asks. One for all of them keeps what was entered. */
export class SamplingFields {
  readonly element: HTMLElement;
  #model: Model | undefined;
  #conditioned = false;
  readonly #sampler = element("select");
  readonly #settings = element("div", { class: "columns" });
  #inputs: readonly (readonly [SamplerSetting, SettingField])[] = [];
  readonly #count = numberInput("1", DEFAULT_COUNT);
  readonly #seed = numberInput("new each time");
  readonly #options = new OptionFields();

  constructor() {
    this.#sampler.addEventListener("change", () => this.#showSettings());
    this.element = element(
      "section",
      { class: "group", "aria-label": "Sampling" },
      new Field(this.#sampler, { label: "Sampler", paths: ["sampler"] }).element,
      this.#settings,
      element(
        "div",
        { class: "columns" },
        new Field(this.#count, { label: "Samples", paths: ["count"] }).element,
        new Field(this.#seed, { label: "Seed", paths: ["seed"] }).element,
      ),
      this.#options.element,
    );
  }

  /** Offers what the model has, and keeps what was chosen where it still can be. */
  show(model: Model, conditioned: boolean): void {
    if (this.#model === model && this.#conditioned === conditioned) return;
    const chosen = this.#model?.name === model.name ? this.#sampler.value : model.defaultSampler;
    this.#model = model;
    this.#conditioned = conditioned;
    const names = model.samplers.filter((name) => !conditioned || takesConditions(name));
    const groups = [...samplerGroups(names)].map(([label, members]) =>
      element("optgroup", { label }, ...members.map((name) => option(name, labelOf(name, model)))),
    );
    this.#sampler.replaceChildren(...groups);
    this.#sampler.value = names.includes(chosen) ? chosen : model.defaultSampler;
    this.#showSettings();
  }

  /** What was entered, in a line. */
  get summary(): string {
    const steps = this.#inputs[0]?.[1].control.value.trim() ?? "";
    return [this.#sampler.value, ...(steps === "" ? [] : [`${steps} steps`])].join(" · ");
  }

  /**
   * The fields of a request that are the same whatever the condition; without a seed where none was entered.
   *
   * @throws FieldError
   */
  request(): DeepPartial<SampleRequest> {
    const choice = samplerChoice(this.#sampler.value);
    const settings = this.#readSettings(choice);
    const seed = this.#readSeed();
    const count = readWhole(this.#count, "count");
    return {
      model: this.#model?.name ?? "",
      count,
      ...(seed === undefined ? {} : { seed }),
      sampler: toSampler(choice, settings),
      preview: {
        everySteps: previewEvery(choice.method, Number(settings.steps ?? settings.scales ?? 0)),
        format: ImageFormat.IMAGE_FORMAT_WEBP,
        maxPerSecond: count > MANY ? PREVIEWS_PER_SECOND : 0,
      },
      format: ImageFormat.IMAGE_FORMAT_WEBP,
      options: this.#options.read(),
    };
  }

  #showSettings(): void {
    const choice = samplerChoice(this.#sampler.value);
    const before = new Map(this.#inputs.map(([{ name }, { control }]) => [name, control.value]));
    this.#inputs = choice.settings.map((setting) => [
      setting,
      settingField(choice, setting, before.get(setting.name) ?? ""),
    ]);
    this.#settings.replaceChildren(...this.#inputs.map(([, field]) => field.element));
  }

  #readSettings(choice: SamplerChoice): Record<string, string | number> {
    const read: Record<string, string | number> = {};
    for (const [{ name, value }, { control }] of this.#inputs) {
      const path = settingPath(choice, name);
      if (control instanceof HTMLSelectElement) {
        read[name] = value === "order" ? Number(control.value) : control.value;
      } else {
        read[name] = value === "whole" ? readWhole(control, path) : readPositive(control, path);
      }
    }
    return read;
  }

  #readSeed(): bigint | undefined {
    const text = this.#seed.value.trim();
    if (text === "") return undefined;
    if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
    throw new FieldError("seed", text, "a whole number from 0 to 2^64 - 1");
  }
}

function labelOf(name: string, { defaultSampler }: Model): string {
  return name === defaultSampler ? `${name} (the model's own)` : name;
}

function settingField(
  choice: SamplerChoice,
  { name, label, hint, value }: SamplerSetting,
  kept: string,
): SettingField {
  const names = value === "order" ? ["1", "2", "3"] : value;
  const own = "the default";
  const control: HTMLInputElement | HTMLSelectElement =
    typeof names === "string"
      ? numberInput(own, kept)
      : select(["", ...names], kept, (each) => (each === "" ? own : each));
  const paths = [settingPath(choice, name)];
  return new Field(control, hint === undefined ? { label, paths } : { label, paths, hint });
}

/** @param steps 0: not known here, because the model's own are taken */
function previewEvery(method: NonNullable<Sampler["method"]>["$case"], steps: number): number {
  const own = method === "predictorCorrector" ? 250 : PREVIEWS;
  return Math.max(1, Math.floor((steps || own) / PREVIEWS));
}
