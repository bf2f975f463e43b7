// Flows with small integer capacities: the largest (Edmonds and Karp 1972), the exact answer to "can this be
// completed?"; and the cheapest, by the cheapest path that is left (Busacker and Gowen 1961), for "with fewest moves?".

export class FlowNetwork {
  readonly #edgesOf: number[][] = [];
  readonly #to: number[] = [];
  readonly #room: number[] = [];
  readonly #cost: number[] = [];

  vertex(): number {
    return this.#edgesOf.push([]) - 1;
  }

  /** The edge's number. `cost` is per unit, 0 or more. */
  edge(from: number, to: number, capacity: number, cost = 0): number {
    const edge = this.#to.length;
    this.#half(from, to, { room: Math.max(0, capacity), cost });
    this.#half(to, from, { room: 0, cost: -cost });
    return edge;
  }

  /** What flows through an edge. */
  through(edge: number): number {
    return this.#room[edge ^ 1] as number;
  }

  /** How much flows from source to sink, at most `enough`. The network is spent afterwards. */
  run(source: number, sink: number, enough: number): number {
    return this.#fill(enough, () => this.#shortestPath(source, sink));
  }

  /** The same at the least cost for as much as flows. */
  runCheapest(source: number, sink: number, enough: number): number {
    return this.#fill(enough, () => this.#cheapestPath(source, sink));
  }

  #fill(enough: number, nextPath: () => readonly number[] | undefined): number {
    let flow = 0;
    while (flow < enough) {
      const path = nextPath();
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
  #half(from: number, to: number, { room, cost }: { readonly room: number; readonly cost: number }): void {
    (this.#edgesOf[from] as number[]).push(this.#to.length);
    this.#to.push(to);
    this.#room.push(room);
    this.#cost.push(cost);
  }

  #shortestPath(source: number, sink: number): number[] | undefined {
    const cameBy = new Map<number, number>([[source, -1]]);
    const queue = [source];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const edge of this.#edgesOf[at] as number[]) {
        const next = this.#to[edge] as number;
        if (this.#room[edge] === 0 || cameBy.has(next)) continue;
        cameBy.set(next, edge);
        if (next === sink) return this.#pathTo(sink, cameBy);
        queue.push(next);
      }
    }
    return undefined;
  }

  /** Bellman and Ford with a queue: ways back have negative costs, but no circle of what is left has. */
  #cheapestPath(source: number, sink: number): number[] | undefined {
    const cameBy = new Map<number, number>([[source, -1]]);
    const costTo = new Map<number, number>([[source, 0]]);
    const queue = [source];
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const edge of this.#edgesOf[at] as number[]) {
        const next = this.#to[edge] as number;
        const cost = (costTo.get(at) as number) + (this.#cost[edge] as number);
        if (this.#room[edge] === 0 || cost >= (costTo.get(next) ?? Number.POSITIVE_INFINITY)) continue;
        costTo.set(next, cost);
        cameBy.set(next, edge);
        if (!queue.includes(next)) queue.push(next);
      }
    }
    return cameBy.has(sink) ? this.#pathTo(sink, cameBy) : undefined;
  }

  #pathTo(sink: number, cameBy: ReadonlyMap<number, number>): number[] {
    const path: number[] = [];
    for (let by = cameBy.get(sink) as number; by >= 0; ) {
      path.push(by);
      by = cameBy.get(this.#to[by ^ 1] as number) as number;
    }
    return path;
  }
}
