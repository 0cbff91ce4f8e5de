type Tags = HTMLElementTagNameMap;

type Plain = string | number | boolean | null;

/** Properties of an element, and its attributes by their own names: `class`, `for`, `role`, `aria-...`, `data-...`. */
export type Attributes<K extends keyof Tags> = {
  readonly [P in keyof Tags[K] as Tags[K][P] extends Plain ? P : never]?: Tags[K][P];
} & { readonly [attribute: `${"aria" | "data"}-${string}`]: string } & {
  readonly class?: string;
  readonly for?: string;
  readonly role?: string;
};

type Child = Node | string | undefined;

/** An element with its attributes and children. What is undefined is left out. */
export function element<K extends keyof Tags>(
  tag: K,
  attributes: Attributes<K> = {},
  ...children: readonly Child[]
): Tags[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (name in made) Reflect.set(made, name, value);
    else made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of the page that has this id. @throws Error where there is none: index.html and the code disagree */
export function byId<K extends keyof Tags>(id: string, tag: K): Tags[K] {
  const found = document.querySelector<Tags[K]>(`${tag}#${id}`);
  if (found === null) throw new Error(`index.html has no <${tag} id="${id}">`);
  return found;
}

/** A button that does something. It is never one that sends a form. */
export function button(
  label: string,
  attributes: Attributes<"button">,
  onClick: () => void,
): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

let ids = 0;

/** An id that no other element has. */
export function freshId(stem: string): string {
  ids++;
  return `${stem}-${ids}`;
}
