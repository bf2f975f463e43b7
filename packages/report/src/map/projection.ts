// Degrees to the coordinates of the outlines, which are Mercator's. Scale and origin were fitted (least squares) to the
// westernmost, easternmost, northernmost and southernmost points of the ten departments; the error stays within 0.3 of
// a coordinate, about 500 m. Breaks when the outlines are exchanged for others: the test on the cities says so.

/** Per degree of longitude, and per degree of Mercator's latitude: not quite equal, since the outlines are simplified. */
const SCALE_X = 41.522;
const SCALE_Y = -41.344;
const ORIGIN_X = 215.19;
const ORIGIN_Y = 2465.551;

const DEGREE = Math.PI / 180;
/** Mercator's pole is infinitely far. */
const LATITUDE_MAX = 85;

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export function project(at: { readonly latitude: number; readonly longitude: number }): Spot {
  const latitude = Math.min(LATITUDE_MAX, Math.max(-LATITUDE_MAX, at.latitude));
  const mercator = Math.log(Math.tan(Math.PI / 4 + (latitude * DEGREE) / 2)) / DEGREE;
  return { x: ORIGIN_X + SCALE_X * at.longitude, y: ORIGIN_Y + SCALE_Y * mercator };
}
