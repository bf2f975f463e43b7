// Where names go on the map: around their marker, on nothing else, the urgent ones first. A name that finds no free place
// is left out: the marker, its tip and the table still have it.

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where a name stands, and at which of its ends it touches its marker. */
export interface Placed extends Box {
  readonly anchor: 'start' | 'middle' | 'end';
}

export function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

export interface Named {
  /** The markers that the name belongs to. */
  readonly box: Box;
  readonly width: number;
  readonly height: number;
}

/** Gaps between marker and name, nearest first. */
const GAPS = [3, 8, 14, 22];

/** One box per item, in the items' order, or null. Earlier items choose first. */
export function placeLabels(
  items: readonly Named[],
  sheet: Box,
  taken: readonly Box[],
): readonly (Placed | null)[] {
  const full: Box[] = [...taken, ...items.map(({ box }) => box)];
  return items.map((item) => {
    const free = candidates(item).find(
      (box) => inside(box, sheet) && !full.some((each) => overlaps(each, box)),
    );
    if (free !== undefined) full.push(free);
    return free ?? null;
  });
}

function candidates({ box, width, height }: Named): readonly Placed[] {
  const middleX = (box.left + box.right - width) / 2;
  const middleY = (box.top + box.bottom - height) / 2;
  return GAPS.flatMap((gap) => {
    const right = box.right + gap;
    const left = box.left - gap - width;
    const above = box.top - gap - height;
    const below = box.bottom + gap;
    const corner = gap - 2;
    const places = [
      [right, middleY, 'start'],
      [left, middleY, 'end'],
      [middleX, below, 'middle'],
      [middleX, above, 'middle'],
      [right - corner, below - corner - 4, 'start'],
      [right - corner, above + corner + 4, 'start'],
      [left + corner, below - corner - 4, 'end'],
      [left + corner, above + corner + 4, 'end'],
    ] as const;
    return places.map(([x, y, anchor]) => ({
      left: x,
      top: y,
      right: x + width,
      bottom: y + height,
      anchor,
    }));
  });
}

function inside(box: Box, sheet: Box): boolean {
  return (
    box.left >= sheet.left && box.top >= sheet.top && box.right <= sheet.right && box.bottom <= sheet.bottom
  );
}
