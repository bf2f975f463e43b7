// What `docker inspect` says of a container, as far as these tests read it. Their names, not ours.

export interface Inspected {
  readonly State: { readonly Running: boolean; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly ReadonlyRootfs: boolean;
    readonly Init: boolean | null;
    readonly Privileged: boolean;
    readonly Tmpfs: { readonly [path: string]: string } | null;
    readonly PortBindings: { readonly [port: string]: readonly { readonly HostIp: string }[] } | null;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
  }[];
  readonly NetworkSettings: {
    readonly Networks: { readonly [name: string]: { readonly IPAddress: string } };
  };
}
