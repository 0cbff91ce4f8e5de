/** Something that can be brought up to date on the screen. */
export interface Paintable {
  paint(): void;
}

const dirty = new Set<Paintable>();

/** Has `paint` called once before the next frame, however often it is asked for: events come far faster than frames. */
export function repaint(view: Paintable): void {
  if (dirty.size === 0) requestAnimationFrame(paintAll);
  dirty.add(view);
}

function paintAll(): void {
  const views = [...dirty];
  dirty.clear();
  for (const view of views) view.paint();
}
