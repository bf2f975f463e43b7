// On what terms a drill ran: waiting times beside the charter's, scenario, seed, network and machine.

import type { TablePart } from '@vauban/report';
import type { DrillResult } from '../result.ts';
import { bytesLong, counted, lasting, words } from '../words.ts';
import { durationWords } from './vocabulary.ts';

export function durationTable({ durations }: DrillResult): TablePart {
  return {
    kind: 'table',
    caption: words(
      'Waiting times: the charter’s, and those of this drill',
      'Délais : ceux de la charte et ceux de cet exercice',
    ),
    columns: [
      { title: words('Name', 'Nom') },
      { title: words('Charter', 'Charte'), unit: 'ms' },
      { title: words('This drill', 'Cet exercice'), unit: 'ms' },
      { title: words('Meaning', 'Signification') },
    ],
    rows: durations.map(({ name, charterMs, drillMs }) => [
      name,
      charterMs,
      drillMs === charterMs ? words('the same', 'identique') : drillMs,
      durationWords[name] ?? '',
    ]),
  };
}

export function settingTable(result: DrillResult): TablePart {
  const { environment, network, scenario, workload } = { ...result, workload: result.scenario.workload };
  const fleet = {
    processes: words('processes of one machine', 'processus d’une seule machine'),
    containers: words('containers', 'conteneurs'),
  };
  const stored = bytesLong(workload.bytesEach);
  const written = bytesLong(workload.writeBytes);
  const files = counted(workload.files, ['file', 'files'], ['fichier', 'fichiers']);
  const floor = scenario.abortBelow;
  const healthy = lasting(scenario.healthyMs);
  const patience = lasting(scenario.healWithinMs);
  const after = lasting(scenario.fullMarginMs);
  return {
    kind: 'table',
    caption: words('Setting', 'Cadre'),
    columns: [{ title: words('What', 'Quoi') }, { title: words('Value', 'Valeur') }],
    rows: [
      [words('Drill', 'Exercice'), result.drill],
      [words('Scenario', 'Scénario'), scenario.name],
      [words('SHA-256 of the scenario’s file', 'SHA-256 du fichier du scénario'), result.scenarioDigest],
      [words('Seed of the draw', 'Graine du tirage'), String(result.seed)],
      [words('Operator', 'Opérateur'), result.operator],
      [words('Began (UTC)', 'Début (UTC)'), moment(result.startedAt)],
      [words('Ended (UTC)', 'Fin (UTC)'), moment(result.endedAt)],
      [
        words('Watched', 'Observation'),
        words(
          `${healthy.en} before the first step; ${patience.en} at most for the margin to come back after the last; then ${after.en}`,
          `${healthy.fr} avant la première étape ; ${patience.fr} au plus pour le retour de la marge après la dernière ; puis ${after.fr}`,
        ),
      ],
      [
        words('Network', 'Réseau'),
        words(
          `${network.name}, charter version ${network.charterVersion}, ${network.sites.length} sites, ${network.k} + ${network.m}`,
          `${network.name}, version ${network.charterVersion} de la charte, ${network.sites.length} sites, ${network.k} + ${network.m}`,
        ),
      ],
      [
        words('Workload', 'Charge'),
        words(
          `${files.en} of ${stored.en} stored before; ${workload.readers} reading, ${workload.writers} storing ${written.en} at a time`,
          `${files.fr} de ${stored.fr} enregistrés au préalable ; ${workload.readers} en lecture, ${workload.writers} en écriture par ${written.fr}`,
        ),
      ],
      [
        words('Breaks off below a margin of', 'S’interrompt sous une marge de'),
        floor === null ? words('never', 'jamais') : String(floor),
      ],
      [words('Daemons run as', 'Démons exécutés comme'), fleet[environment.fleet]],
      [words('Software', 'Logiciel'), `Vauban ${environment.vauban}, Node ${environment.node}`],
      [words('System', 'Système'), environment.system],
      [words('Processors', 'Processeurs'), environment.processors],
      [words('Memory', 'Mémoire'), bytesLong(environment.memoryBytes)],
    ],
  };
}

/** `2026-11-23 06:52:00`. */
function moment(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
