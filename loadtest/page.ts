const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

/** A page with what is between its markers replaced. @throws Error where it has no markers */
export function between(page: string, text: string): string {
  const [begin, end] = markers(page);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}

/** What a page has between its markers. @throws Error where it has no markers */
export function measured(page: string): string {
  const [begin, end] = markers(page);
  return page.slice(begin + BEGIN.length, end);
}

function markers(page: string): readonly [begin: number, end: number] {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page needs the markers ${BEGIN} and ${END}`);
  return [begin, end];
}
