// The only door of `placement`: the domain rule, the declaration rule, the choice of daemons and the margin.
// Pure: no clock, no randomness; free space and liveness arrive as hints.

export { type Choice, type ChooseOptions, choose, expansionOf, type LiveHint } from './choose.ts';
export { checkDeclaration } from './declaration.ts';
export { checkDomainRule } from './domain-rule.ts';
export { type DomainKind, type DomainLoad, domainLoads, type Holder } from './domains.ts';
export { type Margin, margin } from './margin.ts';
