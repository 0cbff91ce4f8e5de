const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";

/** A page with what is between its markers replaced. @throws Error where it has no markers */
export function between(page: string, text: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page needs the markers ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n${page.slice(end)}`;
}
