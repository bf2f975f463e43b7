// The only door of `placement`: the domain rule, the declaration rule, the choice of daemons, the margin and the planning
// of repair. Pure: no clock, no randomness; free space and liveness arrive as hints.

export { type AuditChoice, auditorOf, confirmersOf } from './audit-choice.ts';
export { bestMargin } from './best-margin.ts';
export { type Choice, type ChooseOptions, choose, expansionOf, type LiveHint } from './choose.ts';
export { checkDeclaration } from './declaration.ts';
export { checkDomainRule } from './domain-rule.ts';
export { type DomainKind, type DomainLoad, domainLoads, type Holder } from './domains.ts';
export { type HealingPlan, type HealingView, type Move, planHealing, type Standing } from './healing.ts';
export { type Margin, margin } from './margin.ts';
