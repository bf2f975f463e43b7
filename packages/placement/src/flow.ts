// Maximum flow with small integer capacities (Edmonds and Karp 1972): the exact answer to "can this be completed?".

export class FlowNetwork {
  readonly #edgesOf: number[][] = [];
  readonly #to: number[] = [];
  readonly #room: number[] = [];

  vertex(): number {
    return this.#edgesOf.push([]) - 1;
  }

  edge(from: number, to: number, capacity: number): void {
    if (capacity <= 0) return;
    this.#half(from, to, capacity);
    this.#half(to, from, 0);
  }

  /** How much flows from source to sink, at most `enough`. The network is spent afterwards. */
  run(source: number, sink: number, enough: number): number {
    let flow = 0;
    while (flow < enough) {
      const path = this.#shortestPath(source, sink);
      if (path === undefined) return flow;
      const pushed = Math.min(enough - flow, ...path.map((edge) => this.#room[edge] as number));
      for (const edge of path) {
        this.#room[edge] = (this.#room[edge] as number) - pushed;
        this.#room[edge ^ 1] = (this.#room[edge ^ 1] as number) + pushed;
      }
      flow += pushed;
    }
    return flow;
  }

  /** Edges are made in pairs, an edge and its way back: number e and number e xor 1. */
  #half(from: number, to: number, room: number): void {
    (this.#edgesOf[from] as number[]).push(this.#to.length);
    this.#to.push(to);
    this.#room.push(room);
  }

  #shortestPath(source: number, sink: number): number[] | undefined {
    const cameBy = new Map<number, number>([[source, -1]]);
    const queue = [source];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const edge of this.#edgesOf[at] as number[]) {
        const next = this.#to[edge] as number;
        if (this.#room[edge] === 0 || cameBy.has(next)) continue;
        cameBy.set(next, edge);
        if (next !== sink) {
          queue.push(next);
          continue;
        }
        const path: number[] = [];
        for (let by = edge; by >= 0; by = cameBy.get(this.#to[by ^ 1] as number) as number) path.push(by);
        return path;
      }
    }
    return undefined;
  }
}
