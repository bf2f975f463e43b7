// Where the local network's datacenters stand: cities of the Grand Est at their real coordinates, Strasbourg first, and
// invented hosters, one per city. The order is fixed: drills and stories name sites by it.

export interface City {
  readonly name: string;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  /** The invented company whose datacenter stands there. */
  readonly hoster: string;
}

const rows: readonly (readonly [name: string, latitude: number, longitude: number, hoster: string])[] = [
  ['Strasbourg', 48.5734, 7.7521, 'Cigogne'],
  ['Metz', 49.1193, 6.1757, 'Mirabelle'],
  ['Nancy', 48.6921, 6.1844, 'Bergamote'],
  ['Reims', 49.2583, 4.0317, 'Libellule'],
  ['Mulhouse', 47.7508, 7.3359, 'Houblon'],
  ['Colmar', 48.0794, 7.3585, 'Quetsche'],
  ['Troyes', 48.2973, 4.0744, 'Héron'],
  ['Épinal', 48.1724, 6.4494, 'Myrtille'],
  ['Charleville-Mézières', 49.7621, 4.7261, 'Ardoise'],
  ['Haguenau', 48.8156, 7.7889, 'Grès Rose'],
  ['Thionville', 49.3579, 6.1684, 'Tilleul'],
  ['Châlons-en-Champagne', 48.9566, 4.3631, 'Bruyère'],
  ['Saint-Dizier', 48.6376, 4.9488, 'Loutre'],
  ['Sélestat', 48.2599, 7.4542, 'Hirondelle'],
  ['Chaumont', 48.1113, 5.1392, 'Fougère'],
  ['Verdun', 49.1599, 5.3844, 'Noisetier'],
  ['Bar-le-Duc', 48.7728, 5.1617, 'Écureuil'],
  ['Saverne', 48.7414, 7.3622, 'Lynx'],
  ['Sarreguemines', 49.1107, 7.0678, 'Faïence'],
  ['Lunéville', 48.5942, 6.4986, 'Broderie'],
  ['Sedan', 49.7024, 4.9402, 'Genêt'],
  ['Épernay', 49.0434, 3.9558, 'Vigne'],
  ['Langres', 47.8627, 5.3333, 'Rempart'],
  ['Saint-Louis', 47.5906, 7.5599, 'Martin-Pêcheur'],
  ['Saint-Dié-des-Vosges', 48.2852, 6.9492, 'Sapin'],
  ['Guebwiller', 47.9079, 7.211, 'Chamois'],
];

export const cities: readonly City[] = rows.map(([name, latitude, longitude, hoster]) => ({
  name,
  latitude,
  longitude,
  hoster: `Hébergeur ${hoster}`,
}));
