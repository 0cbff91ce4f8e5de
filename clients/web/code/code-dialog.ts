import { announce } from "../announce.ts";
import { button, byId, element, freshId } from "../dom.ts";
import { save } from "../gallery/download.ts";
import { toCommandLine } from "./command-line.ts";
import { grpcAddress } from "./grpc-address.ts";
import { shortBase64, toJson } from "./json.ts";
import { toPython } from "./python.ts";
import { type CodeCall, inputFiles, saidBy } from "./request-values.ts";
import { toTypeScript } from "./typescript.ts";

interface Language {
  readonly name: string;
  /** What is copied. */
  readonly write: (call: CodeCall) => string;
  /** What is shown, where that differs. */
  readonly show?: (call: CodeCall) => string;
}

/** @param target of gRPC, as it is known when code is asked for */
function languages({ protocol, host }: Location, target: () => string): readonly Language[] {
  const address = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  return [
    { name: "Command line", write: (call) => toCommandLine(call, address) },
    { name: "Python", write: (call) => toPython(call, target()) },
    { name: "TypeScript", write: (call) => toTypeScript(call, address) },
    { name: "JSON", write: (call) => toJson(call), show: (call) => toJson(call, shortBase64) },
  ];
}

/** The request that the form asks for, as programs ask it, to be copied. */
export class CodeDialog {
  readonly #dialog = byId("code", "dialog");
  #target = "";
  readonly #languages = languages(location, () => this.#target);
  readonly #choices: readonly HTMLInputElement[];
  readonly #text = element("pre", { tabIndex: 0, role: "region", "aria-label": "Code" });
  readonly #files = element("div", { class: "viewer-actions" });
  #call: CodeCall | undefined;

  constructor() {
    const name = freshId("language");
    this.#choices = this.#languages.map((_, i) =>
      element("input", { type: "radio", name, checked: i === 0 }),
    );
    const chips = this.#languages.map((language, i) =>
      element("label", { class: "chip" }, this.#choices[i], element("span", {}, language.name)),
    );
    const title = element("h2", { id: freshId("title") }, "This request as code");
    this.#dialog.setAttribute("aria-labelledby", title.id);
    const languageChoice = element(
      "div",
      { class: "choices", role: "radiogroup", "aria-label": "Language" },
      ...chips,
    );
    languageChoice.addEventListener("change", () => this.#show());
    this.#dialog.append(
      element(
        "header",
        { class: "viewer-head" },
        title,
        button("Copy", { class: "quiet" }, () => void this.#copy()),
        button("Close", { class: "quiet" }, () => this.#dialog.close()),
      ),
      languageChoice,
      this.#text,
      this.#files,
    );
    this.#dialog.addEventListener("click", ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
  }

  async open(call: CodeCall): Promise<void> {
    this.#target = await grpcAddress(location);
    this.#call = call;
    const files = inputFiles(saidBy(call)).map(({ name, bytes }) =>
      button(name, { class: "quiet" }, () => save(new Blob([Uint8Array.from(bytes)]), name)),
    );
    this.#files.replaceChildren(...(files.length === 0 ? [] : ["Save its files:", ...files]));
    this.#show();
    this.#dialog.showModal();
  }

  get #language(): Language | undefined {
    return this.#languages[this.#choices.findIndex(({ checked }) => checked)];
  }

  #show(): void {
    const language = this.#language;
    if (language === undefined || this.#call === undefined) return;
    this.#text.textContent = (language.show ?? language.write)(this.#call);
  }

  async #copy(): Promise<void> {
    const language = this.#language;
    if (language === undefined || this.#call === undefined) return;
    try {
      await navigator.clipboard.writeText(language.write(this.#call));
      announce("Copied");
    } catch {
      // A page that is not served over https, or not allowed to: the user copies what is selected.
      this.#text.textContent = language.write(this.#call);
      getSelection()?.selectAllChildren(this.#text);
      announce("Selected: copy it with the keyboard");
    }
  }
}
