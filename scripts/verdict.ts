// What a bench measures, and how it is judged.

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** The worst value that is accepted. */
  readonly floor?: number;
  /** The value hoped for. An aim under the floor says that less is better. */
  readonly aim?: number;
}

export type Verdict = 'aim met' | 'above floor' | 'below floor' | '';

/** How a figure stands. A value that is no number is below any floor; without floor and aim there is no verdict. */
export function verdict({ value, floor, aim }: Figure): Verdict {
  const lessIsBetter = floor !== undefined && aim !== undefined && aim < floor;
  const reaches = (mark: number) => (lessIsBetter ? value <= mark : value >= mark);
  if (floor !== undefined && !reaches(floor)) return 'below floor';
  if (aim !== undefined && reaches(aim)) return 'aim met';
  return floor === undefined ? '' : 'above floor';
}
